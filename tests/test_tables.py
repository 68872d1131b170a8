"""Tables in a real browser: rates below numbers, sorting, notes by keyboard, mouse and finger."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import NEWS, Open, in_browser, pigeon, show_as, widget

pytestmark = in_browser

RUNS = [f"2026-{month:02}-01T08:00:00Z" for month in (1, 2, 3)]


@pytest.fixture
def runs(flights: None, send: Any) -> None:
    """Three runs of 10, 200 and 3 flights; of none, 40."""
    for run, count in zip(RUNS, (10, 200, 3), strict=True):
        send(*(pigeon("flown", profile=f"p{n}", execution=run) for n in range(count)))


def column(page: Page, metric: str) -> Locator:
    return widget(page, "runs").locator(f'tbody [data-metric="{metric}"]')


def sort(page: Page, name: str) -> None:
    widget(page, "runs").get_by_role("button", name=name, exact=True).click()


def settled(page: Page) -> Page:
    """The page once it has taken the browser's time zone, which writes its times anew."""
    expect(page.locator("[data-zone]")).to_have_text(re.compile("Asia"))
    return page


def test_a_rate_stands_below_its_number(open_page: Open) -> None:
    page = open_page()
    cell = widget(page, "runs").locator("td:has([data-metric='arrived'])").first
    number, rate = cell.locator("[data-metric='arrived']"), cell.locator("[data-metric$='rate']")
    expect(rate).to_have_text("75.0%†?")
    above, below = number.bounding_box(), rate.bounding_box()
    assert above
    assert below
    assert above["y"] + above["height"] <= below["y"] + 1
    assert widget(page, "runs").locator("thead th").count() == 4


def test_a_table_switches_between_numbers_rates_and_both(open_page: Open) -> None:
    page = open_page()
    show_as(page, "runs", "Table of rates")
    expect(column(page, "arrival_rate")).to_have_text(["75.0%†?"])
    expect(column(page, "arrived")).to_have_count(0)
    show_as(page, "runs", "Table without rates")
    expect(column(page, "arrival_rate")).to_have_count(0)
    expect(column(page, "arrived")).to_have_text(["30"])


@pytest.mark.usefixtures("runs")
def test_sorting_stands_over_news(open_page: Open, send: Any) -> None:
    page = open_page()
    sort(page, "Flown")
    expect(column(page, "flown")).to_have_text(["200", "40", "10", "3"])
    head = widget(page, "runs").locator("thead th").nth(1)
    expect(head).to_have_attribute("aria-sort", "descending")
    sort(page, "Flown")
    expect(column(page, "flown")).to_have_text(["3", "10", "40", "200"])
    expect(head).to_have_attribute("aria-sort", "ascending")

    send(*(pigeon("flown", profile=f"p{n}", execution=RUNS[2]) for n in range(3, 20)))

    expect(column(page, "flown")).to_have_text(["10", "20", "40", "200"], timeout=NEWS)
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(head.get_by_role("button")).to_be_focused()
    expect(widget(page, "runs").locator("tfoot [data-metric='flown']")).to_have_text("270")


@pytest.mark.usefixtures("runs")
def test_the_rest_stays_last(open_page: Open) -> None:
    page = settled(open_page())
    widget(page, "runs").locator("tbody tr").first.evaluate("(row) => row.dataset.rest = ''")
    first = column(page, "flown").first.text_content()
    for _ in range(2):
        sort(page, "Flown")
        expect(column(page, "flown").last).to_have_text(str(first))


def test_without_scripts_titles_are_text_and_notes_are_titles(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    expect(widget(page, "runs").locator("thead button")).to_have_count(0)
    noted = widget(page, "runs").locator("td[title]").first
    expect(noted).to_have_attribute("title", re.compile("Arrival rate: 30 of 40 flown"))


@pytest.mark.usefixtures("runs")
def test_notes_are_read_by_keyboard(open_page: Open, send: Any) -> None:
    page = settled(open_page())
    sort(page, "Execution time")
    page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('td, th')"):
            break
    tip = page.get_by_role("tooltip")
    expect(tip).to_be_visible()
    focused = page.locator(":focus")
    page.keyboard.press("ArrowRight")
    expect(tip).to_be_hidden()
    expect(focused).to_have_attribute("data-metric", "flown")  # which leads to its events
    page.keyboard.press("ArrowRight")
    expect(focused).to_have_attribute("aria-describedby", "lr-tip")
    said = tip.text_content()
    page.keyboard.press("ArrowDown")
    expect(tip).not_to_have_text(str(said))
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()

    row = focused.locator("xpath=..").locator("th").text_content()
    send(pigeon("flown", profile="new", execution=RUNS[1]))
    expect(widget(page, "runs").locator("tfoot [data-metric='flown']")).to_have_text(
        "254", timeout=NEWS
    )
    assert focused.locator("xpath=..").locator("th").text_content() == row


def test_notes_are_read_by_mouse_and_finger(open_page: Open) -> None:
    page = open_page(has_touch=True)
    cell = widget(page, "runs").locator("td:has([data-metric='arrived'])").first
    tip = page.get_by_role("tooltip")
    cell.tap()
    expect(tip).to_contain_text("Arrival rate: 30 of 40 flown.")
    widget(page, "tiles").locator("h2").tap()
    expect(tip).to_be_hidden()
    widget(page, "tiles").locator("[data-metric='arrival_rate']").hover()
    expect(tip).to_contain_text("Too few to judge")


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_the_first_column_hides_what_is_beneath(open_page: Open, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    area = widget(page, "runs").locator(".lr-scroll")
    area.evaluate("(area) => area.scrollTo(60, 0)")
    left = area.evaluate(
        "(area) => area.querySelector('tbody th').getBoundingClientRect().left"
        " - area.getBoundingClientRect().left"
    )
    assert abs(left) <= 1


def test_figures_and_their_titles_end_alike(open_page: Open) -> None:
    page = open_page()
    show_as(page, "tiles", "Table")
    ends = (
        widget(page, "tiles")
        .locator("table")
        .evaluate(
            """(table) => ['thead th', 'tbody td'].map((cells) => {
            const range = document.createRange();
            range.selectNodeContents(table.querySelector(cells));
            return range.getBoundingClientRect().right;
        })"""
        )
    )
    assert abs(ends[0] - ends[1]) <= 1


@pytest.mark.usefixtures("runs")
def test_a_number_leads_to_its_events_by_keyboard(open_page: Open) -> None:
    page = settled(open_page())
    assert page.locator("table [data-events]:not([tabindex='-1'])").count() == 0
    sort(page, "Execution time")
    page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('td, th')"):
            break
    page.keyboard.press("ArrowRight")
    number = page.locator(":focus").text_content()
    page.keyboard.press("Enter")
    page.wait_for_url("**/events.html?**")
    expect(page.locator("h1", has_text=re.compile(rf"^{number} events?$"))).to_be_visible()
