"""Reading in odd circumstances: no time zone, a selection, template-like names, big numbers."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from dashboards import zones
from liveReport.report import build
from tests.support.browser import (
    CHROMIUM,
    FLAGS,
    NEWS,
    TAB,
    Open,
    chart,
    in_browser,
    pigeon,
    show_as,
    widget,
)

TEMPLATE = r"Template: {{first_name|upper}} {a|b} {b} %s \n ${c} {@d} missing"


# -- Time zones ----------------------------------------------------------------------------


@pytest.mark.parametrize("cookie", ["Etc/Unknown", "Foo/Bar", "../../etc/passwd", "localtime", "é"])
@pytest.mark.parametrize("prefix", ["", "auto:"])
def test_an_odd_zone_in_the_cookie_is_utc(
    client: Client, alice: User, campaign: Any, cookie: str, prefix: str
) -> None:
    request = RequestFactory().get("/", headers={"cookie": f"{zones.COOKIE}={prefix}{cookie}"})
    assert zones.of(request).key == "UTC"
    client.force_login(alice)
    client.cookies[zones.COOKIE] = f"{prefix}{cookie}"
    assert "Times in UTC" in client.get("/admin/reports/summer/campaign/").content.decode()


@pytest.mark.parametrize("zone", ["Asia/Calcutta", "Etc/GMT+3", "EST5EDT"])
def test_every_zone_of_a_browser_is_taken(zone: str) -> None:
    request = RequestFactory().get("/", headers={"cookie": f"{zones.COOKIE}=auto:{zone}"})
    assert zones.of(request).key == zone


class TestWithoutZone:
    pytestmark = in_browser

    @pytest.fixture(params=["Foo/Bar", ""], ids=["unknown", "empty"])
    def lost(self, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Browser]:
        """A browser on a machine whose zone is none."""
        chromium = browser.browser_type.launch(
            executable_path=CHROMIUM, args=FLAGS, env={**os.environ, "TZ": request.param}
        )
        yield chromium
        chromium.close()

    def test_everything_works_in_utc(
        self, lost: Browser, open_page: Open, live_server: Any, send: Any
    ) -> None:
        state = open_page().context.storage_state()
        state["cookies"] = [c for c in state["cookies"] if c["name"] != zones.COOKIE]
        page = lost.new_context(storage_state=state, base_url=live_server.url).new_page()
        check_in_utc(page, send)

    @pytest.mark.parametrize(
        "zone", ["() => { throw new RangeError('zone') }", "() => ({timeZone: 'Etc/Unknown'})"]
    )
    def test_whatever_intl_says(
        self, browser: Browser, open_page: Open, live_server: Any, send: Any, zone: str
    ) -> None:
        state = open_page().context.storage_state()
        page = browser.new_context(storage_state=state, base_url=live_server.url).new_page()
        page.add_init_script(f"Intl.DateTimeFormat.prototype.resolvedOptions = {zone}")
        check_in_utc(page, send)


def check_in_utc(page: Page, send: Any) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(TAB)
    expect(chart(page, "course")).to_be_visible()
    expect(chart(page, "reasons")).to_be_visible()
    expect(page.locator("[data-zone]")).to_have_text("Times in UTC")
    send(pigeon("lost", reason="storm"))
    expect(widget(page, "outcome").locator('[data-metric="lost"]')).to_have_text("6", timeout=NEWS)
    cookies = {c["name"]: c["value"] for c in page.context.cookies()}
    assert cookies[zones.COOKIE] == "auto:UTC"
    assert errors == []
    page.context.close()


# -- News while somebody reads -------------------------------------------------------------


class TestNews:
    pytestmark = in_browser

    def test_a_selection_is_not_torn_away(self, open_page: Open, send: Any) -> None:
        page = open_page()
        cell = widget(page, "outcome").locator("tbody th").first
        cell.evaluate("(cell) => getSelection().selectAllChildren(cell)")
        send(pigeon("lost", reason="hawk"), pigeon("flown"))
        flown = widget(page, "tiles").locator('[data-metric="flown"]')
        expect(flown).to_have_text("41", timeout=NEWS)
        lost = widget(page, "outcome").locator('[data-metric="lost"]')
        expect(lost).to_have_text("5")
        assert page.evaluate("getSelection().toString()").strip() == "Arrived"
        page.evaluate("getSelection().removeAllRanges()")
        expect(lost).to_have_text("6", timeout=NEWS)

    def test_a_forgotten_selection_gives_way(self, open_page: Open, send: Any) -> None:
        page = open_page()
        cell = widget(page, "outcome").locator("tbody th").first
        cell.evaluate("(cell) => getSelection().selectAllChildren(cell)")
        page.wait_for_function("getSelection().toString()")
        page.evaluate(
            "{ const now = performance.now; performance.now = () => now.call(performance) + 60000 }"
        )
        send(pigeon("lost", reason="hawk"))
        lost = widget(page, "outcome").locator('[data-metric="lost"]')
        expect(lost).to_have_text("6", timeout=NEWS)

    def test_focus_outlives_the_part_it_is_in(self, open_page: Open, send: Any) -> None:
        send(pigeon("flown", execution="2026-01-01T08:00:00Z"))
        page = open_page()
        button = page.get_by_role("button", name="All executions")
        button.focus()
        send(pigeon("flown", execution="2026-01-01T09:00:00Z"))
        expect(page.locator("#lr-executions-menu input")).to_have_count(2, timeout=NEWS)
        expect(button).to_be_focused()

    def test_a_menu_that_was_open_is_renewed_without_a_complaint(
        self, open_page: Open, send: Any
    ) -> None:
        """It was placed where its button is: the content policy lets nobody repeat its style."""
        send(pigeon("flown", execution="2026-01-01T08:00:00Z"))
        page = open_page()
        page.get_by_role("button", name="All executions").click()
        expect(page.locator("#lr-executions-menu")).to_be_visible()
        page.keyboard.press("Escape")
        send(pigeon("flown", execution="2026-01-01T09:00:00Z"))
        expect(page.locator("#lr-executions-menu input")).to_have_count(2, timeout=NEWS)


# -- Names and numbers ---------------------------------------------------------------------


class TestDrawings:
    pytestmark = in_browser

    @pytest.mark.parametrize("picture", ["Donut", "Bars"])
    def test_names_are_drawn_as_they_came(self, open_page: Open, send: Any, picture: str) -> None:
        send(*(pigeon("lost", reason=TEMPLATE) for _ in range(50)))
        page = open_page()
        if picture == "Bars":
            show_as(page, "reasons", picture)
        drawing = widget(page, "reasons").locator("[data-chart]")
        shape = drawing.locator("path[fill^=rgb]").first
        expect(shape).to_be_attached()
        hover(page, picture, widget(page, "reasons").locator(".lr-tip", has_text=TEMPLATE))
        expect(drawing).to_have_attribute("aria-label", re.compile(re.escape(TEMPLATE)))
        expect(widget(page, "reasons").locator("tbody")).to_contain_text(TEMPLATE)

    def test_a_very_long_name_stays_in_its_card(self, open_page: Open, send: Any) -> None:
        send(*(pigeon("lost", reason="long " * 30 + "x" * 40) for _ in range(50)))
        page = open_page()
        drawing = widget(page, "reasons").locator("[data-chart]")
        expect(drawing.locator("svg")).to_be_visible()
        tip = widget(page, "reasons").locator(".lr-tip", has_text="long")
        hover(page, "Donut", tip)
        words, card = tip.bounding_box(), widget(page, "reasons").bounding_box()
        assert words
        assert card
        assert words["x"] >= card["x"]
        assert words["x"] + words["width"] <= card["x"] + card["width"]

    @pytest.mark.parametrize("width", [390, 1280, 1920])
    def test_big_numbers_have_room(
        self, open_page: Open, monkeypatch: pytest.MonkeyPatch, width: int
    ) -> None:
        factor = 250_000_007
        plain = build.widget_report

        def larger(*args: Any, **options: Any) -> Any:
            report = plain(*args, **options)
            assert report.frame
            for row in [*report.frame.rows, report.frame.totals]:
                for key, value in row.items():
                    row[key] = value * factor if isinstance(value, int) else value
            return report

        monkeypatch.setattr("liveReport.report.tabs.widget_report", larger)
        page = open_page(viewport={"width": width, "height": 900})
        drawing = widget(page, "outcome").locator("[data-chart]")
        if width > 400:
            expect(drawing.locator("svg")).to_contain_text("8.8B")
            expect(drawing).to_have_attribute("title", "8,750,000,245")
        for number in widget(page, "tiles").locator(".lr-value .lr-number").all():
            expect(number).to_have_text(re.compile(r"^[\d,]{13,}$"))
            # Both at once: news may put others in their place at any time.
            over = number.evaluate(
                "it => it.getBoundingClientRect().right"
                " - it.closest('div').getBoundingClientRect().right"
            )
            assert over <= 1


def hover(page: Page, picture: str, shown: Locator) -> None:
    """Over the ring of a donut, or over the longest bar, until its tooltip is shown.

    News that come meanwhile draw the chart anew, without the tooltip.
    """
    for _ in range(5):
        page.mouse.move(0, 0)
        point_at(page, picture)
        with suppress(PlaywrightTimeout):
            shown.wait_for(state="visible", timeout=2_000)
            return
    expect(shown).to_be_visible()


def point_at(page: Page, picture: str) -> None:
    box = widget(page, "reasons").locator("[data-chart]").bounding_box()
    assert box
    x = 0.9 if picture == "Donut" else 0.5
    y = 0.5 if picture == "Donut" else 0.15
    page.mouse.move(box["x"] + box["width"] * x - 5, box["y"] + box["height"] * y)
    page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
