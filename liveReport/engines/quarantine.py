"""The quarantine: events of campaigns that do not exist (yet), and raw items, within limits.

A source may have so many events in it, of so many campaigns, and all sources together so many
events. What they have is tallied with every change, so that nobody counts rows to know. Who
changes the quarantine of a source locks its tally first: its own limits are never exceeded. That
of all sources is, on PostgreSQL, by no more than what other sources are adding at that moment: a
request each, as tallies of others are read without a lock.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import numpy as np
import zstandard
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from liveReport.events import former
from liveReport.events.batch import Events, encode
from liveReport.events.columns import Mask
from liveReport.events.sealing import seal, sealed_anew, unseal
from liveReport.models import Campaign, QuarantinedBatch, QuarantinedCampaign, QuarantineTally

from . import log
from .log import Entry
from .outage import short_transaction

CODE = "quarantine_full"
HELD = 100
"""Batches to hold in memory."""
BATCHES, EVENTS = 500, 5_000
"""At most so many leave the quarantine in one transaction, but always a batch."""

_INSERT = """
INSERT INTO livereport_quarantinedbatch
(source_id, campaign, reason, received_at, count, payload) VALUES (%s, %s, %s, %s, %s, %s)
"""
_ADD = """
INSERT INTO livereport_quarantinedcampaign AS held (source_id, campaign, events)
VALUES (%s, %s, %s) ON CONFLICT (source_id, campaign)
DO UPDATE SET events = held.events + excluded.events
"""
_SUBTRACT = """
UPDATE livereport_quarantinedcampaign
SET events = CASE WHEN events > %s THEN events - %s ELSE 0 END
WHERE source_id = %s AND campaign = %s
"""

_COUNT = """
INSERT INTO livereport_quarantinetally AS tally (source_id, events, refused, refused_at)
VALUES (%s, 0, %s, %s) ON CONFLICT (source_id)
DO UPDATE SET refused = tally.refused + excluded.refused, refused_at = excluded.refused_at
"""


class Strangers:
    """The events of one request whose campaigns are unknown."""

    reason = QuarantinedBatch.Reason.UNKNOWN_CAMPAIGN

    def __init__(self, events: Events, received_at: datetime) -> None:
        self.events = events
        self.received_at = received_at
        self.campaigns, self.campaign = events.by_campaign()
        self._order = np.argsort(self.campaign, kind="stable")
        self._starts = np.searchsorted(self.campaign[self._order], range(len(self.campaigns)))
        self._payloads: dict[tuple[int, int], bytes] = {}

    def payload(self, campaign: int, count: int) -> bytes:
        """The first so many events of a campaign, packed. Only once, so that it can be done early.

        ``campaign`` is a place in ``campaigns``.
        """
        wanted = campaign, count
        if wanted not in self._payloads:
            start = self._starts[campaign]
            self._payloads[wanted] = encode(self.events.take(self._order[start : start + count]))
        return self._payloads[wanted]


class RawItems:
    """What a provider sent and waits as it came, for one reason: of no campaign."""

    def __init__(self, items: Sequence[Any], reason: str, received_at: datetime) -> None:
        self.items = items
        self.reason = QuarantinedBatch.Reason(reason)
        self.received_at = received_at
        self.campaigns = [""]
        self.campaign = np.zeros(len(items), np.int64)
        self._payloads: dict[int, bytes] = {}

    def payload(self, campaign: int, count: int) -> bytes:
        """The first so many items, sealed. Only once, so that it can be done early."""
        if count not in self._payloads:
            plain = msgspec.json.encode(self.items[:count])
            self._payloads[count] = seal(zstandard.compress(plain))
        return self._payloads[count]


def reseal() -> int:
    """Encrypt all that is raw anew, by the present key; how many batches. ``Unsealable``."""
    done = 0
    rows = QuarantinedBatch.objects.exclude(reason=QuarantinedBatch.Reason.UNKNOWN_CAMPAIGN)
    for batch in rows.iterator(chunk_size=HELD):
        payload = sealed_anew(bytes(batch.payload))
        done += QuarantinedBatch.objects.filter(pk=batch.pk).update(payload=payload)
    return done


Guest = Strangers | RawItems
"""What asks to be let in."""


def raw_items(batch: QuarantinedBatch) -> list[Any]:
    """What ``RawItems`` has sealed. Raises ``Unsealable``."""
    found: list[Any] = msgspec.json.decode(zstandard.decompress(unseal(bytes(batch.payload))))
    return found


@dataclass(frozen=True)
class Verdict:
    """Of a request's strangers, who is let in.

    ``held`` has the first events of each campaign: how many, by its place in
    ``Strangers.campaigns``. ``refused`` says which limit is in the way of the others, by
    their places among the events.
    """

    held: dict[int, int]
    refused: dict[int, str]


class Refusal(NamedTuple):
    """So many events of a source, at a time."""

    source: int
    events: int
    at: datetime

    @classmethod
    def of(cls, source: int, at: datetime, verdicts: Iterable[Verdict]) -> "Refusal":
        """What verdicts refuse of a request."""
        return cls(source, sum(len(verdict.refused) for verdict in verdicts), at)


@dataclass
class Room:
    """What a source may still add to the quarantine; less with everything that it admits."""

    known: set[str]
    campaigns: int
    own: int
    shared: int

    @classmethod
    def of(cls, source: int) -> "Room":
        """As things are now. A few short rows are read, however much the quarantine holds."""
        events = dict(QuarantineTally.objects.values_list("source_id", "events"))
        held = QuarantinedCampaign.objects.filter(source=source)
        known = set(held.values_list("campaign", flat=True))
        return cls(
            known,
            settings.QUARANTINE_MAX_CAMPAIGNS - len(known),
            settings.QUARANTINE_MAX_EVENTS - events.get(source, 0),
            settings.QUARANTINE_MAX_TOTAL - sum(events.values()),
        )

    def admit(self, strangers: Guest) -> Verdict:
        """Those who come first, one by one."""
        listed = self._listed(strangers.campaigns)[strangers.campaign]
        limit = max(min(self.own, self.shared), 0)
        held = listed & (np.cumsum(listed) <= limit)
        counts = np.bincount(strangers.campaign[held], minlength=len(strangers.campaigns))
        refused = {
            place: self._too_many_events() if listed[place] else _too_many_campaigns()
            for place in np.flatnonzero(~held).tolist()
        }
        verdict = Verdict({n: count for n, count in enumerate(counts.tolist()) if count}, refused)
        self._take(int(counts.sum()), {strangers.campaigns[place] for place in verdict.held})
        return verdict

    def _listed(self, campaigns: Sequence[str]) -> Mask:
        """Which campaigns are in quarantine, or may be from now on."""
        new = np.array([campaign not in self.known for campaign in campaigns], np.bool_)
        listed: Mask = ~new | (np.cumsum(new) <= self.campaigns)
        return listed

    def _take(self, events: int, campaigns: set[str]) -> None:
        self.own -= events
        self.shared -= events
        self.campaigns -= len(campaigns - self.known)
        self.known |= campaigns

    def _too_many_events(self) -> str:
        if self.own <= self.shared:
            whose, limit = "of this source", settings.QUARANTINE_MAX_EVENTS
        else:
            whose, limit = "of all sources together", settings.QUARANTINE_MAX_TOTAL
        return (
            f"Unknown campaign, and the quarantine holds no more than {limit} events {whose}."
            " Create the campaigns and replay them, or delete them there; then send this again."
        )


def _too_many_campaigns() -> str:
    return (
        "Unknown campaign, and the quarantine holds no more than"
        f" {settings.QUARANTINE_MAX_CAMPAIGNS} of them of one source. Check the slug, or create"
        " the campaign; then send this again."
    )


def prepare(source: int, requests: Sequence[Guest]) -> list[Verdict]:
    """What ``hold`` is going to say, if nobody is faster; with this all is packed before a lock."""
    room = Room.of(source)
    verdicts = [room.admit(strangers) for strangers in requests]
    for strangers, verdict in zip(requests, verdicts, strict=True):
        for place, count in verdict.held.items():
            strangers.payload(place, count)
    return verdicts


def hold(source: int, requests: Sequence[Guest]) -> list[Verdict]:
    """Add what there is room for, in the caller's transaction. A verdict for each request.

    The number of statements depends on nothing.
    """
    _lock([source])
    room = Room.of(source)
    verdicts = [room.admit(strangers) for strangers in requests]
    rows: list[tuple[Any, ...]] = []
    counts: Counter[str] = Counter()
    for strangers, verdict in zip(requests, verdicts, strict=True):
        received_at = connection.ops.adapt_datetimefield_value(strangers.received_at)
        for place, count in verdict.held.items():
            campaign, payload = strangers.campaigns[place], strangers.payload(place, count)
            rows.append((source, campaign, str(strangers.reason), received_at, count, payload))
            counts[campaign] += count
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, rows)
            cursor.executemany(_ADD, [(source, *item) for item in counts.items()])
        QuarantineTally.objects.filter(pk=source).update(events=F("events") + counts.total())
    return verdicts


@transaction.atomic
def append_and_hold(
    source: int, entries: Sequence[Entry], guests: Sequence[Guest]
) -> list[Verdict]:
    """Add to the log, and of the same request to the quarantine what there is room for."""
    log.append(entries)
    verdicts = hold(source, guests)
    if any(verdict.refused for verdict in verdicts):
        count_refused([Refusal.of(source, guests[0].received_at, verdicts)])
    return verdicts


def replay(quarantined: QuerySet[QuarantinedBatch]) -> int:
    """Move events whose campaign exists by now into the log; how many moved.

    In short transactions. What comes with one of them to the log is a row for each source: as
    many as were in quarantine might be more than may wait to be counted.
    """
    moved = 0
    exists = Exists(Campaign.objects.filter(slug=OuterRef("campaign")))
    for portion in in_portions(quarantined.filter(exists)):
        with short_transaction():
            moved += _put_back(take_out(portion))
    return moved


def _put_back(batches: Sequence[QuarantinedBatch]) -> int:
    """A batch for each source, and for each key that its events were hashed with."""
    parts: dict[tuple[int, int], list[Events]] = {}
    for batch in batches:
        events = former.read(batch.payload, batch.source_id)
        parts.setdefault((batch.source_id, events.key), []).append(events)
    now = timezone.now()
    log.append(
        [Entry.of(source, now, Events.joined(some)) for (source, _key), some in parts.items()]
    )
    return sum(len(events) for some in parts.values() for events in some)


def take_out(batches: QuerySet[QuarantinedBatch]) -> list[QuarantinedBatch]:
    """Remove batches, in the caller's transaction; those that nobody else has removed meanwhile."""
    _lock(sorted(set(batches.values_list("source_id", flat=True))))
    gone = list(batches)
    QuarantinedBatch.objects.filter(pk__in=[batch.pk for batch in gone]).delete()
    counts: Counter[tuple[int, str]] = Counter()
    events: Counter[int] = Counter()
    for batch in gone:
        counts[batch.source_id, batch.campaign] += batch.count
        events[batch.source_id] += batch.count
    with connection.cursor() as cursor:
        cursor.executemany(_SUBTRACT, [(n, n, *whose) for whose, n in counts.items()])
    QuarantinedCampaign.objects.filter(source__in=events, events=0).delete()
    for source, count in events.items():
        less = Greatest(F("events") - count, 0)
        QuarantineTally.objects.filter(pk=source).update(events=less)
    return gone


def in_portions(batches: QuerySet[QuarantinedBatch]) -> Iterator[QuerySet[QuarantinedBatch]]:
    """All batches, oldest first, so many at a time as may leave together."""
    rows = batches.order_by("pk").values_list("pk", "count")
    last = 0
    while found := list(rows.filter(pk__gt=last)[:BATCHES]):
        sizes = np.cumsum([count for _pk, count in found])
        portion = [pk for pk, _count in found[: max(int((sizes <= EVENTS).sum()), 1)]]
        yield QuarantinedBatch.objects.filter(pk__in=portion).order_by("pk")
        last = portion[-1]


def discard(batches: QuerySet[QuarantinedBatch]) -> int:
    """Delete batches in short transactions; how many events that were."""
    events = 0
    for portion in in_portions(batches):
        with short_transaction():
            events += sum(batch.count for batch in take_out(portion.defer("payload")))
    return events


def _lock(sources: Sequence[int]) -> None:
    """Be the only one to change the quarantine of these sources, which are in order."""
    QuarantineTally.objects.bulk_create(
        [QuarantineTally(pk=source) for source in sources], ignore_conflicts=True
    )
    list(QuarantineTally.objects.select_for_update().filter(pk__in=sources).order_by("pk"))


def count_refused(refusals: Sequence[Refusal]) -> None:
    """Add to the tallies of their sources, in the caller's transaction if there is one."""
    counts: Counter[int] = Counter()
    for refusal in refusals:
        counts[refusal.source] += refusal.events
    at = connection.ops.adapt_datetimefield_value(max(refusal.at for refusal in refusals))
    rows = [(source, events, at) for source, events in sorted(counts.items())]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_COUNT, rows)
