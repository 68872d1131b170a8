"""Beat's scheduler: it rings on, however clocks are set and whatever is away."""

import logging
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, ProgrammingError
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks
from hypothesis import given
from hypothesis import strategies as st

from liveReport.site import beat
from tests.support.beats import Beat
from tests.support.isolation import undone
from tests.support.strategies import on_a_database

NOW = datetime(2026, 3, 14, 15, 9, 26, 500_000, tzinfo=UTC)
TICK, PRUNE = "livereport.tick", "livereport.prune"
SOON = 5
"""Seconds within which a tick must have come: two periods, and what beat sleeps."""
MOVES = st.one_of(
    st.sampled_from([-86_400, -7_200, -120, -2, -1, 1, 2, 120, 7_200, 86_400]),
    st.integers(-200_000, 200_000),
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_tasks(db: None) -> None:
    """One of each queue: others are rung for as pruning is. No signal says that one has gone."""
    rest = PeriodicTask.objects.exclude(name__in=(TICK, PRUNE))
    rest._raw_delete(rest.db)


@on_a_database
@given(st.lists(st.tuples(MOVES, st.integers(0, 4), st.booleans()), min_size=1, max_size=4))
def test_ticks_come_however_beats_clock_is_set(moves: list[tuple[int, int, bool]]) -> None:
    with undone():
        running = Beat(NOW)
        for ahead, seconds, restart in moves:
            running.ahead = timedelta(seconds=ahead)
            if restart:
                running.stop()
                running.start()
            list(running.wait(seconds))
        assert TICK in list(running.wait(SOON))


@pytest.mark.parametrize("ahead", [-7_200, -5, 5, 7_200])
def test_a_worker_obeys_whatever_its_clock_says(ahead: int) -> None:
    running = Beat(NOW)
    running.ahead = timedelta(seconds=ahead)
    obeyed = list(running.wait(120))
    assert 55 <= obeyed.count(TICK) <= 61
    assert 1 <= obeyed.count(PRUNE) <= 3


def test_the_whole_schedule_lies_ahead_when_beat_starts() -> None:
    """As a clock that was fast leaves it: when tasks ran, and when they were changed."""
    ahead = NOW + timedelta(hours=2)
    PeriodicTask.objects.update(last_run_at=ahead, date_changed=ahead)
    PeriodicTask.objects.filter(name=PRUNE).update(last_run_at=None)
    PeriodicTasks.objects.create(ident=1, last_update=ahead)
    obeyed = list(Beat(NOW).wait(65))
    assert obeyed.count(TICK) >= 30
    assert PRUNE in obeyed


def test_a_change_is_seen_although_the_clock_was_set_back() -> None:
    running = Beat(NOW)
    running.ahead = timedelta(hours=2)
    list(running.wait(3))
    PeriodicTasks.objects.create(ident=1, last_update=NOW + running.ahead)
    list(running.wait(3))
    running.ahead = timedelta()
    list(running.wait(3))
    PeriodicTask.objects.filter(name=TICK).update(enabled=False)
    PeriodicTasks.objects.update(last_update=running.now)
    list(running.wait(2))
    assert TICK not in list(running.wait(10))


# -- Workers that are away ----------------------------------------------------------------------


def test_few_messages_wait_for_a_worker_and_none_kind_keeps_out_the_other() -> None:
    running = Beat(NOW)
    for _ in range(400):
        running.now += timedelta(seconds=1)
        running.steady += 1
        running.ring()
    obeyed = list(running.obeyed())
    assert obeyed.count(TICK) == beat.WAITING
    assert obeyed.count(PRUNE) == beat.WAITING
    assert list(running.wait(10)).count(TICK) >= 4


# -- What is away meanwhile ---------------------------------------------------------------------


@pytest.mark.parametrize("error", [OperationalError("away\nand more"), InterfaceError("closed")])
@pytest.mark.parametrize("when", ["at the start", "later"])
def test_a_database_that_is_away_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, when: str
) -> None:
    caplog.set_level(logging.INFO, "liveReport.site.beat")

    def fail(*_: object) -> Any:
        raise error

    if when == "later":
        running = Beat(NOW)
        list(running.wait(3))
    monkeypatch.setattr(PeriodicTasks, "last_change", fail)
    monkeypatch.setattr(beat.Scheduler, "enabled_models", fail)
    if when == "at the start":
        running = Beat(NOW)
    assert list(running.wait(10)) == []
    monkeypatch.undo()
    assert TICK in list(running.wait(SOON))
    assert [record.getMessage() for record in caplog.records] == [
        f"Reading the schedule fails: {str(error).partition(chr(10))[0]}",
        "Reading the schedule works again.",
    ]


def test_what_is_no_outage_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise ProgrammingError("no such table")

    running = Beat(NOW)
    monkeypatch.setattr(PeriodicTasks, "last_change", fail)
    with pytest.raises(ProgrammingError):
        list(running.wait(3))


def test_a_broker_that_is_away_is_met_anew(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "liveReport.site.beat")
    running = Beat(NOW)
    list(running.wait(3))
    for _ in range(2):
        connection = running.scheduler.connection
        running.lose_broker()
        assert list(running.wait(2)) == []
        assert not connection.connected
        assert TICK in list(running.wait(SOON))
    assert [record.getMessage() for record in caplog.records] == 2 * [
        "Sending tasks fails: Couldn't apply scheduled task livereport.tick: away",
        "Sending tasks works again.",
    ]
    assert not any(record.exc_info for record in caplog.records)


# -- Whose schedule it is -----------------------------------------------------------------------


def test_the_schedule_is_the_administrators() -> None:
    PeriodicTask.objects.filter(name=PRUNE).delete()
    PeriodicTask.objects.filter(name=TICK).update(expire_seconds=7)
    interval = IntervalSchedule.objects.create(every=10, period="seconds")
    PeriodicTask.objects.create(name="another", task=TICK, interval=interval)
    obeyed = list(Beat(NOW).wait(21))
    assert set(obeyed) == {TICK}
    assert len(obeyed) == 10 + 2
    assert PeriodicTask.objects.count() == 2


def test_intervals_are_kept() -> None:
    running = Beat(NOW)
    list(running.wait(5))
    seconds = [second for second in range(60) if TICK in list(running.wait(1))]
    assert {later - sooner for sooner, later in pairwise(seconds)} == {2}


def test_a_migration_leaves_the_schedule_to_them() -> None:
    PeriodicTask.objects.filter(name=PRUNE).delete()
    PeriodicTask.objects.filter(name=TICK).update(enabled=False, expire_seconds=7)
    call_command("migrate", verbosity=0)
    Beat(NOW)
    ours = PeriodicTask.objects.values_list("name", "enabled", "expire_seconds")
    assert list(ours) == [(TICK, False, 7)]


@pytest.mark.parametrize(
    ("name", "was", "becomes"),
    [(TICK, 1, None), (PRUNE, 30, None), (TICK, 7, 7), (PRUNE, None, None)],
)
def test_an_upgrade_ends_the_expiry_that_was_seeded(
    name: str, was: int | None, becomes: int | None
) -> None:
    PeriodicTask.objects.filter(name=name).update(expire_seconds=was)
    import_module("liveReport.migrations.0010_tasks_never_expire").unset(apps, None)
    assert PeriodicTask.objects.get(name=name).expire_seconds == becomes
