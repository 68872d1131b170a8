"""Moments as people read them, in every zone and on the days when its clocks change."""

import zoneinfo
from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.test import RequestFactory
from django.utils import timezone as current
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards import zones
from dashboards.course import Course
from dashboards.drawing import Drawing
from dashboards.moments import Clock, offset_mark
from dashboards.pictures.series import SeriesPicture
from liveReport.report.frames import Column, Frame, WidgetReport
from liveReport.report.window import Window

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
"""The years that a report can name, as far as rules of today are known to hold."""
STEP = timedelta(minutes=15)
HOUR = timedelta(hours=1)

ALL = sorted(available_timezones())
patient = settings(deadline=None)
languages = pytest.mark.parametrize("language", ["en", "fr"])


@cache
def changes(name: str) -> list[datetime]:
    """When the zone's clocks are changed, found by asking them."""
    zone = ZoneInfo(name)
    days = int((LAST - FIRST) / timedelta(days=7))
    weeks = [FIRST + timedelta(days=7 * n) for n in range(days)]
    pairs = pairwise(weeks)
    return [
        _first_of(zone, *pair) for pair in pairs if _offset(zone, pair[0]) != _offset(zone, pair[1])
    ]


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _first_of(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    minutes = range(1, int((after - before) / timedelta(minutes=1)) + 1)
    old = _offset(zone, before)
    at = bisect(minutes, 0, key=lambda m: _offset(zone, before + timedelta(minutes=m)) != old)
    return before + timedelta(minutes=minutes[at])


@cache
def changing() -> list[str]:
    """The zones whose clocks are ever changed; asking them all takes seconds."""
    return [name for name in ALL if changes(name)]


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone, and a moment on the day before, of or after one of its changes, or on any."""
    name = draw(st.sampled_from(changing() if draw(st.booleans()) else ALL))
    around = changes(name) or [datetime(2026, 6, 1, tzinfo=UTC)]
    minutes = draw(st.integers(-2 * 1440, 2 * 1440))
    return name, draw(st.sampled_from(around)) + timedelta(minutes=minutes)


def course(name: str, now: datetime) -> SeriesPicture:
    """What a page draws of the 24 hours before ``now``."""
    steps = [datetime.fromtimestamp(step, UTC) for step in Window.at(now).steps()]
    frame = Frame(
        columns=[
            Column(key="time", label="Time", role="time"),
            Column(key="n", label="N", role="metric"),
        ],
        rows=[{"time": step.isoformat(), "n": 1} for step in steps],
        totals={"n": len(steps)},
    )
    report = WidgetReport(
        slug="a.b",
        title="",
        help="",
        kind="series",
        kinds=["series"],
        size=(6, 6),
        definitions={},
        frame=frame,
    )
    with current.override(ZoneInfo(name)), translation.override("en"):
        return SeriesPicture(Drawing(report, frame, Clock.of(now), Course(Window.at(now), now)))


def steps_of(picture: SeriesPicture) -> Iterator[datetime]:
    return map(datetime.fromisoformat, picture.chart["times"])


@patient
@given(moments())
def test_no_two_steps_look_alike(chosen: tuple[str, datetime]) -> None:
    picture = course(*chosen)
    heads = [line.head.text for line in picture.table.lines if line.head]
    assert len(set(heads)) == len(heads) == len(picture.chart["times"])
    assert len(set(picture.chart["spans"])) == len(heads)


@patient
@given(moments())
def test_a_script_is_told_what_clocks_show(chosen: tuple[str, datetime]) -> None:
    """Each step follows the one before, and carries the offset that the zone has then."""
    name, now = chosen
    zone = ZoneInfo(name)
    steps = list(steps_of(course(name, now)))
    assert all(after - before == STEP for before, after in pairwise(steps))
    for step in steps:
        assert step.utcoffset() == _offset(zone, step)
        assert step.replace(tzinfo=None) == step.astimezone(zone).replace(tzinfo=None)


@patient
@given(moments())
def test_offsets_stand_only_where_a_time_of_day_is_there_twice(
    chosen: tuple[str, datetime],
) -> None:
    name, now = chosen
    zone = ZoneInfo(name)
    picture = course(name, now)
    steps = list(steps_of(picture))
    around = [steps[0] + n * STEP for n in range(-4 * 26, 4 * 50)]
    clocks = Counter(one.astimezone(zone).replace(tzinfo=None) for one in around)
    for number, step in enumerate(steps):
        twice = clocks[step.replace(tzinfo=None)] > 1
        assert (number in picture.chart["marks"]) == twice
        assert ("UTC" in picture.chart["spans"][number].partition(" – ")[0]) == twice


@patient
@given(moments(), st.sets(st.integers(-(10**9), 10**9), min_size=1, max_size=12))
def test_no_two_runs_look_alike(chosen: tuple[str, datetime], apart: set[int]) -> None:
    """Whatever lies between them: microseconds, an hour that is there twice, years."""
    name, now = chosen
    runs = {now + timedelta(microseconds=one) for one in apart}
    runs |= {now + HOUR, now.replace(year=2001, day=1), now.replace(year=2002, day=1)}
    for language in ("en", "fr"):
        with current.override(ZoneInfo(name)), translation.override(language):
            clock = Clock.of(now, runs)
            assert len({clock.run(run) for run in runs}) == len(runs)


@languages
@pytest.mark.parametrize(
    ("zone", "moment", "english", "french"),
    [
        ("Europe/Paris", "2026-03-29T01:00Z", "Mar 29, 03:00", "29 mars, 03:00"),
        ("Europe/Paris", "2026-10-25T00:30Z", "Oct 25, 02:30 (UTC+2)", "25 oct., 02:30 (UTC+2)"),
        ("Europe/Paris", "2026-10-25T01:30Z", "Oct 25, 02:30 (UTC+1)", "25 oct., 02:30 (UTC+1)"),
        ("Europe/Paris", "2026-10-25T02:00Z", "Oct 25, 03:00", "25 oct., 03:00"),
        ("Europe/Paris", "2025-11-26T19:14Z", "Nov 26, 2025, 20:14", "26 nov. 2025, 20:14"),
        (
            "Australia/Lord_Howe",
            "2026-04-04T14:45Z",
            "Apr 5, 01:45 (UTC+11)",
            "5 avr., 01:45 (UTC+11)",
        ),
        (
            "Australia/Lord_Howe",
            "2026-04-04T15:15Z",
            "Apr 5, 01:45 (UTC+10:30)",
            "5 avr., 01:45 (UTC+10:30)",
        ),
        ("Asia/Kathmandu", "2026-06-01T00:00Z", "Jun 1, 05:45", "1 juin, 05:45"),
        (
            "America/St_Johns",
            "2026-11-01T03:45Z",
            "Nov 1, 01:15 (UTC−2:30)",
            "1 nov., 01:15 (UTC−2:30)",
        ),
        ("Africa/Cairo", "2026-04-23T22:00Z", "Apr 24, 01:00", "24 avr., 01:00"),
        ("Pacific/Apia", "2026-01-01T00:00Z", "Jan 1, 13:00", "1 jan., 13:00"),
    ],
)
def test_a_moment_in_words(
    language: str, zone: str, moment: str, english: str, french: str
) -> None:
    with current.override(ZoneInfo(zone)), translation.override(language):
        clock = Clock.of(datetime(2026, 6, 1, tzinfo=UTC))
        text = clock.text(datetime.fromisoformat(moment))
    assert text == (english if language == "en" else french)


def test_a_day_that_was_skipped_leaves_no_trace() -> None:
    """Samoa had no December 30 in 2011: the clocks went from the 29th to the 31st."""
    days = [
        time[:10]
        for time in course("Pacific/Apia", datetime(2011, 12, 30, 20, 0, tzinfo=UTC)).chart["times"]
    ]
    assert sorted(set(days)) == ["2011-12-29", "2011-12-31"]
    assert days == sorted(days)


def test_runs_are_as_precise_as_they_must_be() -> None:
    start = datetime(2026, 6, 1, 12, 7, 5, 123_456, tzinfo=UTC)
    texts = {
        (timedelta(days=1),): "Jun 1, 12:07",
        (timedelta(seconds=30),): "Jun 1, 12:07:05",
        (timedelta(milliseconds=2),): "Jun 1, 12:07:05.123",
        (timedelta(microseconds=2),): "Jun 1, 12:07:05.123456",
    }
    with translation.override("en"), current.override(UTC):
        for apart, text in texts.items():
            assert Clock.of(start, [start, *(start + one for one in apart)]).run(start) == text


def test_a_fixed_offset_has_no_hour_twice() -> None:
    assert offset_mark(datetime(2026, 10, 25, 2, 30, tzinfo=timezone(HOUR))) == ""


# -- The zones there are ---------------------------------------------------------------------


def test_the_machines_own_zones_are_not_asked() -> None:
    assert zoneinfo.TZPATH == ()
    assert zones.known() == available_timezones() - {"Factory"}
    assert len(ALL) > 500


@pytest.mark.parametrize("name", sorted(zones.known()))
def test_every_zone_is_taken_from_a_browser(name: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES[zones.COOKIE] = f"auto:{name}"
    assert str(zones.of(request)) == name


@pytest.mark.parametrize(
    "name",
    [
        "Etc/Unknown",
        "undefined",
        "America",
        "posixrules",
        "europe/paris",
        "../UTC",
        "UTC\0",
        "é",
        "",
    ],
)
def test_what_is_no_zone_means_utc(name: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES[zones.COOKIE] = f"auto:{name}"
    assert str(zones.of(request)) == "UTC"
