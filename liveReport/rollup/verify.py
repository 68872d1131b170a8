"""Recounting the rollups from the event log, and mending what differs."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

from django.utils import timezone

from liveReport.channels import channels_by_slug
from liveReport.counts import sketch
from liveReport.counts.buckets import BucketKey, Buckets
from liveReport.counts.cells import OTHER_EXECUTIONS, Cells, Group, Place, Run, SeriesKey, run_of
from liveReport.counts.states import State, columns_of
from liveReport.engines import buckets as stored_buckets
from liveReport.engines import campaigns, executions, log, series, states, verdicts
from liveReport.engines.keys import periods
from liveReport.engines.lease import Lease, acquire
from liveReport.engines.ledger import recount as ledgers
from liveReport.events.judging import Rules
from liveReport.events.limits import cutoff
from liveReport.events.moments import microseconds

from .tick import Chunk, Scope
from .verify_ledger import LedgerRecount


@dataclass(frozen=True)
class Value:
    """A bucket: its events, its distinct profiles (``None`` if unreadable), and who they are."""

    count: int
    profiles: int | None
    digest: str


NOTHING = Value(0, 0, "")
Values = Mapping[BucketKey, Value]
Family = tuple[Group, str]
"""Series among which events may move as it changes who is counted apart."""


@dataclass(frozen=True)
class Difference:
    """A number of the rollups that a recount of the log does not confirm."""

    what: str
    expected: object
    found: object


@dataclass
class Recount:
    """What the folded batches of the log add up to.

    Where values or executions were too many to be kept apart, those that are not are
    counted together here as well.
    """

    scope: Scope
    stored: Mapping[SeriesKey, int]
    apart: Collection[Run]
    """The executions that are counted apart."""
    parts: list[Cells] = field(default_factory=list)
    states: dict[int, State] = field(default_factory=dict)
    ledgers: LedgerRecount = field(default_factory=LedgerRecount)

    def add(self, chunk: Chunk) -> None:
        shapes = {run_of(shape) for shape in chunk.events.shapes}
        folded = self.scope.fold(chunk, {run for run in shapes if self._is_outside(run)})
        self.parts.append(folded.cells.renamed(self._place))
        while len(self.parts) > 1 and len(self.parts[-2]) < 2 * len(self.parts[-1]):
            self.parts[-2:] = [Cells.joined(self.parts[-2:])]  # each row but a few times
        for latest in folded.latest:
            for message, state in latest.states():
                self.states[message] = max(state, self.states.get(message, state))
        received = min(batch.received_at for batch in chunk.batches)
        self.ledgers.add(self.scope.histories(chunk), microseconds(received))

    @cached_property
    def capped(self) -> set[Place]:
        """The channels some of whose executions are, or were, not counted apart."""
        return {key.run.place for key in self.stored if key.execution == OTHER_EXECUTIONS}

    def confirms(self, message: int, found: State) -> bool:
        """Whether that is the message's state.

        Where executions come and go, who was apart when decides which of them it is in.
        """
        right = self.states.get(message)
        if right and (found.campaign, found.channel) in self.capped:
            found = found._replace(execution=right.execution)
        return found == right

    def family(self, key: SeriesKey) -> Family:
        """The series that events of a key may be counted in, depending on who was apart then.

        What is derived has few values, which are all apart always.
        """
        group = Group.of(key)
        if key.execution and key.run.place in self.capped:
            group = group._replace(execution=OTHER_EXECUTIONS)
        return group, key.value if (key.channel, key.dimension) in self._derived else ""

    @cached_property
    def _derived(self) -> set[tuple[str, str]]:
        """The dimensions that are, each with its channel."""
        channels = channels_by_slug().items()
        return {(slug, channel.derived.key) for slug, channel in channels if channel.derived}

    def _is_outside(self, run: Run) -> bool:
        return bool(run.execution) and run.place in self.capped and run not in self.apart

    def _place(self, key: SeriesKey) -> SeriesKey:
        other = Group.of(key).other
        return other if key not in self.stored and other in self.stored else key


def verify(now: datetime | None = None, *, rebuild: bool = False) -> list[Difference]:
    """Recount every rollup and list the differences, mending them if asked to.

    Holds the fold's lease meanwhile, so that nothing moves; events keep arriving.
    """
    now = now or timezone.now()
    with nothing_folding(now) as lease:
        recount = recounted(now, lease, verdicts.in_force())
        return [
            *_compare_buckets(recount, lease, rebuild=rebuild),
            *_compare_states(recount, lease, rebuild=rebuild),
            *_compare_ledgers(recount, lease, rebuild=rebuild),
        ]


@contextmanager
def nothing_folding(now: datetime, patience: float = 30) -> Iterator[Lease]:
    """The fold's lease, once it is free; ``TimeoutError`` if that takes too long."""
    deadline = time.monotonic() + patience
    while (lease := acquire(now)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError("The fold's lease did not become free.")
        time.sleep(0.1)
        now = timezone.now()
    try:
        yield lease
    finally:
        lease.release()


def recounted(now: datetime, lease: Lease, rules: Rules) -> Recount:
    """What the log says by some rules."""
    scope = Scope(cutoff(now), campaigns.all_ids(), rules)
    recount = Recount(scope, series.stored(), executions.apart(scope.campaigns))
    alive = periods.load(now)
    for batch in log.folded():
        lease.renew(timezone.now())
        recount.add(Chunk.of([batch]).owned(alive))
    return recount


class Differing(NamedTuple):
    """The buckets that differ, what is to be in them, and what to say of it."""

    wrong: list[BucketKey]
    counted: Buckets
    differences: list[Difference]


def _compare_buckets(recount: Recount, lease: Lease, *, rebuild: bool) -> list[Difference]:
    found = differing(recount, lease)
    if rebuild and found.wrong:
        with lease.commit(timezone.now()):
            replace(found)
    return found.differences


def differing(recount: Recount, lease: Lease) -> Differing:
    """The buckets of which a recount says something else."""
    since = recount.scope.horizon // 1_000_000
    cells = Cells.joined(recount.parts)
    with lease.commit(timezone.now()):
        ids = series.ensured(cells.keys, recount.scope.campaigns, recount.stored)
    counted = cells.buckets(ids)
    expected = _values(counted.where(counted.start >= since))
    found = _stored(since)
    wrong = {key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)}
    names = {pk: key for key, pk in ids.items()}
    wrong -= _late_admissions(wrong, recount, names, expected, found)
    differences = [
        Difference(
            f"{names[pk]}, {tier} s from {start}",
            expected.get((pk, tier, start)),
            found.get((pk, tier, start)),
        )
        for pk, tier, start in sorted(wrong)
    ]
    return Differing(sorted(wrong), counted, differences)


def _late_admissions(
    wrong: set[BucketKey],
    recount: Recount,
    names: Mapping[int, SeriesKey],
    expected: Values,
    found: Values,
) -> set[BucketKey]:
    """Buckets that differ only in when a value or an execution came to be counted apart.

    What they lack is in the buckets of all others: their sum is right.
    """
    families = {pk: recount.family(names[pk]) for pk, _tier, _start in wrong}
    balance: dict[tuple[Family, int, int], int] = defaultdict(int)
    moved: set[tuple[Family, int, int]] = set()
    excess: set[tuple[Family, int, int]] = set()
    for pk, tier, start in wrong:
        place = families[pk], tier, start
        right = expected.get((pk, tier, start), NOTHING).count
        held = found.get((pk, tier, start), NOTHING).count
        balance[place] += held - right
        if held < right:
            moved.add(place)
        if held > right and not names[pk].is_common:
            excess.add(place)
    excused = {place for place in moved - excess if not balance[place]}
    return {key for key in wrong if (families[key[0]], key[1], key[2]) in excused}


def _stored(since: int) -> Values:
    """Every bucket that lies wholly after the horizon."""
    rows = stored_buckets.stored(since)
    return {(pk, tier, start): _value(count, held) for pk, tier, start, count, held in rows}


def _values(buckets: Buckets) -> Values:
    sketches = buckets.profiles.sketched()
    return {
        key: _value(count, sketches.get(place))
        for place, (key, count) in enumerate(
            zip(buckets.bucket_keys(), buckets.count.tolist(), strict=True)
        )
    }


def _value(count: int, held: bytes | memoryview | None) -> Value:
    if held is None:
        return Value(count, 0, "")
    try:
        profiles = sketch.estimate([held]).value
    except (IndexError, RuntimeError, ValueError):  # not a sketch (any more)
        profiles = None
    return Value(count, profiles, blake2b(held, digest_size=8).hexdigest())


def replace(differing: Differing) -> None:
    """Put right what differs, and tell those who look at it. In the caller's transaction."""
    stored_buckets.replace(differing.wrong, differing.counted)
    campaigns.show_anew()


def _compare_states(recount: Recount, lease: Lease, *, rebuild: bool) -> list[Difference]:
    """The state of each message, by the log and by the table."""
    missing = dict.fromkeys(recount.states)
    wrong: dict[int, State | None] = {}
    for key, found in states.stored(recount.scope.horizon):
        missing.pop(key, None)
        if not recount.confirms(key, found):
            wrong[key] = found
    wrong.update(missing)
    if rebuild and wrong:
        _replace_states(recount, sorted(wrong), lease)
    return [
        Difference(f"message {key}", recount.states.get(key), wrong[key]) for key in sorted(wrong)
    ]


def _replace_states(recount: Recount, wrong: list[int], lease: Lease) -> None:
    right = {key: recount.states[key] for key in wrong if key in recount.states}
    now = timezone.now()
    with lease.commit(now):
        states.replace(wrong, columns_of(right), recount.scope.campaigns, periods.load(now))
        campaigns.show_anew()


def _compare_ledgers(recount: Recount, lease: Lease, *, rebuild: bool) -> list[Difference]:
    """What became of everybody in a run, by the log and by its ledger."""
    wrong = list(recount.ledgers.wrong())
    if rebuild and wrong:
        with lease.commit(timezone.now()):
            ledgers.replace({one.found.pk: one.right for one in wrong})
            campaigns.show_anew()
    return [Difference(f"ledger of {one.found.run}", *one.described) for one in wrong]
