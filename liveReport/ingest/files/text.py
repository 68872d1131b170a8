"""The records of a CSV file, however it is encoded and cut: streaming, in bounded memory."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from hashlib import sha256
from io import TextIOWrapper
from typing import BinaryIO, NamedTuple, TextIO

PIECE = 64 * 1024
"""Bytes that are surveyed at a time."""
LONGEST = 64 * 1024
"""Characters of a record. A quotation mark that never ends would make one of the whole file."""
COLUMNS = 200
"""The most that a file may have."""
DELIMITERS = ",;\t|"
_MARKED = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TRIED = ("utf-8", "cp1252", "latin-1")
"""Whichever is first to read all of a file that has no mark; the last one reads anything."""


class FileError(Exception):
    """A file that cannot be read at all: the message says why."""


class Survey(NamedTuple):
    """What is known of a file before any line is read. ``checksum`` is of its bytes."""

    size: int
    checksum: str
    encoding: str


class Record(NamedTuple):
    """The cells of a record and the number of the line it begins at, or what is wrong with it."""

    line: int
    cells: Sequence[str]
    fault: str = ""


def survey(stream: BinaryIO) -> Survey:
    """Read a file through once: how large it is, and how it is encoded."""
    digest = sha256()
    size, start = 0, b""
    able = {name: codecs.getincrementaldecoder(name)() for name in _TRIED}
    while piece := stream.read(PIECE):
        digest.update(piece)
        start = start or piece
        size += len(piece)
        _try(able, piece)
    _try(able, b"", final=True)
    return Survey(size, digest.hexdigest(), _marked(start) or next(iter(able)))


def _try(able: dict[str, codecs.IncrementalDecoder], piece: bytes, *, final: bool = False) -> None:
    for name, decoder in list(able.items()):
        try:
            decoder.decode(piece, final)
        except UnicodeDecodeError:
            del able[name]


def _marked(start: bytes) -> str:
    """The encoding that the first bytes give away: by a mark, or by zeros in every other place."""
    for mark, encoding in _MARKED:
        if start.startswith(mark):
            return encoding
    half = len(start) // 2
    if half and start[1::2].count(0) > half // 2:
        return "utf-16-le"
    return "utf-16-be" if half and start[::2].count(0) > half // 2 else ""


class Table:
    """A file with a header, to be read once from its beginning. Raises ``FileError``.

    What cannot be decoded is replaced; a line that is damaged so is refused for what it lacks.
    """

    def __init__(self, stream: BinaryIO, encoding: str, delimiter: str = "") -> None:
        try:
            text = TextIOWrapper(stream, encoding, errors="replace", newline="")
        except LookupError as error:
            raise FileError(f"encoding: {encoding!r} is none that is known.") from error
        self._lines = _Lines(text)
        first = self._lines.peek()
        if first.lower().startswith("sep=") and len(first.strip()) <= len("sep=;"):  # of Excel
            next(self._lines)
            delimiter = delimiter or first[len("sep=")]
            first = self._lines.peek()
        self.delimiter = delimiter or _delimiter(first)
        self._records = self._read()
        self.header = self._header()

    def _header(self) -> list[str]:
        found = next((one for one in self if one.fault or any(one.cells)), None)
        if found is None:
            return []
        if found.fault:
            raise FileError(f"The header cannot be read: {found.fault}")
        if len(found.cells) > COLUMNS:
            raise FileError(f"{len(found.cells)} columns; a file may have {COLUMNS}.")
        return list(found.cells)

    def __iter__(self) -> Iterator[Record]:
        return self._records

    def _read(self) -> Iterator[Record]:
        reader = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        while True:
            line = self._lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, _TooLong) as error:
                # What the record swallowed are lines of their own: only the first is to blame.
                self._lines.give_back()
                yield Record(line, (), _fault(error))
            else:
                yield Record(line, [_plain(cell) for cell in cells])


class _TooLong(Exception):
    """A record has more characters than one may have."""


class _Lines:
    """The lines of a text, each with its end. Those of the present record can be given back."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._waiting: list[str] = []
        """The next one last."""
        self._taken: list[str] = []
        self._length = 0
        self._number = 0

    def begin(self) -> int:
        """A record begins; the number of its first line."""
        self._taken, self._length = [], 0
        return self._number + 1

    def peek(self) -> str:
        """The line that comes next, or nothing."""
        if not self._waiting:
            self._waiting.append(self._next())
        return self._waiting[-1]

    def give_back(self) -> None:
        """All lines of the present record but its first."""
        again = self._taken[1:]
        self._waiting += reversed(again)
        self._number -= len(again)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.pop() if self._waiting else self._next()
        if not line:
            raise StopIteration
        self._number += 1
        self._taken.append(line)
        self._length += len(line)
        if self._length > LONGEST:
            raise _TooLong
        return line

    def _next(self) -> str:
        """The next line; of one that is too long, as much as shows that."""
        line = self._text.readline(LONGEST + 1)
        rest = line if len(line) > LONGEST else ""
        while rest and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(PIECE)
        return line


def _delimiter(header: str) -> str:
    """That which cuts the header into most columns: the names of columns hold none of the others.

    ``csv.Sniffer`` guesses from any character, letters among them.
    """
    return max(DELIMITERS, key=lambda one: len(_cells(header, one)))


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _plain(cell: str) -> str:
    """A cell without blanks around it, and without the formula by which a text stays one."""
    text = cell.strip()
    return text[2:-1] if text.startswith('="') and text.endswith('"') and text[2:] else text


def _fault(error: Exception) -> str:
    if isinstance(error, _TooLong):
        return f"Longer than {LONGEST} characters, or a quotation mark does not end."
    return "A quotation mark does not end, or something follows it."
