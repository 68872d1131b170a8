"""The window and its ranges: every minute of a day, each exactly once."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from hypothesis import example, given
from hypothesis import strategies as st

from liveReport.counts.tiers import TIERS, Range, cover
from liveReport.models import Campaign
from liveReport.report import tab_report
from liveReport.report.window import LENGTH, WINDOWS, BadPeriod, Period, Window
from tests.support.factories import event

MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
DAY = 24 * 3600

CENTURY = 100 * 366 * DAY
EDGES = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 2, 29, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=ZoneInfo("Europe/Paris")),
    datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Paris")),
    datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Paris")),
    datetime(2026, 1, 1, 5, 29, 59, tzinfo=ZoneInfo("Asia/Kolkata")),
]

moments = st.one_of(
    st.sampled_from(EDGES),
    st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.timezones()),
)


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, int]:
    """Two whole minutes up to a few days apart, before and after 1970."""
    start = draw(st.integers(-CENTURY // 60, CENTURY // 60))
    return start * 60, (start + draw(st.integers(0, 4_000))) * 60


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """One that has a name, or any span of the last 24 hours."""
    now = draw(moments)
    if name := draw(st.sampled_from([*WINDOWS, None])):
        return Window.at(now, name)
    start, end = sorted(draw(st.sets(st.integers(0, 1440), min_size=2, max_size=2)))
    day = Window.at(now)
    return Window(day.start + start * MINUTE, day.start + end * MINUTE)


@st.composite
def ladders(draw: st.DrawFn) -> tuple[int, ...]:
    """Tiers, coarse to fine, each a multiple of the next."""
    tiers = [draw(st.integers(1, 90))]
    for factor in draw(st.lists(st.integers(2, 12), max_size=4)):
        tiers.append(tiers[-1] * factor)
    return tuple(reversed(tiers))


def minutes(ranges: Sequence[Range], step: int = 60) -> list[tuple[int, int]]:
    """Every ``step`` of the ranges, with the tier by which it is covered."""
    return [(at, part.tier) for part in ranges for at in range(part.start, part.end, step)]


def coarsest(start: int, end: int, tiers: Sequence[int]) -> list[tuple[int, int]]:
    """What ``minutes`` must be: for each step the largest bucket that stays inside."""
    return [
        (at, next(t for t in tiers if start <= at // t * t and at // t * t + t <= end))
        for at in range(start, end, tiers[-1])
    ]


def bucketed(times: Sequence[int]) -> Counter[tuple[int, int]]:
    """How the rollups count events: by tier and by the second at which a bucket starts."""
    return Counter((tier, at // tier * tier) for at in times for tier in TIERS)


def found(buckets: Counter[tuple[int, int]], part: Range) -> Counter[int]:
    """The buckets that a range reads, by their start."""
    inside = {
        start: count
        for (tier, start), count in buckets.items()
        if tier == part.tier and part.start <= start < part.end
    }
    return Counter(inside)


# -- Ranges --------------------------------------------------------------------------------


@given(spans())
@example((0, DAY))
@example((-60, 60))
@example((60, DAY - 60))
@example((3600, 3600))
def test_ranges_are_the_fewest_buckets_that_partition_a_span(span: tuple[int, int]) -> None:
    assert minutes(list(cover(*span))) == coarsest(*span, TIERS)


@given(ladders(), st.integers(-5_000, 5_000), st.integers(0, 600))
def test_so_they_are_for_any_tiers(tiers: tuple[int, ...], first: int, length: int) -> None:
    finest = tiers[-1]
    start, end = first * finest, (first + length) * finest
    assert minutes(list(cover(start, end, tiers)), finest) == coarsest(start, end, tiers)


@given(spans())
def test_ranges_are_aligned_and_in_order_and_never_empty(span: tuple[int, int]) -> None:
    ranges = list(cover(*span))
    for part in ranges:
        assert part.tier in TIERS
        assert part.start < part.end
        assert part.start % part.tier == part.end % part.tier == 0
    assert all(before.end == after.start for before, after in pairwise(ranges))
    assert len(ranges) <= 2 * len(TIERS) - 1


@given(spans(), st.integers(1, 4_000))
def test_there_is_nothing_in_a_span_that_ends_before_it_starts(
    span: tuple[int, int], length: int
) -> None:
    assert list(cover(span[0], span[0] - length * 60)) == []


@given(windows(), st.lists(st.integers(-2 * DAY, DAY), max_size=40))
def test_the_buckets_of_the_ranges_add_up_to_the_events_of_the_window(
    window: Window, ages: list[int]
) -> None:
    step = window.step
    start, end = window.seconds
    times = [end - age for age in ages] + [start - 1, start, end - 1, end]
    buckets = bucketed(times)
    inside = [at for at in times if start <= at < end]
    by_step = Counter(at // step * step for at in inside)
    assert sum((found(buckets, part) for part in window.ranges()), Counter()).total() == len(inside)
    stepwise: Counter[int] = Counter()
    for part in window.step_ranges():
        for at, count in found(buckets, part).items():
            stepwise[at // step * step] += count
    assert stepwise == by_step
    assert set(by_step) <= set(window.steps())


# -- The window ----------------------------------------------------------------------------


@given(moments)
def test_the_window_is_a_day_of_whole_minutes_with_the_running_one(now: datetime) -> None:
    window = Window.at(now)
    assert window.start.tzinfo is window.end.tzinfo is UTC
    assert window.end - window.start == LENGTH == timedelta(days=1)
    assert timedelta() < window.end - now.astimezone(UTC) <= MINUTE
    start, end = window.seconds
    assert (end - start, start % 60) == (DAY, 0)
    assert datetime.fromtimestamp(start, UTC) == window.start
    assert datetime.fromtimestamp(end, UTC) == window.end


@given(moments, st.timezones())
def test_the_window_is_the_same_wherever_one_asks(now: datetime, zone: ZoneInfo) -> None:
    assert Window.at(now.astimezone(UTC).astimezone(zone)) == Window.at(now)


@given(moments, st.timedeltas(timedelta(), timedelta(days=2)))
def test_the_window_moves_by_whole_minutes_and_never_back(now: datetime, later: timedelta) -> None:
    now = now.astimezone(UTC)
    first, second = Window.at(now), Window.at(now + later)
    moved = second.end - first.end
    assert moved % MINUTE == timedelta()
    assert later - MINUTE < moved < later + MINUTE
    assert second.start - first.start == moved


@given(windows())
def test_the_windows_ranges_partition_it(window: Window) -> None:
    assert minutes(window.ranges()) == coarsest(*window.seconds, TIERS)
    fine = [tier for tier in TIERS if window.step % tier == 0]
    assert minutes(window.step_ranges()) == coarsest(*window.seconds, fine)


@given(windows())
def test_a_range_of_steps_never_straddles_one(window: Window) -> None:
    for part in window.step_ranges():
        for start in range(part.start, part.end, part.tier):
            assert start // window.step == (start + part.tier - 1) // window.step


@given(windows())
def test_the_steps_are_all_that_the_window_touches(window: Window) -> None:
    touched = {minute // window.step * window.step for minute in range(*window.seconds, 60)}
    assert window.steps() == sorted(touched)


@given(windows(), st.timedeltas(timedelta(days=-1), timedelta(days=2)))
def test_a_course_begins_with_the_step_of_its_first_event(window: Window, later: timedelta) -> None:
    since = window.start + later
    steps = window.steps(since)
    if not window.start < since < window.end:
        assert steps == window.steps()
    else:
        assert steps[0] <= since.timestamp() < steps[0] + window.step
        assert steps == [step for step in window.steps() if step >= steps[0]]


@given(windows())
def test_a_step_has_a_minute_up_to_an_hour_and_five_up_to_six(window: Window) -> None:
    hours = (window.end - window.start) / timedelta(hours=1)
    assert window.step == (60 if hours <= 1 else 300 if hours <= 6 else 900)


def test_every_tier_is_a_multiple_of_the_next() -> None:
    assert all(coarse % fine == 0 and coarse > fine for coarse, fine in pairwise(TIERS))
    assert TIERS[-1] == 60


# -- What one asks for ---------------------------------------------------------------------


def asked(now: datetime, query: str) -> Period:
    return Period.parse(QueryDict(query).getlist, now)


@given(moments.filter(lambda now: now.year >= 1971), st.data())
def test_a_period_is_what_its_query_asks_for(now: datetime, data: st.DataObject) -> None:
    day = Window.at(now)
    start, end = sorted(data.draw(st.sets(st.integers(0, 1440), min_size=2, max_size=2)))
    span = day.start + start * MINUTE, day.start + end * MINUTE
    for period in (*map(Period, WINDOWS), Period(span=span)):
        assert asked(now, urlencode(period.query)) == period
    assert Period(span=span).window(now) == Window(*span)
    assert asked(now, "").window(now) == day


DAY_OF = "2026-01-01T"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("window=", "window"),
        ("window=2h", "window"),
        ("window=1H", "window"),
        ("window=1h&window=6h", "window"),
        ("window=1h&from={d}10:00:00Z&to={d}11:00:00Z", "window"),
        ("window=24h&to={d}11:00:00Z", "window"),
        ("from={d}10:00:00Z", "to"),
        ("to={d}10:00:00Z", "from"),
        ("from={d}10:00:00Z&to=", "to"),
        ("from=yesterday&to={d}10:00:00Z", "from"),
        ("from={d}10:00:00&to={d}11:00:00Z", "from"),
        ("from={d}10:00:01Z&to={d}11:00:00Z", "from"),
        ("from={d}10:00:00Z&to={d}11:00:00.000001Z", "to"),
        ("from={d}11:00:00Z&to={d}10:00:00Z", "from"),
        ("from={d}11:00:00Z&to={d}11:00:00Z", "from"),
        ("from=2025-12-31T12:07:00Z&to={d}11:00:00Z", "from"),
        ("from={d}11:00:00Z&to={d}12:09:00Z", "to"),
        ("from={d}11:00:00Z&from={d}11:00:00Z&to={d}12:00:00Z", "from"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(query: str, field: str) -> None:
    with pytest.raises(BadPeriod) as refused:
        asked(datetime(2026, 1, 1, 12, 7, 30, tzinfo=UTC), query.format(d=DAY_OF))
    assert refused.value.field == field
    assert str(refused.value).startswith(field)


def test_the_edges_of_the_day_are_within_it_in_any_offset() -> None:
    now = datetime(2026, 1, 1, 12, 7, 30, tzinfo=UTC)
    query = "from=2025-12-31T13:08:00+01:00&to=2026-01-01T12:08:00Z"
    assert asked(now, query).window(now).seconds == Window.at(now).seconds
    assert asked(now, query).window(now).name is None


# -- Its ends, as the report counts --------------------------------------------------------

NOW = datetime(2026, 1, 1, 0, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "counts_now", "counts_a_minute_later"),
    [
        (datetime(2025, 12, 31, 0, 0, 59, 999_999, tzinfo=UTC), 0, 0),
        (datetime(2025, 12, 31, 0, 1, tzinfo=UTC), 1, 0),
        (datetime(2025, 12, 31, 0, 2, tzinfo=UTC), 1, 1),
        (datetime(2026, 1, 1, 0, 0, 59, 999_999, tzinfo=UTC), 1, 1),
        (datetime(2026, 1, 1, 0, 1, tzinfo=UTC), 0, 1),
        (datetime(2026, 1, 1, 0, 2, tzinfo=UTC), 0, 0),
    ],
)
@pytest.mark.django_db
def test_the_start_is_inside_and_the_end_is_not(
    campaign: Campaign,
    send: Callable[..., Any],
    at: datetime,
    counts_now: int,
    counts_a_minute_later: int,
) -> None:
    send(event(occurred_at=at), now=NOW)
    campaign.channels.update(declared=True)
    assert sent(campaign, NOW) == counts_now
    assert sent(campaign, NOW + MINUTE - TICK) == counts_now
    assert sent(campaign, NOW + MINUTE) == counts_a_minute_later


def sent(campaign: Campaign, now: datetime) -> Any:
    """The total of the table, after making sure that the course over the day agrees."""
    widgets = {
        widget.slug: widget.frame
        for widget in tab_report(campaign, "email", [], now, even_empty=True).widgets
    }
    table, course = widgets["email.statistics"], widgets["email.performance_by_date"]
    assert table
    assert course
    assert sum(row["sent"] for row in course.rows) == table.totals["sent"]  # type: ignore[misc]
    return table.totals["sent"]
