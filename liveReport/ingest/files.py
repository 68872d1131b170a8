"""Files of events in the words of others: how one is written, and what its lines say.

Any table of text that ``csv`` can read: separated by commas, semicolons, tabs or bars, in UTF-8,
UTF-16 or Windows' western letters. A mapping says which column is which field of an event, and
which of their values stands for which of ours.
"""

import csv
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from liveReport.channels import Channel, all_channels
from liveReport.channels.fields import FIELDS, LONGEST
from liveReport.channels.values import trimmed

MOST_COLUMNS = 500
HEAD = 64 * 1024
"""Bytes in which the first line has to end."""
DELIMITERS = ",;\t|"
MARKS = {
    BOM_UTF8: "utf-8-sig",
    BOM_UTF16_LE: "utf-16",
    BOM_UTF16_BE: "utf-16",
}
GUESSES = ("utf-8", "cp1252", "latin-1")
"""In this order: the first that fits all of the file; the last always does."""
TIMES = ("occurred_at", "execution")
NEEDED = ("channel", "type", "occurred_at", "profile")
SYNONYMS = {
    "type": ("event", "event_type", "status"),
    "occurred_at": ("timestamp", "time", "date", "datetime", "event_time", "event_date"),
    "profile": ("customer", "customer_id", "recipient", "email_address", "phone", "to"),
    "message": ("message_id", "piece", "piece_id", "tracking_number"),
    "campaign": ("campaign_id", "campaign_name", "job"),
    "execution": ("run",),
    "reason": ("reason_code", "error", "error_code"),
    "id": ("event_id",),
}
"""What others call fields, where a file has no column of the field's own name."""


class FileError(Exception):
    """A file, or a line of it, cannot be read: which field, if it is one, and why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message


class LineError(NamedTuple):
    """A line is no event: its number, the field, and why."""

    line: int
    field: str
    message: str


class Layout(msgspec.Struct, frozen=True):
    """How a file is written. ``lines`` counts line breaks: quoted ones are among them."""

    digest: str
    lines: int
    encoding: str
    delimiter: str
    columns: tuple[str, ...]


class FileMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``columns`` has the file's column of each field of ours, ``constants`` what a field is in
    every line, ``values`` our word for each of theirs by field. Times that say no zone are of
    ``time_zone``; ``time_format`` as in ``strptime``, ISO 8601 if empty."""

    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    time_zone: str = "UTC"
    time_format: str = ""

    def merged(self, other: "FileMapping") -> "FileMapping":
        """The same, but for what the other says."""
        values = {
            field: self.values.get(field, {}) | other.values.get(field, {})
            for field in self.values.keys() | other.values.keys()
        }
        moved = other.columns.keys() | other.constants.keys()
        return FileMapping(
            {key: text for key, text in self.columns.items() if key not in moved} | other.columns,
            {k: text for k, text in self.constants.items() if k not in moved} | other.constants,
            values,
            other.time_zone if other.time_zone != "UTC" else self.time_zone,
            other.time_format or self.time_format,
        )


# -- How it is written -----------------------------------------------------------------------


def layout_of(pieces: Iterable[bytes]) -> Layout:
    """Go through a file once. Raises ``FileError`` if it is empty or no table."""
    digest, lines, head = blake2b(digest_size=32), 0, b""
    decoders: dict[str, Any] = {}
    for piece in pieces:
        if not decoders:
            decoders = {name: getincrementaldecoder(name)() for name in _encodings(piece)}
        digest.update(piece)
        lines += piece.count(b"\n")
        head += piece[: HEAD - len(head)]
        for name in list(decoders):
            try:
                decoders[name].decode(piece)
            except UnicodeDecodeError:
                del decoders[name]
    encoding = next(iter(decoders), "")
    if not encoding:
        raise FileError("", "The file is empty." if not head else "The file is no text.")
    delimiter, columns = _header(head, encoding)
    return Layout(digest.hexdigest(), lines, encoding, delimiter, columns)


def _encodings(start: bytes) -> Sequence[str]:
    return next(([name] for mark, name in MARKS.items() if start.startswith(mark)), GUESSES)


def _header(head: bytes, encoding: str) -> tuple[str, tuple[str, ...]]:
    """The separator that the first line has most of, and the columns that it names."""
    text = head.decode(encoding, "ignore")
    found = {}
    for delimiter in DELIMITERS:
        try:
            names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        except csv.Error:
            continue
        found[delimiter] = tuple(name.strip() for name in names)
    delimiter, columns = max(found.items(), key=lambda one: len(one[1]), default=(",", ()))
    if not any(columns):
        raise FileError("", "The first line names no columns.")
    if len(columns) > MOST_COLUMNS:
        raise FileError("", f"The first line names more than {MOST_COLUMNS} columns.")
    twice = {name for name in columns if name and columns.count(name) > 1}
    if twice:
        raise FileError("", f"The first line names a column twice: {', '.join(sorted(twice))}.")
    return delimiter, columns


class Row(NamedTuple):
    """A line with the text of each column; ``error`` instead if it cannot be told apart."""

    line: int
    texts: Mapping[str, str]
    error: str = ""


def rows_of(stream: BinaryIO, layout: Layout, after: int = 0) -> Iterator[Row]:
    """What a file holds after a line: all lines but the first and blank ones."""
    text = io.TextIOWrapper(stream, layout.encoding, "replace", newline="")
    try:
        yield from _rows(csv.reader(text, delimiter=layout.delimiter), layout, after)
    finally:
        text.detach()  # the stream is its owner's to close


def _rows(reader: Any, layout: Layout, after: int) -> Iterator[Row]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if line > after:
                yield Row(line, {}, f"cannot be read ({error}); is a quotation mark not closed?")
            continue
        if line > max(after, 1) and any(cells):
            yield Row(line, dict(zip(layout.columns, map(str.strip, cells), strict=False)))


# -- What it says ----------------------------------------------------------------------------


def fields_of(channel: Channel | None) -> list[str]:
    """The fields that events of a channel have."""
    own = [dimension.key for dimension in channel.dimensions] if channel else []
    return [*FIELDS, *own]


def proposed(columns: Sequence[str], slug: str) -> FileMapping:
    """What can be guessed from the names of columns."""
    names = {_plain(column): column for column in reversed(columns)}
    found = {}
    # Who was reached often stands in a column that is named after the channel.
    calls = SYNONYMS | {"profile": (*SYNONYMS["profile"], slug)}
    for field in fields_of(_channel(slug)):
        known = (names[name] for name in (field, *calls.get(field, ())) if name in names)
        if column := next(known, ""):
            found[field] = column
    if slug and "channel" in found:
        del found["channel"]
    return FileMapping(found, {"channel": slug} if slug else {})


def _plain(name: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())


def _channel(slug: str) -> Channel | None:
    return next((channel for channel in all_channels() if channel.slug == slug), None)


def check_mapping(mapping: FileMapping, columns: Sequence[str]) -> None:
    """Raise ``FileError`` for what no file with these columns can be read by."""
    slug = mapping.constants.get("channel", "")
    slugs = [channel.slug for channel in all_channels()]
    if slug and slug not in slugs:
        raise FileError("channel", f"There is no channel “{slug}”, but: {', '.join(slugs)}.")
    known = fields_of(_channel(slug)) if slug else sorted({*_all_fields()})
    for field in (*mapping.columns, *mapping.constants, *mapping.values):
        if field not in known:
            raise FileError(field, f"No such field. There are: {', '.join(known)}.")
    for field, column in mapping.columns.items():
        if column not in columns:
            there = ", ".join(columns)
            raise FileError(field, f"The file has no column “{column}”. It has: {there}.")
    _check_zone(mapping.time_zone)
    for field in NEEDED:
        if not mapping.columns.keys() | mapping.constants.keys() >= {field}:
            raise FileError(field, "Say which column it is, or what it is in every line.")


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise FileError("time_zone", f"There is no zone “{name}”.") from error


def _all_fields() -> Iterator[str]:
    for channel in all_channels():
        yield from fields_of(channel)


class Wording:
    """Makes events of lines. ``slugs`` are campaigns by the texts that stand for them, ``campaign``
    is that of lines which name none."""

    def __init__(self, mapping: FileMapping, slugs: Mapping[str, str], campaign: str) -> None:
        self.mapping = mapping
        self.slugs = slugs
        self.campaign = campaign
        self.zone = ZoneInfo(mapping.time_zone)
        self.values = {
            field: {trimmed(theirs).casefold(): ours for theirs, ours in known.items()}
            for field, known in mapping.values.items()
        }

    def event(self, row: Row) -> dict[str, str] | LineError:
        """The event of a line, which the contract has still to judge."""
        if row.error:
            return LineError(row.line, "", row.error)
        try:
            return self._event(row)
        except FileError as error:
            return LineError(row.line, error.field, error.message)

    def _event(self, row: Row) -> dict[str, str]:
        said = dict(self.mapping.constants)
        for field, column in self.mapping.columns.items():
            if text := self._meant(field, trimmed(row.texts.get(column, ""))):
                said[field] = text
        named = said.get("campaign", "")
        said["campaign"] = self.slugs.get(named, named) or self.campaign
        if not said["campaign"]:
            raise FileError("campaign", "none is named, and the source has none")
        for field in TIMES:
            if field in said:
                said[field] = self._time(field, said[field])
        _leave_out(said)
        said.setdefault("id", _identity(said))
        return said

    def _meant(self, field: str, text: str) -> str:
        if len(text) > LONGEST:
            raise FileError(field, f"longer than {LONGEST} characters")
        known = self.values.get(field)
        return known.get(text.casefold(), text) if known else text

    def _time(self, field: str, text: str) -> str:
        try:
            at = self._moment(text)
        except (ValueError, OverflowError, OSError) as error:
            wanted = self.mapping.time_format or "2026-01-31 12:00:00, or seconds since 1970"
            raise FileError(field, f"not a time written as {wanted}") from error
        return (at if at.tzinfo else at.replace(tzinfo=self.zone)).isoformat()

    def _moment(self, text: str) -> datetime:
        if self.mapping.time_format:
            return datetime.strptime(text, self.mapping.time_format)
        if text.isdecimal():
            return datetime.fromtimestamp(int(text) / (1_000 if len(text) > 11 else 1), UTC)
        return datetime.fromisoformat(text)


def _leave_out(said: dict[str, str]) -> None:
    """A column stands in every line: dimensions that events of the line's type do not take go."""
    channel = _channel(said.get("channel", ""))
    event = channel.event_by_key.get(said.get("type", "")) if channel else None
    if event:
        for field in said.keys() - {*FIELDS, *event.dimensions}:
            del said[field]


def _identity(said: Mapping[str, str]) -> str:
    """The same for a line that says the same, in whichever file of the source."""
    plain = msgspec.json.encode(sorted(said.items()))
    return f"line:{blake2b(plain, digest_size=16).hexdigest()}"
