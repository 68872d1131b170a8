"""Appending to the event log: a request is answered once its row is committed.

Requests that arrive while others are being committed share the next transaction.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from cachetools import TTLCache
from django.conf import settings
from django.db import DataError, IntegrityError, connection

from liveReport.engines import campaigns, log
from liveReport.engines.log import Entry
from liveReport.engines.outage import retrying_lock
from liveReport.engines.quarantine import (
    Guest,
    RawItems,
    Refusal,
    Strangers,
    Verdict,
    append_and_hold,
    prepare,
)
from liveReport.events.batch import Events
from liveReport.events.columns import Mask
from liveReport.memory import Memory
from liveReport.models import QuarantinedBatch

from . import refusals
from .body import BodyError
from .group_commit import GroupCommit

HOPELESS = (DataError, IntegrityError)
"""What is wrong with a row itself, such as that its source was deleted, and stays wrong."""
BELIEF = 1.0
"""Seconds for which a process believes what it found true, and does not ask with each request."""
_existing = Memory[str, bool](TTLCache(10_000, BELIEF))
"""Campaigns that exist, by slug."""
_has_room = Memory[int, bool](TTLCache(1, BELIEF))
"""Whether no more batches wait than may, by how many may."""


@dataclass(frozen=True)
class Quarantined:
    """Accepted events that wait for their campaign."""

    campaign: str
    count: int
    reason: str


class Fate(NamedTuple):
    """What became of events that did not all go to the log.

    ``refused`` says why, by their places among the events; the others are in quarantine.
    """

    quarantined: Sequence[Quarantined] = ()
    refused: Mapping[int, str] = MappingProxyType({})


def append(source: int, events: Events, now: datetime, raw: Sequence[RawItems] = ()) -> Fate:
    """Store events; those of unknown campaigns go to the quarantine, as far as it has room.

    So does what is ``raw``. They are committed on return, unless the caller has a transaction open.
    """
    strange = strangers_among(events, known_campaigns(events.campaigns()))
    if not strange.any() and not raw:
        if events:
            _append_entry(Entry.of(source, now, events))
        return Fate()
    places = np.flatnonzero(strange)
    strangers = Strangers(events.take(places), now)
    verdict = _append_apart(source, events.where(~strange), strangers, raw)
    reason = QuarantinedBatch.Reason.UNKNOWN_CAMPAIGN.value
    held = [Quarantined(strangers.campaigns[n], count, reason) for n, count in verdict.held.items()]
    return Fate(held, {int(places[place]): why for place, why in verdict.refused.items()})


def strangers_among(events: Events, known: Set[str]) -> Mask:
    """Which events are of other campaigns than these."""
    return events.of_shapes(shape.campaign not in known for shape in events.shapes)


def _append_apart(
    source: int, others: Events, strangers: Strangers, raw: Sequence[RawItems]
) -> Verdict:
    """The events of campaigns that exist to the log, strangers and what is raw to the quarantine.

    Where all of them are refused, nothing has to be locked for them. The verdict is on strangers.
    """
    entries = [Entry.of(source, strangers.received_at, others)] if others else []
    guests: list[Guest] = [strangers, *raw]
    verdicts = prepare(source, guests)
    if any(verdict.held for verdict in verdicts):
        verdicts = retrying_lock(partial(append_and_hold, source, entries, guests))
    else:
        for entry in entries:
            _append_entry(entry)
        refusals.count_alone(Refusal.of(source, strangers.received_at, verdicts))
    if any(verdict.refused for verdict in verdicts):
        refusals.lines.tell(Refusal.of(source, strangers.received_at, verdicts))
    return verdicts[0]


def check_backlog() -> None:
    """Refuse to accept more while too much waits to be folded."""
    most = settings.INGEST_MAX_PENDING
    if _has_room.get(most):
        return
    waiting = log.waiting()
    if waiting > most:
        raise BodyError(503, "overloaded", f"{waiting} batches wait to be counted.", 5)
    _has_room.put(most, value=True)


def known_campaigns(slugs: Collection[str]) -> set[str]:
    """The slugs of campaigns that exist. Of others nothing is remembered: they may any moment."""
    known = {slug for slug in slugs if _existing.get(slug)}
    if unsure := set(slugs) - known:
        found = set(campaigns.ids(unsure))
        for slug in found:
            _existing.put(slug, value=True)
        known |= found
    return known


def _append_entry(entry: Entry) -> None:
    if connection.in_atomic_block:
        log.append([entry])
        return
    try:
        _commit.do(entry)
    except HOPELESS:  # perhaps of another's entry
        log.append([entry])


_commit = GroupCommit[Entry](lambda entries: retrying_lock(partial(log.append, entries)))
