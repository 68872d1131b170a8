"""Whoever folds fails, dies or is paused at any point: nothing is lost, nothing counted twice."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
from django.db import OperationalError
from django.db.models import Sum

from liveReport import rollup
from liveReport.engines import lease
from liveReport.ingest import receive
from liveReport.models import Campaign, EventBatch, Source
from liveReport.report import tab_report
from liveReport.rollup import admission, tick
from tests.support import oracle
from tests.support.isolation import undone
from tests.support.mishaps import at_statement, end_of, failing, forked, held, stopped

NOW = datetime(2026, 3, 14, 15, 9, 26, 500_000, tzinfo=UTC)
EXPIRED = lease.LENGTH + timedelta(seconds=1)
RUNS = ("2026-03-14T08:00:00Z", "2026-03-13T20:00:00.000001Z")
DIED = 9
ROOM = pytest.mark.parametrize("room", [admission.VALUES, 1])
"""For values of a dimension, and executions: with one only, whatever comes makes another leave."""

Event = dict[str, Any]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # Children use nothing that another thread could hold.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tick, "let_others_write", lambda held: None)


class Traffic:
    """Events that give the fold something to write everywhere, each time anew."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.sent: list[Event] = []
        self.repeats = 0

    def send(self, turn: int, now: datetime) -> None:
        """Two batches: some events are new, some late, some repeated, within and across."""
        fresh = self._events(turn, now)
        again = self.sent[-2:]
        for batch in (fresh, [*again, fresh[0]]):
            assert receive(self.source, msgspec.json.encode(batch), now=now).rejected == []
        self.sent += fresh
        self.repeats += len(again) + 1

    def _events(self, turn: int, now: datetime) -> list[Event]:
        def event(number: int, minutes: int = 1, **fields: str) -> Event:
            plain = {
                "id": f"{turn}-{number}",
                "campaign": "summer",
                "channel": "email",
                "occurred_at": (now - timedelta(minutes=minutes)).isoformat(),
                "profile": f"p-{(turn + number) % 7}",
            }
            return plain | fields

        domain, run = f"{turn}.example", RUNS[turn % 2]
        return [
            event(0, type="sent", message=f"m{turn}", domain=domain, execution=run),
            event(1, 0, type="deferred", message=f"m{turn}", domain=domain, reason=f"r{turn}"),
            event(2, 0, type="delivered", message=f"m{turn - 2}", domain=domain),
            event(3, 70, type="targeted", execution=run),
            event(4, channel="web", type="impression", element=f"e{turn}"),
            event(5, 30 * 60, type="sent"),
            event(6, 25 * 60, type="sent", domain=domain),
        ]

    def assert_counted(self, campaign: Campaign, now: datetime, *, apart: bool) -> None:
        """Every tab says what a recount says."""
        self.assert_ended()
        oracle.assert_report(campaign, self.sent, now, apart=apart, executions_apart=apart)

    def assert_ended(self) -> None:
        """Every event ended as one thing."""
        assert pending() == 0
        ends = EventBatch.objects.aggregate(Sum("count"), Sum("duplicates"))
        assert ends["duplicates__sum"] == self.repeats
        assert ends["count__sum"] == len(self.sent) + self.repeats


def pending() -> int:
    return EventBatch.objects.filter(folded=False).count()


@ROOM
def test_a_tick_that_fails_at_any_statement_leaves_no_trace(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    for bound in ("VALUES", "EXECUTIONS"):
        monkeypatch.setattr(admission, bound, room)
    traffic = Traffic(source)
    traffic.send(0, NOW)
    rollup.fold_pending(NOW)
    traffic.send(1, NOW)
    with undone():
        rollup.fold_pending(NOW + EXPIRED)
        expected = shown(campaign)
    before, now = held(), NOW
    for step in count():
        now += EXPIRED
        with suppress(OperationalError), failing(step):
            rollup.fold_pending(now)
        if not pending():
            break
        assert held() == before
    assert step > 20, "most statements were never reached"
    assert shown(campaign) == expected
    traffic.assert_counted(campaign, now, apart=room > 1)
    assert rollup.verify(now) == []


def shown(campaign: Campaign) -> list[Any]:
    """What the tabs show when all has been tried."""
    tabs = [tab_report(campaign, tab, [], NOW + timedelta(hours=1)) for tab in TABS]
    return [(one.frame, one.trend) for tab in tabs for one in tab.widgets]


TABS = ("campaign", "email", "web")


def test_whoever_dies_at_any_statement_is_replaced(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process really ends, without a word to anybody; the next one comes when its lease ends."""
    for bound in ("VALUES", "EXECUTIONS"):
        monkeypatch.setattr(admission, bound, 1)
    traffic, now = Traffic(source), NOW
    for step in count():
        traffic.send(step, now)
        if end_of(forked(dying(step, now))) != DIED:
            break
        now += EXPIRED
        rollup.fold_pending(now)
        traffic.assert_ended()
        oracle.assert_tab(campaign, "email", traffic.sent, now, apart=False, executions_apart=False)
    assert step > 30, "most statements were never reached"
    traffic.assert_counted(campaign, now, apart=False)
    assert rollup.verify(now) == []


def dying(step: int, now: datetime) -> Callable[[], int]:
    """A tick whose process dies at a statement; it gives 0 if there is no such statement."""

    def work() -> int:
        with at_statement(step, lambda: os._exit(DIED)):
            rollup.fold_pending(now)
        return 0

    return work


# -- A pause -------------------------------------------------------------------------------


def test_a_process_that_was_stopped_commits_nothing_after_it_was_replaced(
    campaign: Campaign, source: Source
) -> None:
    """It has folded all and is about to begin its transaction when it is stopped."""
    traffic, later = Traffic(source), NOW + EXPIRED
    traffic.send(0, NOW)
    with stopped(lambda: stopping(NOW)) as paused:
        assert rollup.fold_pending(NOW + lease.LENGTH / 2) == 0  # it may still be at it
        assert rollup.fold_pending(later) == 8
        traffic.send(1, later)
        assert rollup.fold_pending(later) == 10
        before = held()
        other = lease.acquire(later)
        assert other
        os.kill(paused, signal.SIGCONT)
        assert end_of(paused) == 0
    assert held() == before
    other.renew(later)  # who was stopped has not let it go either
    other.release()
    traffic.assert_counted(campaign, later, apart=True)
    assert rollup.verify(later) == []


def stopping(now: datetime) -> int:
    """A tick that is stopped between its computation and its transaction; what it committed."""
    plain_fold = tick.fold

    def fold(*args: Any) -> Any:
        folded = plain_fold(*args)
        os.kill(os.getpid(), signal.SIGSTOP)
        return folded

    tick.fold = fold  # type: ignore[assignment]  # the process is there for nothing else
    return rollup.fold_pending(now)
