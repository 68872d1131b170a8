"""However many values strangers send: totals stay exact, rows few, the real ones visible."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import OTHER
from liveReport.counts.cells import SeriesKey
from liveReport.ingest import receive
from liveReport.models import Bucket, Campaign, Series, Source
from liveReport.report import tab_widget
from liveReport.report.frames import Frame
from liveReport.rollup import admission
from liveReport.rollup.admission import Rank, keep
from tests.support.factories import event
from tests.support.isolation import undone

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
REAL = {f"5.1.{number}": 40 + 7 * number for number in range(20)}
"""The values there really are, and how many events have each."""


class Place(NamedTuple):
    """Where values come in, and the widget that shows them."""

    channel: str
    type: str
    dimension: str
    widget: str

    def event(self, value: str, number: int, minutes: int = 1) -> dict[str, Any]:
        return event(
            id=f"{value}-{number}",
            channel=self.channel,
            type=self.type,
            profile=f"p{number % 50}",
            occurred_at=(NOW - timedelta(minutes=minutes)).isoformat(),
            **{self.dimension: value},
        )

    def frame(self, campaign: Campaign) -> Frame:
        _, widget = tab_widget(campaign, self.channel, self.widget, [], NOW)
        assert widget.frame
        return widget.frame


REASONS = Place("email", "excluded", "reason", "exclusion_reasons")
ELEMENTS = Place("web", "interaction", "element", "interactions_by_element")
excluded = REASONS.event


def fold(source: Source, events: Sequence[dict[str, Any]], size: int = 5_000) -> None:
    """Send and fold in batches of a size."""
    for start in range(0, len(events), size):
        batch = msgspec.json.encode(events[start : start + size])
        assert receive(source, batch, now=NOW).rejected == []
        rollup.fold_pending(NOW)


# -- Who stays -----------------------------------------------------------------------------


def key(value: object) -> SeriesKey:
    return SeriesKey("c", "email", "excluded", "reason", str(value), 0)


@given(
    st.dictionaries(st.integers(), st.builds(Rank, st.integers(0, 9), st.integers(0, 50))),
    st.integers(1, 20),
)
def test_half_of_the_room_is_for_the_heaviest_and_the_rest_for_the_newest(
    standings: dict[int, Rank], limit: int
) -> None:
    known = {key(value): standing for value, standing in standings.items()}
    kept = keep(known, limit)
    assert len(kept) == min(limit, len(known))
    gone = [known[one] for one in known.keys() - kept]
    weights = sorted((standing.weight for standing in known.values()), reverse=True)
    assert all(gone_one.weight <= weights[: limit // 2][-1] for gone_one in gone if limit > 1)
    by_weight = sorted(known, key=lambda one: (*known[one], one), reverse=True)
    newer = [known[one] for one in kept - set(by_weight[: limit // 2])]
    assert all(one.age >= other.age for one in newer for other in gone)


# -- An attack -----------------------------------------------------------------------------


def attack(order: str, real: list[Any], false: list[Any]) -> list[Any]:
    if order == "interleaved":
        return random.Random(1).sample([*real, *false], len(real) + len(false))
    return [*false, *real] if order == "first" else [*real, *false]


@pytest.mark.parametrize(
    ("place", "order"),
    [
        (REASONS, "first"),
        (REASONS, "last"),
        (REASONS, "interleaved"),
        (ELEMENTS, "interleaved"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.dimension,
)
@pytest.mark.django_db
def test_the_real_values_stay_visible_and_the_totals_exact(
    campaign: Campaign, source: Source, place: Place, order: str
) -> None:
    real = [place.event(value, n) for value, count in REAL.items() for n in range(count)]
    random.Random(2).shuffle(real)
    false = [place.event(f"x{number:x}", number) for number in range(12_000)]
    fold(source, attack(order, real, false))
    assert Series.objects.filter(dimension=place.dimension).count() <= admission.VALUES + 1
    assert Bucket.objects.count() <= 3 * (admission.VALUES + 3)
    frame = place.frame(campaign)
    assert {row[place.dimension] for row in frame.rows[: len(REAL)]} == REAL.keys()
    assert sum(1 for row in frame.rows if row[place.dimension] == OTHER) == 1
    assert 10_000 < frame.folded < len(false) + 100
    assert shown_events(place) == len(real) + len(false)
    assert_at_most_true(Counter(one[place.dimension] for one in real), place)
    if order != "interleaved":
        assert stored_counts(place).items() >= REAL.items()
    assert rollup.verify(NOW) == []


def shown_events(place: Place = REASONS) -> int:
    """What the events of all values add up to."""
    hours = Bucket.objects.filter(series__type=place.type, tier=3600)
    of_values = hours.filter(series__dimension=place.dimension)
    whole = hours.filter(series__dimension="")
    assert sum(row.count for row in of_values) == sum(row.count for row in whole)
    return sum(row.count for row in whole)


def stored_counts(place: Place = REASONS) -> dict[str, int]:
    counts: Counter[str] = Counter()
    rows = Bucket.objects.filter(series__dimension=place.dimension, tier=3600)
    for value, count in rows.values_list("series__value", "count"):
        counts[value] += count
    return dict(counts)


def assert_at_most_true(true: Counter[str], place: Place = REASONS) -> None:
    for value, count in stored_counts(place).items():
        if value in true:
            assert count <= true[value]


@pytest.mark.django_db
def test_a_value_that_comes_late_and_often_is_noticed_in_small_ticks_too(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One event of it in a tick, among others that each come once."""
    monkeypatch.setattr(admission, "VALUES", 20)
    fold(source, [excluded(f"old{number}", n) for number in range(30) for n in range(2)])
    for tick in range(12):
        others = [excluded(f"x{tick}-{number}", tick) for number in range(4)]
        fold(source, [excluded("late", tick), *others])
    assert stored_counts()["late"] == 12
    assert rollup.verify(NOW) == []


# -- Any events ----------------------------------------------------------------------------


@given(
    batches=st.lists(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.integers(1, 90)), max_size=12),
        max_size=6,
    )
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.django_db
def test_nothing_is_lost_or_counted_twice_whoever_leaves(
    campaign: Campaign,
    source: Source,
    batches: list[list[tuple[int, int, int]]],
) -> None:
    with undone(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(admission, "VALUES", 3)
        sent = [
            [{**excluded(f"r{reason}", number, age), "id": f"{place}-{index}"}
             for index, (reason, number, age) in enumerate(batch)]
            for place, batch in enumerate(batches)
        ]  # fmt: skip
        for batch in sent:
            fold(source, batch)
        whole = [one for batch in sent for one in batch]
        if not whole:
            return
        assert shown_events() == len(whole)
        assert_at_most_true(Counter(one["reason"] for one in whole))
        assert Series.objects.filter(dimension="reason").count() <= 4
        frame = REASONS.frame(campaign)
        assert frame.totals["excluded"] == len({one["profile"] for one in whole})
        assert_profiles(frame, whole)
        assert rollup.verify(NOW) == []


def assert_profiles(frame: Frame, events: Iterable[dict[str, Any]]) -> None:
    """The profiles of all rows together are those of all events: none is lost on the way."""
    people = {one["profile"] for one in events}
    rows = [int(str(row["excluded"])) for row in frame.rows]
    assert max(rows) <= len(people) <= sum(rows)


# -- Verification and the page -------------------------------------------------------------


@pytest.mark.django_db
def test_a_wrong_number_among_folded_values_is_found_and_mended(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "VALUES", 4)
    fold(source, [excluded(f"r{number}", n) for number in range(9) for n in range(3)], 5)
    assert rollup.verify(NOW) == []
    other = Series.objects.get(value=OTHER)
    Bucket.objects.filter(series=other, tier=3600).update(count=1)
    assert rollup.verify(NOW, rebuild=True)
    assert rollup.verify(NOW) == []
    assert shown_events() == 27


@pytest.mark.django_db
def test_the_page_says_what_was_folded(
    campaign: Campaign,
    source: Source,
    admin_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    time_machine: Any,
) -> None:
    time_machine.move_to(NOW)
    monkeypatch.setattr(admission, "VALUES", 4)
    fold(source, [excluded(f"r{number}", 0) for number in range(1_204)])
    page = admin_client.get("/admin/reports/summer/email/").content.decode()
    assert "Too many different values to count each apart" in page
    assert "“Others” holds 1,200 events of the rarest." in page
    admin_client.cookies["django_language"] = "fr"
    page = admin_client.get("/admin/reports/summer/email/").content.decode()
    assert "«\u202fAutres\u202f» réunit 1\xa0200 événements des plus rares." in page
