"""Whose fault it is that something could not be folded, and how to say so without quoting it."""

import re
import traceback
from pathlib import Path

from django.conf import settings
from django.db import Error

from liveReport.engines.lease import Fenced
from liveReport.engines.outage import is_outage

LONGEST = 200
"""Characters of a description."""

_UNFIT = ("42P01", "42703", "42501", "XX001", "XX002")
"""PostgreSQL's codes for a table, a column, a right that is not there, and for damage."""
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_MISSING = re.compile("^no such (table|column)|has no column named")
"""What SQLite says instead."""
_QUOTED = re.compile(r"""(['"`«“‘]).*(['"`»”’])""")
_NO_WORD = re.compile(r"[\d@]")
"""What only words have that are data: numbers, addresses."""
_DATA = "…"


def is_poison(error: BaseException) -> bool:
    """Whether events may be what is wrong.

    It is not theirs when the database is away, full, locked or damaged, when its tables
    are not those of this version, when the lease was lost, or when the process is told to end.
    """
    if isinstance(error, Error):
        return not (is_outage(error) or _is_unfit(error))
    return isinstance(error, Exception) and not isinstance(error, Fenced)


def _is_unfit(error: Error) -> bool:
    """Whether the database is damaged, not migrated yet, or further than this process."""
    state = getattr(error.__cause__, "sqlstate", None)
    name = str(getattr(error.__cause__, "sqlite_errorname", ""))
    return state in _UNFIT or name.startswith(_DAMAGED) or bool(_MISSING.search(str(error)))


def described(error: BaseException) -> str:
    """Type, place and what there is of the message when nothing is left that may be data.

    Only its first line: PostgreSQL's others quote rows.
    """
    message = _scrubbed(str(error).partition("\n")[0][: 2 * LONGEST])
    where = _place(error)
    text = type(error).__name__ + (f" ({where})" if where else "")
    return (f"{text}: {message}" if message else text)[:LONGEST]


def _scrubbed(message: str) -> str:
    words = _QUOTED.sub(_DATA, message).split()
    return " ".join(_DATA if _NO_WORD.search(word) else word for word in words)


def _place(error: BaseException) -> str:
    """The last line of ours that it passed through."""
    found = ""
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(settings.BASE_DIR / "liveReport"):
            found = f"{path.relative_to(settings.BASE_DIR)}:{frame.lineno}"
    return found
