"""In a real browser: the days when clocks change, the same with and without its scripts."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from playwright.sync_api import Page, expect

from dashboards.moments import offset_mark
from liveReport.models import Campaign
from tests.support.browser import NEWS, TAB, Open, chart, in_browser, pigeon, widget

pytestmark = in_browser

DAYS = [
    ("Europe/Paris", "2026-03-28T21:37Z", []),
    ("Europe/Paris", "2026-03-29T11:07Z", ["Sun, Mar 29"]),
    ("Europe/Paris", "2026-03-30T05:22Z", ["Mon, Mar 30"]),
    ("Europe/Paris", "2026-10-25T11:07Z", ["Sun, Oct 25"]),
    ("Europe/Paris", "2026-10-26T03:52Z", ["Mon, Oct 26"]),
    ("Australia/Lord_Howe", "2026-04-05T03:22Z", ["Sun, Apr 5"]),
    ("Australia/Lord_Howe", "2026-10-04T03:22Z", ["Sun, Oct 4"]),
    ("America/Santiago", "2026-09-06T10:52Z", ["Sun, Sep 6"]),
    ("America/Santiago", "2026-04-05T10:52Z", ["Sun, Apr 5"]),
    ("Africa/Cairo", "2026-04-24T09:07Z", ["Fri, Apr 24"]),
    ("Africa/Cairo", "2026-10-30T09:07Z", ["Fri, Oct 30"]),
    ("Asia/Kathmandu", "2026-06-01T09:07Z", ["Mon, Jun 1"]),
    ("Pacific/Apia", "2011-12-30T20:07Z", ["Sat, Dec 31"]),
]


@pytest.fixture(autouse=True)
def now(request: pytest.FixtureRequest) -> Iterator[datetime]:
    moment = datetime.fromisoformat(request.param)
    with time_machine.travel(moment, tick=False):
        yield moment


def choose(page: Page, zone: str) -> None:
    """As the form, or the script, does it."""
    origin = "/".join(page.url.split("/")[:3])
    page.context.add_cookies([{"name": "livereport_zone", "value": zone, "url": f"{origin}/"}])


PLACES_AT_REST = """async (svg) => {
    const read = () => [...svg.querySelectorAll("text")].map((text) => {
        const { x, width, y } = text.getBoundingClientRect();
        return [x + width / 2, text.textContent, y];
    });
    for (let [found, still] = [read(), 0]; ; still += 1) {
        await new Promise(requestAnimationFrame);
        const next = read();
        if (JSON.stringify(next) !== JSON.stringify(found)) [found, still] = [next, 0];
        if (still > 30) return found;
    }
}"""
"""The texts of a drawing, once nothing of it has moved for half a second."""


def labels(page: Page) -> list[tuple[float, str]]:
    """The labels of the axis of time, with the place of their middle, from left to right."""
    expect(chart(page, "course")).to_be_visible()
    found = chart(page, "course").evaluate(PLACES_AT_REST)
    clocks = [one for one in found if re.search(r":\d\d|, | \d+ |UTC", one[1])]
    marks = {round(x): text for x, text, _y in clocks if text.startswith("UTC")}
    whole = [(x, f"{text} {marks.get(round(x), '')}".strip()) for x, text, _y in clocks]
    return sorted(one for one in whole if not one[1].startswith("UTC"))


def expected(zone: str, now: datetime) -> dict[str, datetime]:
    """What each step of the window may be called, where that is one step only."""
    first = int((now - timedelta(hours=24) + timedelta(minutes=1)).timestamp()) // 900 * 900
    steps = [
        datetime.fromtimestamp(s, ZoneInfo(zone))
        for s in range(first, int(now.timestamp()) + 1, 900)
    ]
    names: list[tuple[str, datetime]] = []
    newest = steps[0].date()
    for step in steps:
        clock = f"{step:%H:%M} {offset_mark(step)}".strip()
        day = f"{step:%a, %b} {step.day}"
        names.append((day if step.date() > newest else clock, step))
        newest = max(newest, step.date())
    counted = Counter(name for name, _step in names)
    return {name: step.astimezone(UTC) for name, step in names if counted[name] == 1}


@pytest.mark.parametrize(("zone", "now", "days"), DAYS, indirect=["now"])
def test_the_axis_is_right(now: datetime, open_page: Open, zone: str, days: list[str]) -> None:
    page = open_page(timezone_id=zone)
    named = re.compile(zone.replace("Kathmandu", "Kath?mandu"))  # browsers know its old name
    expect(page.locator("[data-zone]")).to_have_text(named, timeout=NEWS)
    days = days or [f"{now.astimezone(ZoneInfo(zone)):%a, %b %d}"]
    expect(chart(page, "course").get_by_text(days[0], exact=True)).to_be_visible(timeout=NEWS)
    known = expected(zone, now)
    found = labels(page)
    placed = [(x, known[text]) for x, text in found if text in known]
    assert [text for _x, text in found if "," in text] == days
    assert len(placed) >= 4
    (left, start), (right, end) = placed[0], placed[-1]
    for x, moment in placed:
        even = left + (right - left) * ((moment - start) / (end - start))
        assert abs(x - even) < 2, (moment, found)


@pytest.mark.parametrize("now", ["2026-10-25T11:07Z"], indirect=True)
@pytest.mark.parametrize("width", [320, 1280, 2190])
def test_an_hour_that_is_there_twice_says_which(now: datetime, open_page: Open, width: int) -> None:
    page = open_page(timezone_id="Europe/Paris", viewport={"width": width, "height": 900})
    expect(page.locator("[data-zone]")).to_have_text("Times in Europe/Paris", timeout=NEWS)
    twin = widget(page, "course").locator("[data-twin] time")
    expect(twin.get_by_text("Oct 25, 02:30 (UTC+2)")).to_have_count(1, timeout=NEWS)
    texts = twin.all_text_contents()
    assert len(set(texts)) == len(texts) == 97
    found = [text for _x, text in labels(page)]
    assert len(set(found) - {"12:00"}) >= (1 if width == 320 else 6)
    if width == 2190:
        assert {"02:00 UTC+2", "02:00 UTC+1", "01:00", "03:00"} <= set(found)
    expect(page.locator("#lr-banner")).to_be_hidden()


@pytest.mark.parametrize("now", ["2026-10-25T11:07Z"], indirect=True)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_runs_are_the_same_with_and_without_scripts(
    now: datetime, campaign: Campaign, send: Any, open_page: Open, language: str
) -> None:
    runs = [
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
        "2026-10-25T01:30:20Z",
        "2025-10-25T08:00:00Z",
    ]
    send(*(pigeon("flown", execution=run) for run in runs), now=now)
    shown = []
    for scripts in (True, False):
        page = open_page(language=language, timezone_id="Europe/Paris", java_script_enabled=scripts)
        choose(page, "auto:Europe/Paris")
        page.goto(TAB)
        page.wait_for_load_state("networkidle")
        table = widget(page, "runs").locator("time").all_text_contents()
        offered = page.locator("#lr-executions-menu time").all_text_contents()
        assert [text.removesuffix("†") for text in table] == offered
        shown.append(
            (
                table,
                page.locator(".lr-window").text_content(),
                page.locator("[data-age]").text_content(),
            )
        )
    assert shown[0] == shown[1]
    english = [
        "Oct 25, 02:30:20 (UTC+1)",
        "Oct 25, 02:30:00 (UTC+1)",
        "Oct 25, 02:30:00 (UTC+2)",
        "Oct 25, 2025, 10:00:00†",
    ]
    french = [
        "25 oct., 02:30:20 (UTC+1)",
        "25 oct., 02:30:00 (UTC+1)",
        "25 oct., 02:30:00 (UTC+2)",
        "25 oct. 2025, 10:00:00†",
    ]
    assert shown[0][0] == (english if language == "en" else french)


@pytest.mark.parametrize("now", ["2026-10-25T11:07Z"], indirect=True)
def test_a_step_says_when_it_was(now: datetime, open_page: Open) -> None:
    page = open_page(timezone_id="Europe/Paris")
    expect(page.locator("[data-zone]")).to_have_text("Times in Europe/Paris", timeout=NEWS)
    expect(chart(page, "course").get_by_text("Sun, Oct 25")).to_be_visible(timeout=NEWS)
    box = chart(page, "course").bounding_box()
    assert box
    places = {text: x for x, text in labels(page)}
    before, after = places["Sun, Oct 25"], max(x for text, x in places.items() if text == "04:00")
    third = before + (after - before) * 3 / 5  # three hours after midnight: the second 02:00
    chart(page, "course").hover(position={"x": third - box["x"], "y": box["height"] / 2})
    tip = "Oct 25, 02:00 (UTC+1) – 02:15 (UTC+1)"
    expect(widget(page, "course").locator(".lr-tip").get_by_text(tip)).to_be_visible()


@pytest.mark.parametrize("now", ["2026-06-01T11:07Z"], indirect=True)
def test_a_page_follows_the_zone_chosen_in_another_window(now: datetime, open_page: Open) -> None:
    page = open_page(timezone_id="Europe/Paris")
    zone = page.locator("[data-zone]")
    expect(zone).to_have_text("Times in Europe/Paris", timeout=NEWS)
    expect(page.locator(".lr-window")).to_contain_text("Jun 1, 13:08", timeout=NEWS)
    choose(page, "Asia/Kathmandu")
    expect(zone).to_have_text("Times in Asia/Kathmandu", timeout=NEWS)
    expect(page.locator(".lr-window")).to_contain_text("Jun 1, 16:53")
    expect(page.locator("[data-age]")).to_contain_text("as of 16:52:00")
    expect(widget(page, "course").locator("[data-twin] time").first).to_have_text("Jun 1, 16:45")
