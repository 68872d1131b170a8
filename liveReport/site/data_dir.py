"""The data directory: created, whatever it is called; refused by name when it cannot be."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

DATABASE_FILE = "livereport.sqlite3"
LONGEST = 480
"""Bytes of its path: SQLite opens no file whose path, with what it adds, is longer than 511."""


def data_directory(given: str | Path) -> Path:
    """The directory, there and for its owner only; ``ImproperlyConfigured`` says what is wrong."""
    path = Path(os.path.realpath(given))
    if (length := len(os.fsencode(path))) > LONGEST:
        raise ImproperlyConfigured(
            f"LIVEREPORT_DATA_DIR: a path of {length} bytes, more than {LONGEST}."
        )
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = f"{str(path)!r}: {error.strerror}"
        raise ImproperlyConfigured(f"LIVEREPORT_DATA_DIR: {reason}.") from error
    return path
