"""Events that cannot be folded, and what became of the others."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.db.models import Sum

from liveReport import rollup
from liveReport.engines import suspects
from liveReport.ingest import receive
from liveReport.models import EventBatch, SetAsideBatch, Source
from liveReport.rollup import tick
from tests.support import factories
from tests.support.names import names

NOW = datetime(2026, 3, 14, 15, 9, 26, 500_000, tzinfo=UTC)
SECRET = "bob@example.com"
Event = dict[str, Any]


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tick, "let_others_write", lambda held: None)
    suspects._unheard.clear()


def event(name: str, **fields: Any) -> Event:
    plain = factories.event(id=name, profile=f"p-{name}", occurred_at=NOW.isoformat())
    return plain | fields


def log(source: Source, *events: Event) -> EventBatch:
    assert receive(source, msgspec.json.encode(events), now=NOW).rejected == []
    return EventBatch.objects.latest("pk")


def corrupt(source: Source, count: int = 3) -> EventBatch:
    return EventBatch.objects.create(
        source=source, count=count, payload=b"no frame", received_at=NOW
    )


class Poison:
    """Makes the fold do something where it meets certain events."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ids: set[str] = set()
        self.act: Callable[[], None] = self.fail
        plain = tick.fold

        def poisoned(events: Any, *given: Any) -> Any:
            if self.ids & set(names(events)):
                self.act()
            return plain(events, *given)

        monkeypatch.setattr(tick, "fold", poisoned)

    def fail(self) -> None:
        raise ValueError(f"cannot fold {SECRET} of '{SECRET}'")


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Poison:
    return Poison(monkeypatch)


def tick_until_still(most: int = 12) -> int:
    """Tick as beat would until nothing is pending; how many ticks that took."""
    for number in range(1, most + 1):
        rollup.fold_pending(NOW + number * timedelta(seconds=2))
        if not EventBatch.objects.filter(folded=False).exists():
            return number
    raise AssertionError(f"{EventBatch.objects.filter(folded=False).count()} still wait")


def ids_set_aside() -> list[str]:
    return sorted(one for row in SetAsideBatch.objects.all() for one in names(row.payload))


def counted_ids() -> list[str]:
    return sorted(
        one for row in EventBatch.objects.filter(folded=True) for one in names(row.payload)
    )


def assert_balanced(received: int) -> None:
    """Received is counted and repeated and late and set aside."""
    ends = EventBatch.objects.aggregate(Sum("count"))["count__sum"] or 0
    aside = SetAsideBatch.objects.aggregate(Sum("count"))["count__sum"] or 0
    assert ends + aside == received
    assert rollup.verify(NOW + timedelta(minutes=1)) == []
