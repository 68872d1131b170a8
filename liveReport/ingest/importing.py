"""Reading a file of events into the log: in portions, each of which may be the last for now.

Whoever reads notes after each portion how far it is. A portion that is read twice, as its reader
was killed before that, counts once: an event's id follows from what its line says.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import attrgetter
from typing import Any, BinaryIO

import msgspec
from django.conf import settings
from django.utils import timezone

from liveReport.engines import files as stored
from liveReport.engines.files import Step
from liveReport.events.sealing import Unsealable
from liveReport.models import EventFile, Source

from .append import known_campaigns
from .body import JSON, BodyError
from .contract import Rejection, current_contract
from .files import (
    FileMapping,
    Layout,
    LineError,
    Row,
    Wording,
    check_mapping,
    layout_of,
    rows_of,
)
from .receiving import receive

PORTION = 1_000
"""Lines that are stored together."""
LETTERS = 500_000
"""Letters in a portion, so that it fits in a request however they have to be written."""


logger = logging.getLogger(__name__)


@dataclass
class Told:
    """What became of lines. ``errors`` has the first that were refused."""

    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    refused: int = 0
    errors: list[LineError] = field(default_factory=list)

    def add(self, more: "Told") -> None:
        self.accepted += more.accepted
        self.duplicates += more.duplicates
        self.quarantined += more.quarantined
        self.refused += more.refused
        self.errors = (self.errors + more.errors)[: stored.ERRORS]


def begin(source: Source, name: str, layout: Layout, mapping: FileMapping) -> EventFile:
    """The file, where it is read on if it was begun before. Raises ``FileError`` if it cannot be
    read by the mapping, which the source remembers."""
    check_mapping(mapping, layout.columns)
    how, key = msgspec.to_builtins(mapping), _key(source, layout, mapping)
    now = timezone.now()
    return stored.begin(source.pk, name, key, msgspec.to_builtins(layout), how, layout.lines, now)


def upload(source: Source, name: str, pieces: Callable[[], Iterable[bytes]]) -> EventFile:
    """Keep a file until it is said how it is to be read. Raises ``FileError`` if it is no table.

    ``pieces`` is called twice.
    """
    layout = layout_of(pieces())
    how = msgspec.to_builtins(layout)
    file = stored.draft(source.pk, name, layout.digest, how, layout.lines, timezone.now())
    stored.keep(file, pieces())
    return file


def start(file: EventFile, mapping: FileMapping) -> EventFile:
    """Have an uploaded file read; where it was read in this way before, that is the one.

    Raises ``FileError`` if it cannot be read by the mapping, which the source remembers.
    """
    layout = msgspec.convert(file.layout, Layout)
    check_mapping(mapping, layout.columns)
    return stored.start(file, _key(file.source, layout, mapping), msgspec.to_builtins(mapping))


def read_uploaded(budget: float) -> None:
    """Read the files that wait for it, for so many seconds at most; the rest waits on."""
    deadline = time.monotonic() + budget
    for file in stored.unfinished():
        try:
            for _portion in read_on(file, stored.stream_of(file)):
                if time.monotonic() > deadline:
                    return
        except BodyError as error:
            logger.warning("A file of events waits: %s", error.message)
            return
        except Unsealable as error:
            stored.stop(file, str(error))


def _key(source: Source, layout: Layout, mapping: FileMapping) -> str:
    """What is the same only if all lines mean the same."""
    whose = stored.whose(source.pk)
    said = (msgspec.to_builtins(mapping), sorted(whose.slugs.items()), whose.campaign)
    plain = layout.digest.encode() + msgspec.json.encode(said, order="sorted")
    return blake2b(plain, digest_size=32).hexdigest()


def read_on(file: EventFile, stream: BinaryIO) -> Iterator[EventFile]:
    """Read a file from where it is, portion by portion: the file as it is after each.

    Ends at the end of the file, or when another reads it. Raises ``BodyError`` (503) as ``receive``
    does: what was read before stays read.
    """
    layout = msgspec.convert(file.layout, Layout)
    wording = _wording(file.source, msgspec.convert(file.mapping, FileMapping))
    for portion in _portions(rows_of(stream, layout, file.line)):
        told = _stored(file.source, wording, portion)
        step = Step(
            portion[-1].line,
            told.accepted,
            told.duplicates,
            told.quarantined,
            told.refused,
            [(error.line, error.field, error.message) for error in told.errors],
        )
        if not stored.advance(file, step):
            return
        yield file
    stored.finish(file, timezone.now())
    yield file


def try_out(
    source: Source, layout: Layout, mapping: FileMapping, stream: BinaryIO
) -> Iterator[Told]:
    """What would become of a file, portion by portion; nothing is stored, and of repeats nothing is
    known. Raises ``FileError`` as ``begin`` does."""
    check_mapping(mapping, layout.columns)
    wording = _wording(source, mapping)
    for portion in _portions(rows_of(stream, layout)):
        events, lines, told = _worded(wording, portion)
        body = msgspec.json.encode(events)
        found = current_contract().validate(
            body, JSON, timezone.now(), settings.INGEST_MAX_EVENTS, source=source.pk
        )
        _add_rejections(told, found.rejected, lines)
        campaigns = {event["campaign"] for event in events}
        waiting = campaigns - set(known_campaigns(campaigns))
        refused = {one.index for one in found.rejected}
        good = [event for place, event in enumerate(events) if place not in refused]
        told.accepted = len(good)
        told.quarantined = sum(event["campaign"] in waiting for event in good)
        yield told


def _portions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    portion: list[Row] = []
    letters = 0
    for row in rows:
        portion.append(row)
        letters += sum(map(len, row.texts.values()))
        if len(portion) == PORTION or letters > LETTERS:
            yield portion
            portion, letters = [], 0
    if portion:
        yield portion


def _wording(source: Source, mapping: FileMapping) -> Wording:
    whose = stored.whose(source.pk)
    return Wording(mapping, whose.slugs, whose.campaign)


def _stored(source: Source, wording: Wording, portion: Iterable[Row]) -> Told:
    events, lines, told = _worded(wording, portion)
    if not events:
        return told
    receipt = receive(source, msgspec.json.encode(events))
    told.accepted, told.duplicates = receipt.accepted, receipt.duplicates
    told.quarantined = sum(held.count for held in receipt.quarantined or ())
    _add_rejections(told, receipt.rejected, lines)
    return told


def _worded(
    wording: Wording, portion: Iterable[Row]
) -> tuple[list[dict[str, Any]], list[int], Told]:
    """The events of lines, the line of each, and those that are none."""
    events, lines, told = [], [], Told()
    for row in portion:
        said = wording.event(row)
        if isinstance(said, LineError):
            told.errors.append(said)
        else:
            events.append(said)
            lines.append(row.line)
    told.refused = len(told.errors)
    return events, lines, told


def _add_rejections(told: Told, rejected: Iterable[Rejection], lines: list[int]) -> None:
    more = [LineError(lines[one.index], one.field, one.message) for one in rejected]
    told.refused += len(more)
    told.errors = sorted([*told.errors, *more], key=attrgetter("line"))
