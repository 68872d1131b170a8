"""Pruning takes what is old and changes no number."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.counts.tiers import TIERS
from liveReport.engines.keys.periods import LONGEST
from liveReport.events.batch import decode
from liveReport.models import Bucket, Campaign, EventBatch, KeyPage, KeyPeriod, Series, Source
from liveReport.report import tab_report
from liveReport.rollup import tick
from tests.support import rollups
from tests.support.isolation import undone
from tests.support.rollups import (
    NOW,
    counted,
    event,
    events,
    known_keys,
    log,
    pending,
    recount,
    stored,
)
from tests.support.strategies import on_a_database

_without_waiting = rollups.without_waiting


def reports(campaign: Campaign, now: datetime) -> list[Any]:
    """The frames of every tab, with all that changes only with time left out."""
    tabs = [tab_report(campaign, tab, [], now) for tab in ("campaign", "email", "web")]
    return [[widget.as_json() for widget in tab.widgets] for tab in tabs]


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
