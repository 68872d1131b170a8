"""Choosing a window, zooming into it with the mouse and the keyboard, and coming back."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.browser import TAB, Open, chart, in_browser, pigeon, widget

pytestmark = in_browser


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def number(page: Page) -> Any:
    return widget(page, "tiles").locator('[data-metric="flown"]')


def test_a_window_is_chosen_and_kept(open_page: Open, send: Any) -> None:
    send(pigeon("flown", occurred_at=ago(3)))
    page = open_page()
    windows = page.get_by_role("navigation", name="Window")
    expect(number(page)).to_have_text("41")
    windows.get_by_role("link", name="1 h").press("Enter")
    expect(number(page)).to_have_text("40")
    expect(windows.locator("[aria-current=true]")).to_have_text("1 h")
    expect(page.locator(".lr-period")).to_have_text("Last hour")
    page.get_by_role("navigation", name="Channels").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/campaign/\?window=1h$"))
    windows.get_by_role("link", name="24 h").click()
    expect(page).to_have_url(re.compile(r"/campaign/$"))


def test_what_is_dragged_over_is_shown_and_left_again(open_page: Open, send: Any) -> None:
    send(pigeon("flown", occurred_at=ago(10)), pigeon("flown", occurred_at=ago(9.9)))
    page = open_page(f"{TAB}?window=24h")
    chart(page, "course").scroll_into_view_if_needed()
    box = chart(page, "course").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    expect(page.locator(".lr-band")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".lr-band")).to_have_count(0)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"window=24h$"))
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.05, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"\?from=.*Z&to=.*Z&back=24h$"))
    expect(page.locator(".lr-period")).to_have_text(re.compile(r"\d\d:\d\d – \d\d:\d\d$"))
    expect(number(page)).not_to_have_text("42")
    page.get_by_role("link", name="Back").click()
    expect(page).to_have_url(re.compile(r"/pigeon/$"))
    expect(number(page)).to_have_text("42")


def test_the_keyboard_zooms_as_well(open_page: Open) -> None:
    page = open_page(f"{TAB}?window=1h")
    page.get_by_role("button", name="Zoom").first.press("Enter")
    form = page.locator("#lr-zoom-menu")
    expect(form).to_be_visible()
    start, end = form.get_by_label("From"), form.get_by_label("To")
    end.select_option(index=0)
    start.select_option(index=3)
    form.get_by_role("button", name="Zoom").press("Enter")
    assert end.evaluate("(field) => field.validationMessage")
    end.select_option(index=10)
    form.get_by_role("button", name="Zoom").press("Enter")
    expect(page).to_have_url(re.compile(r"\?back=1h&from=.*&to=.*"))
    expect(widget(page, "tiles")).to_be_visible()
    page.get_by_role("link", name="Back").press("Enter")
    expect(page).to_have_url(re.compile(r"window=1h$"))


def test_a_send_of_a_moment_ago_is_drawn(open_page: Open) -> None:
    """It has one step only, which is a point."""
    page = open_page()
    expect(chart(page, "course").locator("path").first).to_be_attached()
    expect(page.locator(".lr-segments")).to_be_visible()


def test_it_is_all_there_on_a_narrow_screen(open_page: Open) -> None:
    page = open_page(f"{TAB}?window=6h", viewport={"width": 320, "height": 700})
    for name in ("15 min", "1 h", "6 h", "24 h"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_what_rates_divide_is_chosen_and_kept(open_page: Open) -> None:
    page = open_page(f"{TAB}?window=1h")
    note = widget(page, "tiles").get_by_text("Rates over the runs’ 24 hours")
    expect(note).to_be_visible()
    button = page.get_by_role("button", name="Rates", exact=True)
    menu = page.locator("#lr-basis-menu")
    button.press("Enter")
    menu.get_by_role("button", name="Of the window").press("Enter")
    expect(note).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/pigeon/\?window=1h$"))
    button.press("Enter")
    expect(menu.locator("[aria-pressed=true]")).to_have_text("Of the window")
    menu.get_by_role("button", name="Of the runs", exact=True).press("Enter")
    expect(note).to_be_visible()
