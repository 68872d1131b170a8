"""What charts show, and what people switch off in them, in a real browser."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboards.models import WidgetChange
from tests.support.browser import NEWS, Open, begin_days_ago, chart, in_browser, show_as, widget
from tests.support.factories import event

pytestmark = in_browser
EMAIL = "/admin/reports/summer/email/"
BLUE = "path[stroke='rgb(47, 111, 196)']"

Send = Callable[..., Any]


def line(page: Page, name: str, key: str = "course") -> Locator:
    """The button of one of a chart's lines."""
    return widget(page, key).get_by_role("button", name=name, exact=True)


def email(page: Page, key: str) -> Locator:
    return page.locator(f'[data-widget="email.{key}"]')


def mails(send: Send, **counts: int) -> None:
    """So many events of each type an hour ago."""
    moment = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    send(
        *(
            event(type=kind, profile=f"p{n}", occurred_at=moment)
            for kind, count in counts.items()
            for n in range(count)
        )
    )
    begin_days_ago()


# -- Lines switched off -----------------------------------------------------------------------


def test_a_line_is_switched_off_by_keyboard_and_stays_off(open_page: Open, send: Send) -> None:
    page = open_page()
    expect(chart(page, "course").locator(BLUE).first).to_be_attached()
    line(page, "Flown").focus()
    page.keyboard.press("Space")
    expect(line(page, "Flown")).to_have_attribute("aria-pressed", "false")
    expect(line(page, "Flown")).to_be_focused()
    expect(chart(page, "course").locator(BLUE)).to_have_count(0)
    expect(widget(page, "course")).not_to_have_attribute("data-keeping", re.compile(".*"))
    assert WidgetChange.objects.get(widget="pigeon.course").hidden == ["flown"]

    send(event(channel="pigeon", type="flown"))
    tiles = widget(page, "tiles").locator('[data-metric="flown"]')
    expect(tiles).to_have_text("41", timeout=NEWS)
    expect(line(page, "Flown")).to_have_attribute("aria-pressed", "false")

    page.reload()
    expect(line(page, "Lost")).to_have_attribute("aria-pressed", "true")
    expect(line(page, "Flown")).to_have_attribute("aria-pressed", "false")
    expect(chart(page, "course").locator("path").first).to_be_attached()
    expect(chart(page, "course").locator(BLUE)).to_have_count(0)

    line(page, "Flown").click()
    expect(chart(page, "course").locator(BLUE).first).to_be_attached()
    expect(widget(page, "course")).not_to_have_attribute("data-keeping", re.compile(".*"))
    assert not WidgetChange.objects.exists()


def test_a_refused_choice_is_taken_back(open_page: Open) -> None:
    page = open_page()
    page.route("**/legend/", lambda route: route.abort())
    line(page, "Flown").click()
    expect(line(page, "Flown")).to_have_attribute("aria-pressed", "true")


def test_in_the_editor_it_belongs_to_the_draft(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Modify").click()
    line(page, "Lost").click()
    expect(line(page, "Lost")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Undo").click()
    expect(line(page, "Lost")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Redo").click()
    page.get_by_role("button", name="Cancel").click()
    expect(line(page, "Lost")).to_have_attribute("aria-pressed", "true")
    assert not WidgetChange.objects.exists()

    page.get_by_role("button", name="Modify").click()
    line(page, "Lost").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#lr-toolbar")).to_have_count(0)
    expect(line(page, "Lost")).to_have_attribute("aria-pressed", "false")
    assert WidgetChange.objects.get().hidden == ["lost"]


def test_off_in_another_window_is_off_here(open_page: Open) -> None:
    here, there = open_page(), open_page()
    line(there, "Lost").click()
    expect(line(here, "Lost")).to_have_attribute("aria-pressed", "false", timeout=NEWS)


# -- Pictures of a course -----------------------------------------------------------------------


def test_small_charts_have_each_its_own_scale(open_page: Open, send: Send) -> None:
    mails(send, sent=400, delivered=390, bounced=7, complained=2)
    page = open_page(EMAIL)
    course = email(page, "performance_by_date")
    expect(course).to_have_attribute("data-picture", "multiples")
    texts = course.locator(".lr-chart svg text")
    for name, total in (("Sent", "400"), ("Bounces", "7"), ("Spam complaints", "2")):
        expect(texts.get_by_text(name, exact=True)).to_be_visible()
        expect(texts.get_by_text(total, exact=True).first).to_be_visible()
    heights = course.locator("[data-chart]").evaluate(HEIGHTS)
    assert len(heights) >= 2
    assert min(heights) > 0.5 * max(heights)  # 7 bounces rise as high as 400 sent

    course.get_by_role("button", name="Sent").click()
    expect(texts.get_by_text("Sent", exact=True)).to_have_count(0)


def test_small_charts_share_the_width_of_the_paper(open_page: Open, send: Send) -> None:
    mails(send, sent=400, delivered=390, bounced=7, complained=2)
    page = open_page(EMAIL)
    drawing = email(page, "performance_by_date").locator(".lr-chart svg")
    expect(drawing).to_be_visible()
    page.emulate_media(media="print")
    assert drawing.evaluate(OUTSIDE) == []
    expect(drawing).to_have_attribute("viewBox", "0 0 680 320")


OUTSIDE = """(svg) => {
    dispatchEvent(new Event("beforeprint"))
    const { left, right, bottom } = svg.getBoundingClientRect()
    return [...svg.querySelectorAll("text, path[stroke]")]
        .map((part) => [part.textContent, part.getBoundingClientRect()])
        .filter(([, box]) => box.left < left - 2 || box.right > right + 2
            || box.bottom > bottom + 2)
        .map(([text]) => text)
}"""


HEIGHTS = """(chart) => ["rgb(47, 111, 196)", null].map((colour) => {
    const all = [...chart.querySelectorAll("svg path")].filter((path) =>
        path.getAttribute("fill") === "none" && path.getAttribute("stroke")?.startsWith("rgb"))
    const tall = all.map((path) => [path.getAttribute("stroke"), path.getBBox().height])
        .filter(([, height]) => height > 10)
    const found = tall.filter(([stroke]) => colour ? stroke === colour : true)
    return Math.min(...found.map(([, height]) => height))
})"""


def test_stacked_bars_are_as_high_as_their_sum(open_page: Open, send: Send) -> None:
    mails(send, delivered=40, bounced=20, error=10, opened=30)
    page = open_page(EMAIL)
    course = email(page, "performance_by_date")
    course.get_by_role("button", name="Actions for").click()
    course.get_by_role("button", name="Stacked bars (Delivered + Bounces + Errors)").click()
    expect(course).to_have_attribute("data-picture", "stacked")
    expect(course.locator(".lr-keys button")).to_have_text(["Delivered", "Bounces", "Errors"])
    expect(course.locator(".lr-chart svg path[fill^=rgb]").first).to_be_attached()
    page.wait_for_function(STACKED)


STACKED = """() => {
    const chart = document.querySelector('[data-widget="email.performance_by_date"] .lr-chart')
    const bars = [...chart.querySelectorAll("svg path[fill^=rgb]")].map((path) => path.getBBox())
    const [delivered, bounces, errors] = bars.filter((box) => box.height > 2 && box.width < 60)
        .sort((one, other) => other.height - one.height)
    const near = (one, other) => Math.abs(one - other) < 2
    return errors && near(delivered.height, 2 * bounces.height)
        && near(delivered.height, 4 * errors.height)
        && near(delivered.y, bounces.y + bounces.height)
        && near(bounces.y, errors.y + errors.height)
}"""


def test_a_logarithmic_scale_begins_at_nothing(open_page: Open) -> None:
    page = open_page()
    show_as(page, "course", "Lines, logarithmic scale")
    texts = chart(page, "course").locator("text")
    for number in ("0", "1", "10"):
        expect(texts.get_by_text(number, exact=True)).to_be_visible()


# -- Shares ---------------------------------------------------------------------------------


def test_nothing_is_no_share_of_anything(open_page: Open, send: Send) -> None:
    send(*(event(type="sent", domain=f"{name}.example") for name in "ab"))
    page = open_page(EMAIL)
    domains = email(page, "recipient_domains")
    expect(domains.locator(".lr-share").first).to_have_text("—")
    expect(domains.locator(".lr-chart svg")).to_contain_text("0")
    expect(domains.locator(".lr-chart svg path[fill^=rgb]:not([fill-opacity='0'])")).to_have_count(
        0
    )
    expect(page.locator(".lr-legend")).to_contain_text("not defined")
    expect(page.locator(".lr-legend")).not_to_contain_text("a partial rate")


def test_the_centre_of_a_donut_is_the_total_of_its_table(open_page: Open) -> None:
    page = open_page()
    outcome = widget(page, "outcome")
    expect(outcome.locator("tfoot td").first).to_have_text("35")
    expect(outcome.locator(".lr-chart svg")).to_contain_text(re.compile("35.*Total"))


def test_what_a_slice_is_stands_beside_the_ring(open_page: Open) -> None:
    page = open_page()
    drawing = widget(page, "reasons").locator("[data-chart]")
    ring = drawing.bounding_box()
    assert ring
    tip = widget(page, "reasons").locator(".lr-tip")
    point = (ring["x"] + ring["width"] * 0.9, ring["y"] + ring["height"] / 2)
    expect(chart(page, "reasons")).to_be_visible()
    for step in range(5):
        page.mouse.move(point[0] - step % 2, point[1])
    expect(tip).to_have_text(re.compile("Met a hawk4 · 80.0%"))
    words = tip.bounding_box()
    assert words
    assert words["x"] >= ring["x"] + ring["width"]
    family = "(element) => getComputedStyle(element).fontFamily"
    assert tip.evaluate(family) == page.locator("#lr-report").evaluate(family)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_words_on_a_phone_leave_the_chart_to_be_seen(open_page: Open, language: str) -> None:
    page = open_page(language=language, viewport={"width": 360, "height": 800}, has_touch=True)
    drawing = widget(page, "course").locator("[data-chart]")
    expect(chart(page, "course")).to_be_visible()
    drawing.scroll_into_view_if_needed()
    drawing.tap()
    tip = widget(page, "course").locator(".lr-tip")
    expect(tip).to_be_visible()
    room, words = drawing.bounding_box(), tip.bounding_box()
    assert room
    assert words
    assert words["width"] * words["height"] < 0.3 * room["width"] * room["height"]
    assert words["x"] >= 0
    assert words["x"] + words["width"] <= 360


def test_numbers_fill_their_card(open_page: Open) -> None:
    page = open_page()
    show_as(page, "outcome", "Numbers")
    body, spark = (
        widget(page, "outcome").locator(part).first.bounding_box()
        for part in (".lr-scroll", ".lr-spark")
    )
    assert body
    assert spark
    assert body["y"] + body["height"] - (spark["y"] + spark["height"]) < 30
