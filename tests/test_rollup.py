"""The rollups hold a function of the set of events, whatever happens on the way there."""

from collections.abc import Sequence
from datetime import timedelta
from unittest import mock

import pytest
from django.db import OperationalError, connection
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.counts.tiers import TIERS
from liveReport.models import (
    Bucket,
    Campaign,
    EventBatch,
    KeyPage,
    KeyPeriod,
    MessageState,
    Source,
)
from liveReport.rollup import tick
from tests.support import rollups
from tests.support.factories import CampaignFactory, make_source
from tests.support.isolation import undone
from tests.support.rollups import (
    MINUTE,
    NOW,
    Event,
    counted,
    event,
    events,
    log,
    pending,
    recount,
    stored,
)
from tests.support.strategies import on_a_database

_without_waiting = rollups.without_waiting


@pytest.fixture
def winter(db: None) -> Campaign:
    return CampaignFactory(slug="winter")


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
