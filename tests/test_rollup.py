"""The rollups hold a function of the set of events, whatever happens on the way there."""

import io
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import pytest
import time_machine
from datasketches import update_theta_sketch
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection
from django.db.models import F, Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import NONE, all_channels, get_channel
from liveReport.counts import sketch
from liveReport.counts.cells import Cells
from liveReport.counts.sets import Sets
from liveReport.counts.states import Span
from liveReport.counts.tiers import TIERS
from liveReport.engines import lease
from liveReport.engines import log as engine_log
from liveReport.engines.keys import keypages, periods
from liveReport.engines.keys.periods import LONGEST
from liveReport.events.batch import Events, LogEvent, Shape, decode, encode
from liveReport.events.hashes import NO_MESSAGE, message_keys, pseudonyms, state_keys
from liveReport.ingest import receive
from liveReport.models import (
    Bucket,
    Campaign,
    CampaignChannel,
    EventBatch,
    Execution,
    KeyPage,
    KeyPeriod,
    MessageState,
    Series,
    Source,
)
from liveReport.report import tab_report
from liveReport.rollup import tick
from liveReport.rollup.fold import Folded, fold
from tests.support import names, oracle
from tests.support.factories import CampaignFactory, make_source
from tests.support.isolation import undone
from tests.support.strategies import on_a_database

NOW = datetime(2026, 3, 14, 15, 9, 26, 500_000, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
EXPIRED = lease.LENGTH + timedelta(seconds=1)
RUNS = [None, "2026-03-14T08:00:00Z", "2026-03-13T20:00:00.000001Z"]

Event = dict[str, Any]

numbers_of_ids = itertools.count()


def event(age: timedelta = MINUTE, *, now: datetime = NOW, **fields: Any) -> Event:
    """A valid event that occurred ``age`` before ``now``, with an id of its own."""
    plain = {
        "id": f"e-{next(numbers_of_ids)}",
        "campaign": "summer",
        "channel": "email",
        "type": "sent",
        "occurred_at": (now - age).isoformat(),
        "profile": "p-1",
    }
    return {key: value for key, value in (plain | fields).items() if value is not None}


def log(source: Source, *events: Event, now: datetime = NOW) -> None:
    """Append events without folding them."""
    assert receive(source, msgspec.json.encode(events), now=now).rejected == []


def pending() -> int:
    return EventBatch.objects.filter(folded=False).count()


def stored() -> dict[str, Any]:
    """Everything that the fold keeps, without row ids, versions and the lease."""
    names = [f"series__{name}" for name in ("campaign__slug", *KEY[1:])]
    buckets = Bucket.objects.values_list(*names, "tier", "start", "count", "sketch")
    states = MessageState.objects.values_list("key", "at", "rank", "execution", "waiting")
    channels = CampaignChannel.objects.values_list(
        "campaign__slug", "channel", "first_event_at", "last_event_at"
    )
    executions = Execution.objects.values_list(
        "campaign__slug", "channel", "started_at", "last_event_at"
    )
    return {
        "buckets": {tuple(key): (count, bytes(held or b"")) for *key, count, held in buckets},
        "states": {key: tuple(state) for key, *state in states},
        "keys": known_keys(),
        "series": set(Series.objects.values_list("campaign__slug", *KEY[1:])),
        "channels": set(channels),
        "executions": set(executions),
    }


KEY = ("campaign", "channel", "type", "dimension", "value", "execution")


def known_keys() -> set[int]:
    """The keys of all events that are remembered."""
    pages = KeyPage.objects.values_list("keys", flat=True)
    keys = [key for page in pages for key in np.frombuffer(page, "<i8").tolist()]
    assert len(keys) == len(set(keys))
    return set(keys)


def counted(held: dict[str, Any]) -> dict[tuple[Any, ...], tuple[int, int]]:
    """The buckets with the size of their sketches, to compare with a ``recount``."""
    return {
        key: (count, sketch.estimate([profiles]).value if profiles else 0)
        for key, (count, profiles) in held["buckets"].items()
    }


def recount(events: Iterable[Event], now: datetime = NOW) -> dict[tuple[Any, ...], tuple[int, int]]:
    """The buckets as they must be, counted naively from plain events."""
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    profiles: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for one in oracle.first_of_each_id(events):
        if oracle.moment(one) < (now - timedelta(hours=26)).replace(microsecond=0):
            continue
        channel = get_channel(one["channel"])
        taken = channel.event_by_key[one["type"]].dimensions
        at = oracle.moment(one).timestamp()
        for dimension, value in [("", ""), *((key, one.get(key) or NONE) for key in taken)]:
            for tier in TIERS:
                key = (one["campaign"], one["channel"], one["type"], dimension, value)
                bucket = (*key, microseconds(one.get("execution")), tier, int(at // tier * tier))
                counts[bucket] += 1
                if (one["type"], dimension) in channel.sketched:
                    profiles[bucket].add(one["profile"])
    return {bucket: (count, len(profiles[bucket])) for bucket, count in counts.items()}


def microseconds(moment: str | None) -> int:
    if moment is None:
        return 0
    return (datetime.fromisoformat(moment) - datetime(1970, 1, 1, tzinfo=UTC)) // TICK


def reports(campaign: Campaign, now: datetime) -> list[Any]:
    """The frames of every tab, with all that changes only with time left out."""
    tabs = [tab_report(campaign, tab, [], now) for tab in ("campaign", "email", "web")]
    return [[widget.as_json() for widget in tab.widgets] for tab in tabs]


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tick, "let_others_write", lambda held: None)


@pytest.fixture
def winter(db: None) -> Campaign:
    return CampaignFactory(slug="winter")


TYPES = [
    ("email", "targeted"),
    ("email", "sent"),
    ("email", "deferred"),
    ("email", "delivered"),
    ("email", "bounced"),
    ("email", "error"),
    ("email", "excluded"),
    ("web", "impression"),
    ("push", "action"),
]
VALUES = {
    "category": [None, "hard", "soft"],
    "reason": [None, "a", "é=1"],
    "domain": [None, "a.example", "b.example"],
    "element": [None, "top"],
    "platform": [None, "ios"],
    "interaction": [None, "click"],
}
HOURS = [0, 1, 23, 24, 25, 26, 27]
"""Some times to gather at: the window's ends, the horizon's, what is late."""


@st.composite
def events(
    draw: st.DrawFn,
    now: datetime = NOW,
    campaigns: Sequence[str] = ("summer",),
    runs: Sequence[str | None] = RUNS,
) -> Event:
    """An event of which the parts that meet others' are few; some are too late."""
    channel, kind = draw(st.sampled_from(TYPES))
    hour = draw(st.sampled_from(HOURS))
    age = timedelta(hours=hour, seconds=draw(st.integers(-240, 1_200)))
    taken = get_channel(channel).event_by_key[kind].dimensions
    return event(
        age,
        now=now,
        campaign=draw(st.sampled_from(campaigns)),
        channel=channel,
        type=kind,
        profile=str(draw(st.integers(0, 4))),
        message=draw(st.sampled_from([None, "m1", "m2", "m3"])),
        execution=draw(st.sampled_from(runs)),
        **{key: draw(st.sampled_from(VALUES[key])) for key in taken},
    )


# -- The fold ------------------------------------------------------------------------------

shapes = st.builds(
    Shape,
    campaign=st.sampled_from(["summer", "winter"]),
    channel=st.sampled_from(["email", "web", "no such channel"]),
    type=st.sampled_from(["sent", "deferred", "delivered", "excluded"]),
    execution=st.sampled_from([0, 1]),
    dimensions=st.dictionaries(st.sampled_from(["reason", "domain"]), st.sampled_from("ab")).map(
        lambda values: tuple(sorted(values.items()))
    ),
)


def with_message(name: str, one: LogEvent) -> LogEvent:
    """The event with a message of its campaign and channel."""
    scope = one.shape.campaign, one.shape.channel
    return one._replace(message=int(message_keys([scope], np.zeros(1, np.int64), [name])[0]))


plain_events = st.builds(
    LogEvent,
    id=st.just(0),
    shape=shapes,
    at=st.one_of(st.integers(0, 200_000_000), st.sampled_from([59_999_999, 60_000_000])),
    profile=st.integers(-3, 3),
    message=st.just(NO_MESSAGE),
)
log_events = st.builds(with_message, st.sampled_from(["", "m1", "m2"]), plain_events)


def united(parts: Sequence[Folded]) -> Folded:
    """What several folds add together."""
    spans: dict[Any, Span] = {}
    for part in parts:
        for name, span in part.spans.items():
            whole = spans.setdefault(name, Span(span.first, span.last))
            whole.include(span.first)
            whole.include(span.last)
    latest = [each for part in parts for each in part.latest]
    return Folded(Cells.joined([part.cells for part in parts]), latest, spans)


def facts(folded: Folded) -> tuple[Any, ...]:
    """All that a fold says, to compare it."""
    states: dict[int, Any] = {}
    for key, state in (each for latest in folded.latest for each in latest.states()):
        states[key] = max(state, states.get(key, state))
    return cells(folded), folded.spans, states


def cells(folded: Folded) -> dict[tuple[Any, ...], tuple[int, bytes]]:
    """Events and sketch of each series and minute."""
    minutes = folded.cells.minutes.united()
    sketches = minutes.profiles.sketched()
    return {
        (folded.cells.keys[series], start): (count, sketches.get(place, b""))
        for place, ((series, _, start), count) in enumerate(
            zip(minutes.bucket_keys(), minutes.count.tolist(), strict=True)
        )
    }


@given(st.lists(log_events, max_size=30), st.data())
@settings(deadline=None)
def test_the_fold_knows_neither_order_nor_batches(
    plain: list[LogEvent], data: st.DataObject
) -> None:
    channels = {channel.slug: channel for channel in all_channels()}
    shuffled = data.draw(st.permutations(plain))
    cut = data.draw(st.integers(0, len(plain)))
    parts = [Events.of(part) for part in (shuffled[:cut], shuffled[cut:])]
    whole = facts(fold(Events.of(plain), channels))
    assert facts(fold(Events.of(shuffled), channels)) == whole
    assert facts(fold(Events.joined(parts), channels)) == whole
    assert facts(united([fold(part, channels) for part in parts])) == whole


def test_a_shape_of_no_event_is_counted_in_no_series() -> None:
    used, unused = (Shape("summer", "email", kind, 0, ()) for kind in ("sent", "opened"))
    one, none = np.array([1]), np.array([0])
    events = Events([unused, used], one, np.array([5]), none, np.array([7]), none, key=0)
    folded = fold(events, {channel.slug: channel for channel in all_channels()})
    assert [key.type for key in folded.cells.keys] == ["sent"]


members = st.integers(-(2**63), 2**63 - 1)


EMPTY = bytes(update_theta_sketch(sketch.LG_K).compact().serialize())


def by_the_library(members: Iterable[int]) -> bytes:
    """A sketch as the library makes it, member by member."""
    made = update_theta_sketch(sketch.LG_K)
    for member in members:
        made.update(member)
    made.trim()
    return bytes(made.compact().serialize())


def sketched(*parts: Sequence[int]) -> dict[int, bytes]:
    """Sketches by the number of the part, made all at once."""
    sizes = [len(part) for part in parts]
    number = np.repeat(np.arange(len(parts)), sizes)
    flat = np.array(list(itertools.chain(*parts)), np.int64)
    order = np.random.default_rng(len(flat)).permutation(len(flat))
    return Sets(number[order], sketch.hashes(flat[order])).sketched()


@given(st.lists(st.lists(members, max_size=60), max_size=9))
@settings(deadline=None)
def test_sketches_are_to_the_byte_those_of_the_library(parts: list[list[int]]) -> None:
    expected = {place: by_the_library(part) for place, part in enumerate(parts) if part}
    assert sketched(*parts) == expected
    held = Sets.of(expected.items())
    assert held.sketches == []
    assert held.numbers().tolist() == sorted(expected)
    assert held.sketched() == Sets.joined([held, held]).sketched() == expected


def test_hashes_that_differ_in_their_last_bits_are_in_order() -> None:
    """However many sets there are besides."""
    number = np.array([7, 1_000_000, 7, 3, 7])
    found = Sets(number, np.array([2**62 + 3, 5, 2**62 + 1, 5, 2**62 + 3])).distinct()
    assert found.number.tolist() == [3, 7, 7, 1_000_000]
    assert found.hash.tolist() == [5, 2**62 + 1, 2**62 + 3, 5]


@pytest.mark.parametrize("size", [16_383, 16_384, 16_385, 30_720, 40_000])
def test_large_sketches_too(size: int) -> None:
    """Exact or not, united with smaller ones, larger ones and ones that share members."""
    whole = pseudonyms(str(number) for number in range(size + 7)).tolist()
    many, few, some = whole[7:], whole[:9], whole[3:20_000]
    assert sketched(many, few, some) == dict(enumerate(map(by_the_library, (many, few, some))))
    sketches = list(map(by_the_library, (many, few, some)))
    for parts in itertools.permutations(sketches):
        assert Sets.of((0, part) for part in parts).sketched() == {0: by_the_library(whole)}


@given(st.lists(members, max_size=60), st.data())
@settings(deadline=None)
def test_a_sketch_is_a_function_of_the_set(members: list[int], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(members))
    cut = data.draw(st.integers(0, len(members)))
    parts = [by_the_library(part) for part in (shuffled[:cut], shuffled[cut:], shuffled[:cut])]
    assert by_the_library(shuffled) == sketch.merge(parts) == by_the_library(members)
    assert Sets.of((7, part) for part in parts).sketched().get(7, EMPTY) == sketch.merge(parts)
    assert sketch.estimate(parts) == sketch.Estimate(len(set(members)), approximate=False)


def test_a_large_sketch_says_that_it_estimates() -> None:
    members = pseudonyms(str(number) for number in range(40_000)).tolist()
    parts = [by_the_library(members[start::3]) for start in range(3)]
    whole = by_the_library(reversed(members))
    assert sketch.merge([sketch.merge(parts[:2]), parts[2]]) == sketch.merge(reversed(parts))
    assert sketch.merge(parts) == whole
    size = sketch.estimate([whole])
    assert size.approximate
    assert abs(size.value - len(members)) < 0.03 * len(members)
    exact = sketch.Estimate(16_384, approximate=False)
    assert sketch.estimate([by_the_library(members[:16_384])]) == exact


# -- Any order, any batches, any repeats ---------------------------------------------------


def send_all(
    source: Source, sent: Sequence[Event], cuts: Sequence[int], ticks: Sequence[bool], chunk: int
) -> None:
    """Send events in batches of these sizes, ticking after some of them."""
    rest = list(sent)
    with mock.patch.object(tick, "CHUNK", chunk):
        for size, ticked in zip([*cuts, len(rest)], [*ticks, True], strict=False):
            batch, rest = rest[:size], rest[size:]
            log(source, *batch)
            if ticked:
                rollup.fold_pending(NOW)
        rollup.fold_pending(NOW)


@given(data=st.data())
@on_a_database
@pytest.mark.django_db
def test_any_order_and_batches_and_repeats_give_the_same_rollups(
    campaign: Campaign, winter: Campaign, source: Source, data: st.DataObject
) -> None:
    plain = data.draw(st.lists(events(campaigns=("summer", "winter")), max_size=25))
    repeated = data.draw(st.lists(st.sampled_from(plain), max_size=10)) if plain else []
    shuffled = data.draw(st.permutations([*plain, *repeated]))
    cuts = data.draw(st.lists(st.integers(1, 8), max_size=8))
    ticks = data.draw(st.lists(st.booleans(), min_size=len(cuts), max_size=len(cuts)))
    with undone():
        send_all(source, plain, [], [], 20_000)
        at_once = stored()
    assert counted(at_once) == recount(plain)
    with undone():
        send_all(source, shuffled, cuts, ticks, data.draw(st.sampled_from([1, 5, 20_000])))
        assert pending() == 0
        assert stored() == at_once
        assert_ledger_balances(len(shuffled), len(plain))
        assert rollup.verify(NOW) == []


def assert_ledger_balances(received: int, distinct: int) -> None:
    """Every event ended as exactly one of: counted, a duplicate, late."""
    batches = list(EventBatch.objects.all())
    inside = Bucket.objects.filter(tier=TIERS[-1], series__dimension="")
    kept = sum(inside.values_list("count", flat=True))
    assert sum(batch.count for batch in batches) == received
    assert sum(batch.duplicates for batch in batches) == received - distinct
    assert kept == distinct - sum(batch.late for batch in batches)


@pytest.mark.django_db
def test_a_profile_counts_once_in_every_tier_and_in_the_whole(
    campaign: Campaign, source: Source
) -> None:
    # 14:16, 14:31, 14:32, 15:09: one hour has two quarters, one quarter has two minutes.
    ages = [timedelta(minutes=minutes) for minutes in (53, 38, 37, 0)]
    sent = [
        event(age, type="targeted", profile=profile)
        for age, profile in zip(ages, ["p-1", "p-1", "p-2", "p-3"], strict=True)
    ]
    for one in sent:
        log(source, one)
        rollup.fold_pending(NOW)
    sizes = {key[-2:]: held for key, held in counted(stored()).items()}
    hour = int((NOW - ages[0]).timestamp()) // 3600 * 3600
    assert sizes[3600, hour] == (3, 2)
    assert sizes[900, hour + 900] == (1, 1)
    assert sizes[900, hour + 1800] == (2, 2)
    assert sizes[60, hour + 31 * 60] == (1, 1)
    with undone():
        KeyPage.objects.all().delete()
        KeyPeriod.objects.all().delete()
        Bucket.objects.all().delete()
        EventBatch.objects.update(folded=False)
        rollup.fold_pending(NOW)
        assert {key[-2:]: held for key, held in counted(stored()).items()} == sizes


@pytest.mark.django_db
def test_of_one_id_the_first_counts_whatever_the_others_say(
    campaign: Campaign, source: Source
) -> None:
    first = event(id="x", type="sent", domain="first.example", message="m")
    others = [event(id="x", type=kind, message="m") for kind in ("deferred", "clicked")]
    log(source, first, others[0])
    log(source, others[1], first)
    assert rollup.fold_pending(NOW) == 4
    log(source, *others, first)
    rollup.fold_pending(NOW)
    assert counted(stored()) == recount([first])
    assert not MessageState.objects.filter(waiting=True).exists()
    assert [b.duplicates for b in EventBatch.objects.order_by("pk")] == [1, 2, 3]
    assert rollup.verify(NOW) == []


@pytest.mark.django_db
def test_the_same_id_of_another_source_is_another_event(campaign: Campaign, source: Source) -> None:
    same = event(id="x")
    log(source, same)
    log(make_source("till"), same)
    rollup.fold_pending(NOW)
    totals = Bucket.objects.filter(tier=3600, series__dimension="").values_list("count", flat=True)
    assert list(totals) == [2]
    assert rollup.verify(NOW) == []


@pytest.mark.django_db
def test_of_two_instants_a_message_keeps_the_later_and_of_one_the_stronger(
    campaign: Campaign, source: Source
) -> None:
    def waiting() -> list[bool]:
        return list(MessageState.objects.values_list("waiting", flat=True))

    log(source, event(3 * MINUTE, type="sent", message="m"))
    log(source, event(MINUTE, type="deferred", message="m"))
    rollup.fold_pending(NOW)
    assert waiting() == [True]
    log(source, event(2 * MINUTE, type="delivered", message="m"))
    rollup.fold_pending(NOW)
    assert waiting() == [True]
    log(source, event(MINUTE, type="delivered", message="m"))
    rollup.fold_pending(NOW)
    log(source, event(MINUTE, type="deferred", message="m"))
    rollup.fold_pending(NOW)
    assert waiting() == [False]


# -- Late events, lost campaigns -----------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "late"),
    [
        (timedelta(hours=26), 0),
        (timedelta(hours=26, microseconds=500_000), 0),
        (timedelta(hours=26, microseconds=500_001), 1),
        (timedelta(hours=72), 1),
        (timedelta(minutes=-5), 0),
    ],
)
@pytest.mark.django_db
def test_before_the_horizon_events_are_late(
    campaign: Campaign, source: Source, age: timedelta, late: int
) -> None:
    log(source, event(age, message="m"))
    assert rollup.fold_pending(NOW) == 1
    batch = EventBatch.objects.get()
    assert (batch.folded, batch.duplicates, batch.late) == (True, 0, late)
    assert Bucket.objects.count() == (0 if late else 2 * len(TIERS))
    assert MessageState.objects.count() == 1 - late
    assert rollup.verify(NOW) == []


@pytest.mark.django_db
def test_events_of_a_campaign_that_was_deleted_meanwhile_are_late(
    campaign: Campaign, winter: Campaign, source: Source
) -> None:
    log(source, event(), event(campaign="winter"), event(campaign="winter"))
    winter.delete()
    assert rollup.fold_pending(NOW) == 3
    assert EventBatch.objects.get().late == 2
    assert {key[0] for key in stored()["buckets"]} == {"summer"}
    assert rollup.verify(NOW) == []


# -- The lease -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_while_one_holds_the_lease_nobody_else_folds(campaign: Campaign, source: Source) -> None:
    log(source, event())
    held = lease.acquire(NOW)
    assert held
    assert lease.acquire(NOW + lease.LENGTH - TICK) is None
    assert rollup.fold_pending(NOW + lease.LENGTH - TICK) == 0
    assert pending() == 1
    held.release()
    assert rollup.fold_pending(NOW) == 1


@pytest.mark.django_db
def test_who_dies_is_replaced_when_the_lease_expires(campaign: Campaign, source: Source) -> None:
    log(source, event())
    assert lease.acquire(NOW)
    assert rollup.fold_pending(NOW + lease.LENGTH) == 1


@pytest.mark.django_db
def test_every_chunk_extends_the_lease(campaign: Campaign, source: Source) -> None:
    log(source, event())
    held = lease.acquire(NOW)
    assert held
    tick.fold_chunk(list(EventBatch.objects.all()), held, NOW + lease.LENGTH / 2)
    assert lease.acquire(NOW + lease.LENGTH) is None


@pytest.mark.django_db
def test_a_paused_holder_commits_nothing_after_it_was_replaced(
    campaign: Campaign, source: Source
) -> None:
    sent = [event(message="m", execution=RUNS[1]), event(type="bounced", reason="r")]
    log(source, *sent)
    paused = lease.acquire(NOW)
    assert paused
    batches = list(EventBatch.objects.all())
    assert rollup.fold_pending(NOW + EXPIRED) == 2
    before = stored()
    with pytest.raises(lease.Fenced):
        tick.fold_chunk(batches, paused, NOW)
    assert stored() == before
    assert counted(before) == recount(sent)
    assert EventBatch.objects.get().duplicates == 0


@pytest.mark.django_db
def test_a_backlog_of_more_batches_than_one_statement_takes(
    campaign: Campaign, source: Source
) -> None:
    count = engine_log.BATCHES + 5
    log(source, event())
    row = EventBatch.objects.get()
    (one,) = decode(row.payload)
    EventBatch.objects.bulk_create(
        EventBatch(
            source=source,
            received_at=NOW,
            count=1,
            payload=encode(Events.of([one._replace(id=number)])),
        )
        for number in range(count)
    )
    assert rollup.fold_pending(NOW, budget=300) == count + 1
    assert pending() == 0
    hours = Bucket.objects.filter(tier=3_600, series__dimension="")
    assert hours.aggregate(events=Sum("count"))["events"] == count + 1


@pytest.mark.django_db
def test_a_tick_that_was_paused_gives_way_to_the_one_that_went_on(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause falls between folding and committing, and the other holder is still at it."""
    sent = [event(profile=str(number), message="m") for number in range(6)]
    for one in sent:
        log(source, one)
    monkeypatch.setattr(tick, "CHUNK", 2)
    others: list[lease.Lease] = []
    plain_fold = tick.fold

    def paused(*args: Any) -> Any:
        if not others:
            other = lease.acquire(NOW + EXPIRED)
            assert other
            others.append(other)
            tick.fold_chunk(tick.log.pending(tick.CHUNK), other, NOW + EXPIRED)
        return plain_fold(*args)

    monkeypatch.setattr(tick, "fold", paused)
    assert rollup.fold_pending(NOW) == 0
    assert pending() == 4
    assert counted(stored()) == recount(sent[:2])
    tick.fold_chunk(tick.log.pending(tick.CHUNK), others[0], NOW + EXPIRED)
    others[0].release()
    assert rollup.fold_pending(NOW + EXPIRED) == 2
    assert counted(stored()) == recount(sent)


@pytest.mark.django_db
def test_who_lost_the_lease_cannot_release_it(campaign: Campaign) -> None:
    old = lease.acquire(NOW)
    new = lease.acquire(NOW + EXPIRED)
    assert old
    assert new
    old.release()
    assert lease.acquire(NOW + EXPIRED) is None
    new.renew(NOW + EXPIRED)
    with pytest.raises(lease.Fenced):
        old.renew(NOW + EXPIRED)


@pytest.mark.django_db
def test_every_holder_has_a_greater_fence(campaign: Campaign) -> None:
    fences = []
    for number in range(4):
        held = lease.acquire(NOW + number * EXPIRED)
        assert held
        fences.append(held.fence)
        if number % 2:
            held.release()
    assert fences == sorted(set(fences))


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(hours=1), timedelta(days=400)])
@pytest.mark.django_db
def test_a_clock_that_steps_back_does_not_stop_the_fold(
    campaign: Campaign, source: Source, back: timedelta
) -> None:
    rollup.fold_pending(NOW)
    log(source, event(now=NOW - back), now=NOW - back)
    assert rollup.fold_pending(NOW - back) == 1


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=400)])
@pytest.mark.django_db
def test_nor_when_the_holder_died_before_the_clock_stepped_back(
    campaign: Campaign, source: Source, back: timedelta
) -> None:
    assert lease.acquire(NOW)
    log(source, event(now=NOW - back), now=NOW - back)
    assert rollup.fold_pending(NOW - back) == 1


@pytest.mark.django_db
def test_a_clock_that_is_a_little_behind_takes_nothing_away(campaign: Campaign) -> None:
    """Between two machines a few seconds are nothing: the holder is alive."""
    assert lease.acquire(NOW)
    assert lease.acquire(NOW - lease.LENGTH / 2) is None


# -- All or nothing ------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_commit_that_fails_counts_nothing(campaign: Campaign, source: Source) -> None:
    sent = [event(message="m"), event(type="bounced", category="hard")]
    log(source, *sent)
    plain_commit = connection._commit  # type: ignore[attr-defined]
    outcomes = iter([None, OperationalError("the disk is full"), None, None])

    def committing() -> None:
        if outcome := next(outcomes):  # the first transaction takes the lease
            raise outcome
        plain_commit()

    with (
        mock.patch.object(connection, "_commit", committing),
        pytest.raises(OperationalError, match="disk is full"),
    ):
        rollup.fold_pending(NOW)
    assert not Bucket.objects.exists()
    assert not KeyPage.objects.exists()
    assert pending() == 1
    assert rollup.fold_pending(NOW) == 2
    assert counted(stored()) == recount(sent)


# -- Chunks and the budget -----------------------------------------------------------------


def clock(monkeypatch: pytest.MonkeyPatch, module: Any) -> list[float]:
    """Put a clock into a module that shows one second more whenever somebody looks."""
    seconds = itertools.count()
    naps: list[float] = []
    fake = SimpleNamespace(monotonic=lambda: next(seconds), sleep=naps.append)
    monkeypatch.setattr(module, "time", fake)
    return naps


@pytest.mark.django_db
def test_a_tick_stops_at_its_budget_and_the_next_one_goes_on(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tick, "CHUNK", 2)
    clock(monkeypatch, tick)
    sent = [event() for _ in range(9)]
    for one in sent:
        log(source, one)
    done = [rollup.fold_pending(NOW, budget=5) for _ in range(5)]
    assert sum(done) == len(sent)
    assert 0 < done[0] < len(sent)
    assert done[-1] == 0
    assert counted(stored()) == recount(sent)


@pytest.mark.django_db
def test_without_a_budget_nothing_is_done_and_the_lease_is_given_back(
    campaign: Campaign, source: Source
) -> None:
    log(source, event())
    assert rollup.fold_pending(NOW, budget=0) == 0
    assert pending() == 1
    assert rollup.fold_pending(NOW) == 1


@pytest.mark.parametrize(
    ("chunk", "chunks"), [(1, [3, 1, 1, 2]), (2, [3, 2, 2]), (4, [4, 3]), (9, [7])]
)
@pytest.mark.django_db
def test_a_chunk_is_some_whole_batches(
    campaign: Campaign,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    chunk: int,
    chunks: list[int],
) -> None:
    for size in (3, 1, 1, 2):
        log(source, *(event() for _ in range(size)))
    monkeypatch.setattr(tick, "CHUNK", chunk)
    sizes: list[int] = []
    plain_chunk = tick.fold_chunk

    def spied(batches: Sequence[EventBatch], *args: Any) -> int:
        sizes.append(sum(batch.count for batch in batches))
        return plain_chunk(batches, *args)

    monkeypatch.setattr(tick, "fold_chunk", spied)
    assert rollup.fold_pending(NOW) == 7
    assert sizes == chunks


# -- Retention -----------------------------------------------------------------------------


@given(data=st.data())
@on_a_database
@pytest.mark.django_db
def test_pruning_removes_what_is_old_and_changes_no_number(
    campaign: Campaign, source: Source, data: st.DataObject
) -> None:
    old = data.draw(st.lists(events(now=NOW - timedelta(hours=72)), max_size=8))
    recent = data.draw(st.lists(events(), max_size=15))
    later = NOW + data.draw(st.timedeltas(timedelta(), timedelta(hours=3)))
    with undone():
        for channel in ("email", "web"):
            campaign.channels.create(channel=channel, declared=True)
        log(source, *old, now=NOW - timedelta(hours=72))
        rollup.fold_pending(NOW - timedelta(hours=72))
        log(source, *recent)
        rollup.fold_pending(NOW)
        rollup.fold_pending(later)
        before, shown = stored(), reports(campaign, later)
        rollup.prune(later)
        assert reports(campaign, later) == shown
        assert_pruned(before, later)
        assert rollup.verify(later) == []
        rollup.fold_pending(later + LONGEST)
        rollup.prune(later + timedelta(hours=100))
        left = stored()
        assert not any(left[kind] for kind in ("buckets", "series", "states", "keys"))
        assert not EventBatch.objects.exists()


def assert_pruned(before: dict[str, Any], now: datetime) -> None:
    """Exactly the buckets are gone that ended before the horizon, and series without any."""
    horizon = int((now - timedelta(hours=26)).timestamp())
    after = stored()
    assert after["buckets"] == {
        key: held for key, held in before["buckets"].items() if key[-1] + key[-2] > horizon
    }
    assert after["series"] == {key[:6] for key in after["buckets"]}
    assert not EventBatch.objects.filter(received_at__lt=now - timedelta(hours=72)).exists()
    over = KeyPeriod.objects.filter(closed_at__lt=now - timedelta(hours=72))
    assert not KeyPage.objects.filter(period__in=over.values("pk")).exists()
    owners = {int(key) for batch in EventBatch.objects.all() for key in decode(batch.payload).ids}
    assert owners <= after["keys"]


@pytest.mark.django_db
def test_a_bucket_goes_at_the_instant_that_it_ended_before_the_horizon(
    campaign: Campaign, source: Source
) -> None:
    noon = NOW.replace(hour=12, minute=0, second=0, microsecond=0)
    log(source, event(timedelta(hours=1, minutes=1), now=noon, domain="a.example"))
    rollup.fold_pending(NOW)
    horizon = noon - timedelta(hours=1)  # the minute, the quarter and the hour all end here
    rollup.prune(horizon + timedelta(hours=26) - timedelta(seconds=1))
    assert Bucket.objects.count() == 2 * len(TIERS)
    rollup.prune(horizon + timedelta(hours=26))
    assert not Bucket.objects.exists()
    assert not Series.objects.exists()


@pytest.mark.django_db
def test_a_repeat_that_is_pruned_leaves_the_id_to_the_batch_that_owns_it(
    campaign: Campaign, source: Source
) -> None:
    """Possible where the clock stepped back between the two."""
    sent = event(timedelta(hours=1))
    log(source, sent)
    rollup.fold_pending(NOW)
    log(source, sent, now=NOW - timedelta(hours=1))
    rollup.fold_pending(NOW)
    rollup.prune(NOW + timedelta(hours=71, minutes=30))
    assert EventBatch.objects.get().duplicates == 0
    assert len(known_keys()) == 1


@pytest.mark.django_db
def test_after_pruning_a_late_event_brings_nothing_back(campaign: Campaign, source: Source) -> None:
    old = event(timedelta(hours=25, minutes=59), message="m")
    log(source, old)
    rollup.fold_pending(NOW)
    later = NOW + timedelta(hours=2)
    rollup.prune(later)
    assert not Bucket.objects.exists()
    log(source, event(timedelta(hours=25, minutes=59)), old, now=later)
    rollup.fold_pending(later)
    assert not Bucket.objects.exists()
    assert not Series.objects.exists()
    batch = EventBatch.objects.latest("pk")
    assert (batch.late, batch.duplicates) == (1, 1)
    assert rollup.verify(later) == []


@pytest.mark.django_db
def test_a_series_that_was_pruned_can_come_again(campaign: Campaign, source: Source) -> None:
    log(source, event(timedelta(hours=25)))
    rollup.fold_pending(NOW)
    later = NOW + timedelta(hours=3)
    rollup.prune(later)
    again = event(now=later)
    log(source, again, now=later)
    rollup.fold_pending(later)
    assert counted(stored()) == recount([again], later)


@pytest.mark.django_db
def test_what_still_waits_is_not_pruned_and_counts_as_late(
    campaign: Campaign, source: Source
) -> None:
    log(source, event())
    later = NOW + timedelta(hours=80)
    rollup.prune(later)
    assert pending() == 1
    assert rollup.fold_pending(later) == 1
    assert EventBatch.objects.get().late == 1
    rollup.fold_pending(later + LONGEST)
    rollup.prune(later + LONGEST + timedelta(hours=73))
    assert not EventBatch.objects.exists()
    assert not KeyPage.objects.exists()


@pytest.mark.django_db
def test_an_id_is_known_for_as_long_as_its_event_is_accepted(
    campaign: Campaign, source: Source
) -> None:
    sent = event(timedelta(minutes=-5))
    log(source, sent)
    rollup.fold_pending(NOW)
    for hours in (25, 71, 72):
        later = NOW + timedelta(hours=hours)
        rollup.prune(later)
        log(source, sent, now=later)
        rollup.fold_pending(later)
        assert EventBatch.objects.latest("pk").duplicates == 1


@pytest.mark.parametrize("age", [timedelta(), timedelta(hours=1), timedelta(minutes=-5)])
@pytest.mark.django_db
def test_keys_and_states_go_with_their_period(
    campaign: Campaign, source: Source, age: timedelta
) -> None:
    log(source, event(age, type="deferred", message="m"))
    rollup.fold_pending(NOW)
    over = NOW + LONGEST
    rollup.fold_pending(over)
    rollup.prune(over + timedelta(hours=72))
    assert MessageState.objects.count() == len(known_keys()) == 1
    rollup.prune(over + timedelta(hours=72) + TICK)
    assert not EventBatch.objects.exists()
    assert not any(table.objects.exists() for table in (MessageState, KeyPage, KeyPeriod))


@pytest.mark.django_db
def test_a_state_outlives_its_period_while_it_may_change(
    campaign: Campaign, source: Source
) -> None:
    log(source, event(type="deferred", message="m"))
    rollup.fold_pending(NOW)
    later = NOW + timedelta(hours=70)
    again = event(now=later, type="deferred", message="m")
    log(source, again, now=later)
    rollup.fold_pending(later)
    much_later = NOW + timedelta(hours=80)
    rollup.fold_pending(much_later)
    rollup.prune(much_later)
    assert [state.waiting for state in MessageState.objects.all()] == [True]
    log(source, event(now=much_later, type="delivered", message="m"), now=much_later)
    rollup.fold_pending(much_later)
    assert [state.waiting for state in MessageState.objects.all()] == [False]


@pytest.mark.django_db
def test_repeats_are_known_across_periods(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(periods, "FULL", 3)
    sent = [event(type="deferred", message=f"m{number}") for number in range(20)]
    for start in range(0, 20, 2):
        log(source, *sent[start : start + 2])
        rollup.fold_pending(NOW)
    assert KeyPeriod.objects.count() > 4
    log(source, *reversed(sent), *(event(type="delivered", message=f"m{n}") for n in range(5)))
    rollup.fold_pending(NOW)
    assert EventBatch.objects.latest("pk").duplicates == 20
    assert len(known_keys()) == 25
    assert MessageState.objects.count() == 20
    assert MessageState.objects.filter(waiting=True).count() == 15
    assert rollup.verify(NOW) == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's statistics")
@pytest.mark.django_db
def test_pages_are_looked_up_one_by_one_in_a_period_that_no_statistics_know() -> None:
    for period in (1, 2):
        one = keypages.Owned(np.array([period]), np.array([9]))
        keypages.write(period, dict.fromkeys(range(10_000), one))
        if period == 1:
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE livereport_keypage")
    before = rows_read()
    wanted = np.column_stack((np.full(2_000, 2), np.arange(9_000, 11_000)))
    (found,) = keypages.read(wanted)
    assert (found.keys.tolist(), found.batches.tolist()) == ([2] * 1_000, [9] * 1_000)
    assert rows_read() - before <= 1_000


def rows_read() -> int:
    """Pages of keys, by this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables"
            " WHERE relname = 'livereport_keypage'"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_pruning_between_two_chunks_costs_a_tick_at_most(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The series that the tick remembers is gone when the second chunk needs it."""
    noon = NOW.replace(hour=12, minute=0, second=0, microsecond=0)
    sent = [event(timedelta(seconds=1), now=noon), event(timedelta(), now=noon)]
    now = noon + timedelta(hours=25, minutes=59, seconds=59)
    for one in sent:
        log(source, one, now=now)
    monkeypatch.setattr(tick, "CHUNK", 1)
    plain_chunk = tick.fold_chunk

    def pruned_meanwhile(*args: Any) -> int:
        folded = plain_chunk(*args)
        rollup.prune(now + timedelta(seconds=1))
        return folded

    with monkeypatch.context() as patch, suppress(IntegrityError):
        patch.setattr(tick, "fold_chunk", pruned_meanwhile)
        rollup.fold_pending(now)
    rollup.fold_pending(now)
    assert pending() == 0
    assert counted(stored()) == recount(sent[1:])
    assert rollup.verify(now + timedelta(seconds=1)) == []


@pytest.mark.django_db
def test_pruning_a_long_log_takes_it_in_slices(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liveReport.engines.pruning.SLICE", 2)
    for _ in range(3):
        log(source, *(event(domain=f"{number}.example", message="m") for number in range(5)))
    rollup.fold_pending(NOW)
    rollup.fold_pending(NOW + LONGEST)
    rollup.prune(NOW + LONGEST + timedelta(hours=73))
    left = stored()
    assert not any(left[kind] for kind in ("buckets", "series", "states", "keys"))


# -- Verification --------------------------------------------------------------------------


def some_bucket(**where: Any) -> Any:
    return Bucket.objects.filter(**where).order_by("-start", "tier", "series__dimension")[:1]


def only(found: Any) -> Any:
    """The first row of a query, as a query that can be changed."""
    row = found.get()
    return Bucket.objects.filter(series=row.series_id, tier=row.tier, start=row.start)


SKETCHED = {"series__type": "targeted", "series__dimension": ""}
OTHERS = by_the_library([1, 2])


def add_bucket() -> None:
    series = Series.objects.order_by("pk")[:1].get()
    Bucket.objects.create(series=series, tier=60, start=int(NOW.timestamp()) // 60 * 60, count=1)


def add_state(*, waiting: bool) -> None:
    nobodys = message_keys([("summer", "email")], np.zeros(1, np.int64), ["nobody's"])
    MessageState.objects.create(
        period=KeyPeriod.objects.get(closed_at=None).pk,
        key=state_keys("retries", nobodys)[0],
        campaign=Campaign.objects.get(),
        channel="email",
        gauge="retries",
        execution=0,
        at=int(NOW.timestamp()) * 1_000_000,
        rank=1,
        waiting=waiting,
    )


def states(*, waiting: bool) -> Any:
    return MessageState.objects.filter(waiting=waiting)


DAMAGES: dict[str, Callable[[], object]] = {
    "a count too high": lambda: only(some_bucket(tier=60)).update(count=F("count") + 1),
    "an hour too low": lambda: only(some_bucket(tier=3600)).update(count=0),
    "a bucket lost": lambda: only(some_bucket(tier=900)).delete(),
    "a bucket too many": add_bucket,
    "a series lost": lambda: Series.objects.filter(type="targeted").delete(),
    "a sketch lost": lambda: only(some_bucket(**SKETCHED)).update(sketch=None),
    "a sketch too large": lambda: only(some_bucket(**SKETCHED)).update(
        sketch=by_the_library(range(9))
    ),
    "somebody else in a sketch": lambda: only(some_bucket(**SKETCHED)).update(sketch=OTHERS),
    "a sketch cut short": lambda: only(some_bucket(**SKETCHED)).update(sketch=OTHERS[:-3]),
    "a sketch that is none": lambda: only(some_bucket(**SKETCHED)).update(sketch=b"none"),
    "a sketch of nothing": lambda: only(
        some_bucket(series__type="sent", series__dimension="domain")
    ).update(sketch=OTHERS),
    "a message that waits no more": lambda: states(waiting=True).update(waiting=False),
    "a message that waits again": lambda: states(waiting=False).update(waiting=True),
    "a waiting message lost": lambda: states(waiting=True).delete(),
    "a settled message lost": lambda: states(waiting=False).delete(),
    "a waiting message too many": lambda: add_state(waiting=True),
    "a settled message too many": lambda: add_state(waiting=False),
    "a message at another time": lambda: states(waiting=True).update(at=F("at") - 3_600_000_000),
    "a message out of the window": lambda: states(waiting=True).update(at=1),
    "a message of another run": lambda: states(waiting=True).update(execution=7),
    "a message of another rank": lambda: states(waiting=False).update(rank=F("rank") + 1),
}


@pytest.fixture
def rolled_up(campaign: Campaign, source: Source) -> list[Event]:
    """Events of everything that a verification looks at, folded."""
    sent = [
        event(type="targeted", profile="p-1"),
        event(type="targeted", profile="p-2"),
        event(timedelta(hours=2), domain="a.example", execution=RUNS[1]),
        event(timedelta(hours=25, minutes=50), domain="b.example"),
        event(type="deferred", message="waits", execution=RUNS[1]),
        event(type="deferred", message="settled"),
        event(timedelta(), type="delivered", message="settled"),
    ]
    log(source, *sent)
    rollup.fold_pending(NOW)
    return sent


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_verification_finds_and_mends(
    rolled_up: list[Event], campaign: Campaign, damage: Callable[[], object]
) -> None:
    before, shown = stored(), reports_of_email(campaign)
    assert rollup.verify(NOW) == []
    damage()
    damaged = stored()
    assert damaged != before
    found = rollup.verify(NOW)
    assert found
    assert all(difference.expected != difference.found for difference in found)
    assert len({difference.what for difference in found}) == len(found)
    assert stored()["buckets"] == damaged["buckets"]
    assert stored()["states"] == damaged["states"]
    versions = list(CampaignChannel.objects.values_list("version", flat=True))
    assert rollup.verify(NOW, rebuild=True) == found
    assert stored() == before
    assert reports_of_email(campaign) == shown
    assert rollup.verify(NOW) == []
    assert versions < list(CampaignChannel.objects.values_list("version", flat=True))


def reports_of_email(campaign: Campaign) -> Any:
    return [widget.as_json() for widget in tab_report(campaign, "email", [], NOW).widgets]


def test_after_mending_the_fold_goes_on(rolled_up: list[Event], source: Source) -> None:
    Bucket.objects.all().delete()
    MessageState.objects.all().delete()
    rollup.verify(NOW, rebuild=True)
    more = event(timedelta(), type="deferred", message="settled", now=NOW + MINUTE)
    log(source, more, now=NOW + MINUTE)
    assert rollup.fold_pending(NOW + MINUTE) == 1
    horizon = (NOW - timedelta(hours=26)).timestamp()
    mended = {key: held for key, held in recount([*rolled_up, more]).items() if key[-1] >= horizon}
    assert counted(stored()) == mended
    assert states(waiting=True).count() == 2
    assert rollup.verify(NOW + MINUTE) == []


@pytest.mark.django_db(transaction=True)
def test_verification_bears_others_that_write(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(25):
        log(source, event())
    rollup.fold_pending(NOW)
    plain_chunk = tick.Chunk.of

    def write() -> None:
        Source.objects.ensure(f"source-{next(numbers_of_ids)}")
        connection.close()

    def watched(batches: Any) -> tick.Chunk:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(write).result()
        return plain_chunk(batches)

    monkeypatch.setattr(tick.Chunk, "of", watched)
    assert rollup.verify(NOW) == []


def test_verification_leaves_out_what_still_waits(rolled_up: list[Event], source: Source) -> None:
    log(source, event(), event(type="deferred", message="new"))
    assert rollup.verify(NOW) == []
    assert pending() == 1


def test_verification_waits_for_the_lease_but_not_for_ever(
    rolled_up: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    naps = clock(monkeypatch, import_module("liveReport.rollup.verify"))
    held = lease.acquire(NOW)
    assert held
    with time_machine.travel(NOW, tick=False), pytest.raises(TimeoutError):
        rollup.verify(NOW)
    assert len(naps) > 10
    held.release()
    assert rollup.verify(NOW) == []


@pytest.mark.usefixtures("rolled_up")
def test_the_command_says_what_differs_and_mends(capsys: pytest.CaptureFixture[str]) -> None:
    before = stored()
    only(some_bucket(tier=60)).update(count=F("count") + 41)
    out = io.StringIO()
    with time_machine.travel(NOW, tick=False):
        with pytest.raises(SystemExit) as stop:
            call_command("verify_rollups", stdout=out)
        assert stop.value.code == 1
        assert "42" in out.getvalue()
        call_command("verify_rollups", rebuild=True)
        assert stored() == before
        call_command("verify_rollups")
    assert "0 numbers differ." in capsys.readouterr().err


def test_keys_are_told_apart_by_source_campaign_and_gauge() -> None:
    one = np.zeros(1, np.int64)
    sent = [(1, "c", "1x"), (11, "c", "x"), (2, "c", "1x"), (1, "1", "x"), (1, "1x", "c")]
    keys = [key for source, campaign, text in sent for key in names.keys(source, [text], campaign)]
    messages = [message_keys([scope], one, ["m"]) for scope in (("a", "b"), ("b", "a"))]
    messages += [message_keys([("c", "1")], one, ["x"]), message_keys([("1", "c")], one, ["1x"])]
    keys += [int(key) for each in messages for key in each]
    keys += [int(key) for each in messages for gauge in "cd" for key in state_keys(gauge, each)]
    assert len(set(keys)) == len(keys)
