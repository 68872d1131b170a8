"""What proxies, networks and deploys put in the server's place: none of it gets into the page."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from dashboards import answers
from tests.support.browser import NEWS, Open, chart, in_browser, pigeon, widget
from tests.test_editor import modify, press

pytestmark = in_browser

PORTAL = (
    "<title>Hotel</title><h1>Welcome to the hotel</h1>"
    '<div class="lr-title" id="lr-title" hx-swap-oob="outerHTML">Hotel</div>'
)
SOON = 20_000


def _cut(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.body()[: len(answer.body()) // 2])


ODD: dict[str, Callable[[Route], None]] = {
    "bad gateway": lambda r: r.fulfill(status=502, content_type="text/html", body=PORTAL),
    "captive portal": lambda r: r.fulfill(status=200, content_type="text/html", body=PORTAL),
    "nothing": lambda r: r.fulfill(status=200, body=""),
    "no content": lambda r: r.fulfill(status=204),
    "cut off": _cut,
    "JSON": lambda r: r.fulfill(status=200, json=["an", "array"]),
    "not found": lambda r: r.fulfill(status=404, content_type="text/html", body=PORTAL),
    "too many": lambda r: r.fulfill(status=429, headers={"Retry-After": "1"}),
    "unavailable": lambda r: r.fulfill(status=503, headers={"Retry-After": "1"}),
    "elsewhere": lambda r: r.fulfill(status=302, headers={"Location": "/healthz"}),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_changes_nothing(open_page: Open, send: Any, name: str) -> None:
    page = open_page()
    title, heading = page.title(), page.get_by_role("heading", name="Summer sale")
    page.route("**/changes/**", ODD[name])
    send(pigeon("lost", reason="storm"))
    age = page.locator("#lr-age")
    expect(age).to_have_attribute("data-state", "lost", timeout=NEWS)
    expect(age).to_contain_text("no answer")
    expect(heading).to_be_visible()
    expect(widget(page, "tiles").locator('[data-metric="flown"]')).to_have_text("40")
    assert page.title() == title
    page.unroute("**/changes/**")
    expect(age).to_have_attribute("data-state", "fresh", timeout=SOON)
    expect(widget(page, "outcome").locator('[data-metric="lost"]')).to_have_text("6", timeout=SOON)


def test_a_captive_portal_is_named(open_page: Open) -> None:
    page = open_page()
    page.route("**/changes/**", ODD["captive portal"])
    expect(page.locator("#lr-banner")).to_contain_text("something else has answered", timeout=SOON)


@pytest.mark.parametrize("name", ["captive portal", "bad gateway", "nothing", "JSON", "cut off"])
def test_nothing_odd_replaces_a_widget_or_a_draft(open_page: Open, name: str) -> None:
    page = open_page()
    page.route(re.compile("/widgets/|/layout/"), ODD[name])
    page.locator('[data-widget="pigeon.course"] [data-menu]').click()
    areas = widget(page, "course").get_by_role("button", name="Areas")
    areas.click()
    expect(page.locator("#lr-banner")).not_to_be_empty()
    expect(chart(page, "course")).to_be_visible()
    button = page.get_by_role("button", name="Modify")
    button.click()
    expect(button).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("toolbar")).to_have_count(0)

    page.unroute(re.compile("/widgets/|/layout/"))
    modify(page)
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    page.route(re.compile("/widgets/|/layout/"), ODD[name])
    press(page, "Save")
    expect(page.locator("#lr-notice")).to_contain_text("Not saved:")
    press(page, "Undo")
    expect(page.locator("#lr-notice")).to_contain_text("Not shown:")
    page.unroute(re.compile("/widgets/|/layout/"))
    press(page, "Save")
    expect(page.get_by_role("toolbar")).to_be_hidden()
    expect(page.locator("#lr-editor")).to_be_empty()
    expect(widget(page, "runs")).to_have_count(0)


# -- A deploy ------------------------------------------------------------------------------


def test_an_editor_that_is_gone_leaves_no_dead_buttons(open_page: Open) -> None:
    page = open_page()
    page.route("**/editor*.js", lambda route: route.fulfill(status=404))
    page.get_by_role("button", name="Modify").click()
    banner = page.locator("#lr-banner")
    expect(banner).to_contain_text("There is a new version of this page.")
    expect(banner.get_by_role("link", name="Reload")).to_be_visible()
    expect(page.get_by_role("toolbar")).to_have_count(0)
    with page.expect_response(re.compile("/changes/"), timeout=NEWS):
        pass
    expect(banner).to_be_visible()
    page.unroute("**/editor*.js")
    banner.get_by_role("link").click()
    modify(page)


def test_a_newer_release_is_not_mixed_into_the_page(
    open_page: Open, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page()
    modify(page)
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    monkeypatch.setattr(answers, "assets", lambda: "newer")
    send(pigeon("lost", reason="storm"))
    banner = page.locator("#lr-banner")
    expect(banner).to_contain_text("There is a new version of this page.", timeout=NEWS)
    expect(widget(page, "outcome").locator('[data-metric="lost"]')).to_have_text("5")
    press(page, "Save")  # a draft is none of the markup
    expect(page.get_by_role("toolbar")).to_be_hidden()
    expect(banner.get_by_role("link", name="Reload")).to_be_visible()


def test_a_wall_screen_takes_a_newer_release_by_itself(
    open_page: Open, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page("/admin/reports/summer/campaign/?kiosk=5")
    page.evaluate("window.old = true")
    _one_tab(page)
    monkeypatch.setattr(answers, "assets", lambda: "newer")
    expect(page.locator("[data-assets=newer]")).to_be_visible(timeout=SOON)


def _one_tab(page: Page) -> None:
    page.evaluate("document.querySelectorAll('#lr-tabs li + li').forEach((tab) => tab.remove())")
