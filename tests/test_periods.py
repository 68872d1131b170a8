"""Keys and states are kept by period, and go with it when nobody can need them."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection

from liveReport import rollup
from liveReport.engines.keys import keypages, periods
from liveReport.engines.keys.periods import LONGEST
from liveReport.models import Campaign, EventBatch, KeyPage, KeyPeriod, MessageState, Source
from tests.support import rollups
from tests.support.rollups import NOW, TICK, event, known_keys, log

_without_waiting = rollups.without_waiting


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
def test_keys_stay_as_long_as_their_batches_where_the_clock_was_set_back(
    campaign: Campaign, source: Source
) -> None:
    log(source, event(type="deferred", message="m"))
    rollup.fold_pending(NOW)
    rollup.fold_pending(NOW - timedelta(minutes=50))  # closes the period, which began later
    rollup.prune(NOW + timedelta(hours=72) - TICK)
    assert EventBatch.objects.exists()
    assert len(known_keys()) == 1
    assert rollup.verify(NOW + timedelta(hours=72)) == []


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
