"""Events of a file go in as others do: a thousand lines at a time, through the one entrance."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

import msgspec
from django.conf import settings
from django.utils import timezone

from liveReport.channels import providers
from liveReport.engines.files import Step
from liveReport.models import QuarantinedBatch, Source

from ..append import Quarantined, known_campaigns
from ..body import NDJSON
from ..contract import Refused, Validated, current_contract
from ..receiving import Receipt, receive
from .mapping import FileMapping, proposed
from .rows import Rows, masked
from .text import Record, Table

BATCH = 1_000
"""Records to a step. Where steps end depends on nothing but the file, so a repeat is one."""

Take = Callable[[Source, bytes], Receipt]
"""What does something with events, as NDJSON."""


@dataclass
class _Batch:
    """Some records on the way in."""

    events: list[bytes] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    records: int = 0
    size: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, line: int, event: Mapping[str, Any]) -> None:
        text = msgspec.json.encode(event)
        self.events.append(text)
        self.lines.append(line)
        self.size += len(text) + 1

    def refuse(self, line: int, refusal: Refused) -> None:
        self.counts["refused"] += 1
        self.counts["late"] += refusal.code == "too_old"
        self.errors.append((line, refusal.field, masked(refusal.message)))

    @property
    def is_full(self) -> bool:
        """Whether another event may be more than a request can hold."""
        return self.records >= BATCH or self.size > settings.INGEST_MAX_BYTES // 2


class Import:
    """A file that is read once from its beginning, for a source.

    Raises ``FileError`` or ``MappingError`` where it cannot be read.
    """

    def __init__(
        self, source: Source, stream: BinaryIO, encoding: str, mapping: FileMapping
    ) -> None:
        self.source = source
        self._stream = stream
        self.table = Table(stream, mapping.encoding or encoding, mapping.delimiter)
        self.mapping = proposed(self.table.header, with_channel(source, mapping))
        self.is_empty = not self.table.header
        if not self.is_empty:
            campaigns, campaign = _campaigns_of(source)
            self._rows = Rows(self.mapping, self.table.header, campaigns, campaign)

    def steps(self, take: Take, skip: int = 0) -> Iterator[Step]:
        """Take what comes after so many records; a step once its events are durable."""
        if self.is_empty:
            return
        done = skip
        batch = _Batch()
        for record in islice(self.table, skip, None):
            self._read(batch, record)
            batch.records += 1
            if batch.is_full:
                done += batch.records
                yield self._step(batch, done, take)
                batch = _Batch()
        if batch.records:
            yield self._step(batch, done + batch.records, take)

    def preview(self, most: int) -> list[tuple[int, Mapping[str, Any]]]:
        """The first events by their lines, as they would go in: none is left for ``steps``."""
        found: list[tuple[int, Mapping[str, Any]]] = []
        for record in () if self.is_empty else islice(self.table, BATCH):
            if len(found) < most and (event := self._event(record)):
                found.append((record.line, event))
        return found

    def _event(self, record: Record) -> Mapping[str, Any] | None:
        try:
            return None if record.fault else self._rows.event(record.cells)
        except Refused:
            return None

    def _read(self, batch: _Batch, record: Record) -> None:
        if record.fault:
            batch.refuse(record.line, Refused("", "malformed", record.fault))
            return
        if not any(record.cells):  # a blank line
            return
        try:
            event = self._rows.event(record.cells)
        except Refused as refusal:
            batch.refuse(record.line, refusal)
            return
        if event is None:
            batch.counts["ignored"] += 1
        else:
            batch.add(record.line, event)

    def _step(self, batch: _Batch, done: int, take: Take) -> Step:
        if batch.events:
            receipt = take(self.source, b"\n".join(batch.events))
            batch.counts["accepted"] += receipt.accepted
            batch.counts["duplicates"] += receipt.duplicates
            batch.counts["quarantined"] += sum(one.count for one in receipt.quarantined or ())
            for refused in receipt.rejected:
                refusal = Refused(refused.field, refused.code, refused.message)
                batch.refuse(batch.lines[refused.index], refusal)
        return Step(done, self._stream.tell(), batch.counts, sorted(batch.errors))


def proposal(
    source: Source, stream: BinaryIO, encoding: str, mapping: FileMapping
) -> tuple[list[str], FileMapping]:
    """The columns of a file, and the mapping with what they and its source say besides.

    Columns that the file lacks are left out. Raises ``FileError``.
    """
    header = Table(stream, mapping.encoding or encoding, mapping.delimiter).header
    names = {name.casefold(): name for name in header}
    columns = {
        field: names[bare]
        for field, column in mapping.columns.items()
        if (bare := column.strip().casefold()) in names
    }
    known = msgspec.structs.replace(mapping, columns=columns)
    return header, proposed(header, with_channel(source, known))


def with_channel(source: Source, mapping: FileMapping) -> FileMapping:
    """A provider's files are of its channel, unless the mapping says something else."""
    provider = providers().get(source.provider)
    if provider is None or "channel" in mapping.columns:
        return mapping
    return FileMapping(constants={"channel": provider.channel}).joined(mapping)


def _campaigns_of(source: Source) -> tuple[dict[str, str], str]:
    if source.pk is None:
        return {}, ""
    mapping = source.mappings.values_list("value", "campaign__slug")
    return dict(mapping), source.campaign.slug if source.campaign else ""


def take_in(source: Source, body: bytes) -> Receipt:
    """Store events, as the HTTP endpoint does. Raises ``BodyError``."""
    return receive(source, body, content_type=NDJSON)


def try_out(source: Source, body: bytes) -> Receipt:
    """What ``take_in`` would say, while nothing is stored."""
    found: Validated = current_contract().validate(
        body, NDJSON, timezone.now(), settings.INGEST_MAX_EVENTS, source=source.pk or 0
    )
    events = found.events
    names, of = events.by_campaign()
    known = known_campaigns(names)
    reason = QuarantinedBatch.Reason.UNKNOWN_CAMPAIGN.value
    counts = Counter(of.tolist())
    held = [
        Quarantined(name, counts[place], reason)
        for place, name in enumerate(names)
        if name not in known
    ]
    return Receipt(len(events), events.repeats(), held, found.rejected)
