"""The tick: claim, fold and commit everything that is pending.

Level-triggered: it does all there is to do, whoever rang. Each chunk is one
transaction that records event keys, adds to the rollups and marks its batches,
so a crash at any point leaves either all of a chunk or nothing of it. What cannot
be folded does not hold up the rest (see ``engines.suspects``).
"""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.conf import settings
from django.utils import timezone

from liveReport.channels import channels_by_slug
from liveReport.counts.cells import Run
from liveReport.counts.folded import Folded
from liveReport.counts.histories import Histories, histories, says_something
from liveReport.engines import buckets, executions, feeds, log, suspects, verdicts
from liveReport.engines import campaigns as stored_campaigns
from liveReport.engines.feeds import NOTHING, Came, Feed
from liveReport.engines.keys import periods
from liveReport.engines.keys.periods import Periods
from liveReport.engines.lease import Fenced, Lease, acquire
from liveReport.engines.ledger import expiry
from liveReport.engines.ledger import fold as ledgers
from liveReport.engines.outage import let_others_write
from liveReport.events import former
from liveReport.events.batch import Events, Shape
from liveReport.events.columns import Ints, Mask, firsts
from liveReport.events.judging import Rules
from liveReport.events.limits import cutoff
from liveReport.events.moments import microseconds
from liveReport.models import EventBatch

from .admission import admission
from .aside import next_suspects
from .faults import described, is_poison
from .fold import MINUTE, fold

CHUNK = 50_000
"""Events to a transaction: few enough to keep the lock short, enough to share its cost."""
SMALLER = 16
"""By so much a chunk is smaller for every failure of those who held the lease before."""
BUDGET = 20.0
"""Seconds after which a tick leaves the rest to the next one."""


@dataclass(frozen=True)
class Chunk:
    """The events of some batches of the log, no id twice; ``batch`` is a place in ``batches``."""

    batches: Sequence[EventBatch]
    events: Events
    batch: Ints

    @classmethod
    def of(cls, batches: Sequence[EventBatch]) -> "Chunk":
        parts = [former.read(batch.payload, batch.source_id) for batch in batches]
        place = np.repeat(np.arange(len(batches)), [len(part) for part in parts])
        whole = cls(batches, Events.joined(parts), place)
        return whole.where(firsts(whole.events.ids))

    def fresh(self, held: Periods) -> "Chunk":
        """The events that no other batch brought first; from now on it is these that did."""
        keys = self.events.ids
        order = np.argsort(keys)
        counting = np.empty(len(order), np.bool_)
        counting[order] = held.claim(keys[order], self.batch_ids[order])
        return self.where(counting)

    def owned(self, held: Periods) -> "Chunk":
        """The events that none but these batches brought first."""
        keys = self.events.ids
        order = np.argsort(keys)
        owned = np.empty(len(order), np.bool_)
        owned[order] = held.owners(keys[order]) == self.batch_ids[order]
        return self.where(owned)

    @property
    def batch_ids(self) -> Ints:
        """The id of each event's batch."""
        return np.array([batch.pk for batch in self.batches], np.int64)[self.batch]

    @property
    def received(self) -> Ints:
        """When each event was, in microseconds."""
        each = [microseconds(batch.received_at) for batch in self.batches]
        return np.array(each, np.int64)[self.batch]

    def where(self, kept: Mask) -> "Chunk":
        """The events of which ``kept`` is true: itself, if that is all of them."""
        if kept.all():
            return self
        return Chunk(self.batches, self.events.where(kept), self.batch[kept])

    def events_by_batch(self) -> Ints:
        """How many of the events each batch has."""
        return np.bincount(self.batch, minlength=len(self.batches))


def fold_pending(now: datetime | None = None, budget: float = BUDGET) -> int:
    """Fold all pending batches; how many events they held.

    Does nothing while someone else holds the lease. Stops at ``budget`` seconds,
    or when the lease is lost. Raises what is not the fault of any event.
    """
    suspects.testify()
    lease = acquire(now or timezone.now())
    if lease is None:
        return 0
    deadline = time.monotonic() + budget
    done = 0
    failed = True
    try:
        if lease.failures:
            suspects.convict(lease.fence - 1)
        _close_period(lease, now or timezone.now())
        _forget(lease, now or timezone.now())
        for batches, noted in _portions(lease, deadline, now):
            started = time.monotonic()
            done += _try(batches, lease, now or timezone.now(), noted=noted)
            let_others_write(time.monotonic() - started)
            _close_period(lease, now or timezone.now())
        failed = False
    except Fenced:
        return done
    finally:
        lease.release(failed=failed)
    return done


def _portions(
    lease: Lease, deadline: float, now: datetime | None
) -> Iterator[tuple[list[EventBatch], bool]]:
    """What to fold next, and whether that is to be noted before: the log, and suspects in turn.

    The more holders have failed before, the smaller are the portions of the log.
    """
    failures = lease.failures
    while time.monotonic() < deadline:
        fresh = log.pending(CHUNK // SMALLER ** min(max(failures - 1, 0), 4))
        if fresh:
            yield fresh, failures >= suspects.CAREFUL
            failures //= 2
        doubtful = next_suspects(lease, now or timezone.now(), CHUNK // SMALLER)
        if doubtful:
            yield doubtful, True
        if not (fresh or doubtful):
            return


def _try(batches: Sequence[EventBatch], lease: Lease, now: datetime, *, noted: bool) -> int:
    """Fold some batches, or make suspects of them; how many events were folded."""
    if noted:
        suspects.note(batches, lease, now)
    try:
        done = fold_chunk(batches, lease, now)
    except Exception as error:
        if not is_poison(error):
            suspects.excuse(lease.fence)
            raise
        suspects.blame(batches, lease, now, described(error))
        return 0
    except BaseException:  # the process is told to end
        suspects.excuse(lease.fence)
        raise
    if noted:
        suspects.acquit()
    return done


def fold_chunk(batches: Sequence[EventBatch], lease: Lease, now: datetime) -> int:
    """Fold some batches in one transaction; how many events they held."""
    chunk = Chunk.of(batches)
    scope = Scope.at(now, chunk.events.campaigns())
    folded, said, fed = scope.fold(chunk), scope.histories(chunk), scope.feeds(chunk)
    with lease.commit(now):
        held, number = periods.load(now), log.next_fold(now)
        fresh = chunk.fresh(held)
        if fresh is not chunk:  # rarely: some were repeats of older batches' events
            folded, said = scope.fold(fresh), scope.histories(fresh)
        room = admission()
        runs = executions.admit(folded.executions(), room, scope.campaigns)
        if runs.outside:
            folded = scope.fold(fresh, runs.outside)
        ledgers.apply(said, folded.spans, runs, scope.campaigns)  # before anything is counted
        buckets.apply(folded, runs.leaving, room, scope.campaigns, held, number)
        feeds.add(fed)
        _mark(fresh, scope, number)
        log.describe([batch for batch in batches if batch.first_at is None])
    return sum(batch.count for batch in batches)


@dataclass(frozen=True)
class Scope:
    """Which events the rollups take: recent enough, of a campaign that (still) exists.

    By the ``rules`` that are in force what events do not say is derived. They change while
    their lease is held only, so whoever folds reads them under it.
    """

    horizon: int
    campaigns: dict[str, int]
    rules: Rules

    @classmethod
    def at(cls, now: datetime, campaigns: Iterable[str]) -> "Scope":
        return cls(cutoff(now), stored_campaigns.ids(campaigns), verdicts.in_force())

    def includes(self, events: Events) -> Mask:
        return (events.at >= self.horizon) & self._is_known(events)

    def _is_known(self, events: Events) -> Mask:
        return events.of_shapes(shape.campaign in self.campaigns for shape in events.shapes)

    def fold(self, chunk: Chunk, outside: Collection[Run] = ()) -> Folded:
        """Fold the events that are in scope, those ``outside`` as of one execution."""
        events = chunk.where(self.includes(chunk.events)).events
        return fold(events, channels_by_slug(), outside, self.rules)

    def histories(self, chunk: Chunk) -> Histories:
        """What events say of profiles, also those that come too late to be counted."""
        known = chunk.where(self._is_known(chunk.events))
        return histories(known.events, known.received, channels_by_slug())

    def feeds(self, chunk: Chunk) -> dict[Feed, Came]:
        """Who sent events for which channels and when, also such as came late or again."""
        known = chunk.where(self._is_known(chunk.events))
        names, of_shape, sends = _parts(known.events.shapes)
        pairs = known.batch * len(names) + of_shape[known.events.shape]
        found, place = np.unique(pairs, return_inverse=True)
        events = np.bincount(place, minlength=len(found))
        sending = np.bincount(place[sends[known.events.shape]], minlength=len(found))
        fed: dict[Feed, Came] = {}
        for pair, came in zip(found, map(Came, events.tolist(), sending.tolist()), strict=True):
            feed = self._feed(known.batches[pair // len(names)], *names[pair % len(names)])
            before = fed.get(feed, NOTHING)
            fed[feed] = Came(before.events + came.events, before.sending + came.sending)
        return fed

    def _feed(self, batch: EventBatch, campaign: str, channel: str) -> Feed:
        minute = int(batch.received_at.timestamp()) // MINUTE * MINUTE
        return Feed(self.campaigns[campaign], minute, batch.source_id, channel)


def _parts(shapes: Sequence[Shape]) -> tuple[list[tuple[str, str]], Ints, Mask]:
    """The campaigns and channels of shapes; of each shape its place among them, and whether its
    events say what became of somebody."""
    places: dict[tuple[str, str], int] = {}
    each = [places.setdefault((shape.campaign, shape.channel), len(places)) for shape in shapes]
    channels = channels_by_slug()
    sends = [says_something(shape, channels) for shape in shapes]
    return list(places), np.array(each, np.int64), np.array(sends, np.bool_)


def _close_period(lease: Lease, now: datetime) -> None:
    """Let another period begin when the current one has taken enough keys."""
    if closing := periods.due(now):
        with lease.commit(now):
            closing.save()


def _forget(lease: Lease, now: datetime) -> None:
    """Let go of who has been in a run without end for as long as its events are in the log."""
    if expired := expiry.due(microseconds(now - settings.LOG_RETENTION)):
        with lease.commit(now):
            expired.save()


def _mark(fresh: Chunk, scope: Scope, number: int) -> None:
    """Close the batches, with what became of each event of theirs."""
    kept = fresh.events_by_batch()
    counted = fresh.where(scope.includes(fresh.events)).events_by_batch()
    batches = np.array([batch.pk for batch in fresh.batches], np.int64)
    received = np.array([batch.count for batch in fresh.batches], np.int64)
    log.mark(batches, received - kept, kept - counted, number)
