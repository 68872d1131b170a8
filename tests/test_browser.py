"""The report in a real browser."""

import io
import re
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.contrib.staticfiles.finders import find
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from liveReport.counts import sketch
from liveReport.report import build
from tests.support.browser import (
    BUNDLE,
    NEWS,
    TAB,
    Open,
    chart,
    in_browser,
    pigeon,
    show_as,
    widget,
)
from tests.support.factories import event

pytestmark = in_browser


# -- Looks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280, 2560])
def test_the_page_is_drawn_without_a_complaint(
    open_page: Open, language: str, scheme: str, width: int
) -> None:
    page = open_page(
        language=language, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    expect(chart(page, "course")).to_be_visible()
    expect(widget(page, "tiles").locator('[data-metric="flown"]')).to_have_text("40")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_charts_follow_the_theme_switch(open_page: Open) -> None:
    page = open_page(color_scheme="light")
    light, dark = ("path[stroke='rgb(47, 111, 196)']", "path[stroke='rgb(98, 160, 240)']")
    expect(chart(page, "course").locator(light).first).to_be_attached()
    page.locator("#user-tools .theme-toggle").click()
    expect(chart(page, "course").locator(dark).first).to_be_attached()


def test_times_are_the_readers(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("[data-zone]")).to_have_text(re.compile("Asia/(Kolkata|Calcutta)"))
    expect(page.locator("[data-age]")).to_have_text(
        re.compile(r"as of \d\d:\d\d:\d\d · \d+ s behind")
    )


def test_charts_say_in_a_sentence_what_they_show(open_page: Open) -> None:
    page = open_page()
    sentence = "Donut of 5: Met a hawk 80.0%, <img src=x onerror=alert(1)> 20.0%."
    expect(page.get_by_role("img", name=sentence)).to_be_visible()


def test_charts_mark_the_estimates_among_their_values(
    open_page: Open, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sketch, "LG_K", 5)
    for reason, profiles in (("many", 200), ("few", 3)):
        drafts = [{"reason": reason, "profile": f"{reason} {n}"} for n in range(profiles)]
        send(*(event(type="excluded", **draft) for draft in drafts))
    page = open_page("/admin/reports/summer/email/")
    reasons = page.locator('[data-widget="email.exclusion_reasons"]')
    sentence = re.compile(r"Bars of ≈ \d+: many ≈ .*, few ≈ ")
    expect(reasons.get_by_role("img", name=sentence)).to_be_visible()
    labels = reasons.locator(".lr-chart svg text")
    expect(labels.get_by_text(re.compile(r"^≈ \d+ · ≈ "))).to_be_visible()
    expect(labels.get_by_text(re.compile(r"^3 · ≈ "))).to_be_visible()


def test_tooltips_mark_the_estimates_among_their_values(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "estimates", lambda metrics, row: ["flown"])
    page = open_page()
    chart(page, "course").hover()
    tip = widget(page, "course").locator(".lr-tip")
    expect(tip).to_contain_text(re.compile(r"Flown≈ \d"))
    expect(tip).to_contain_text(re.compile(r"Lost\d"))


def test_the_first_view_is_small_over_the_wire() -> None:
    ours = [BUNDLE.parent / name for name in ("report.js", "report.css", "admin.css")]
    assets = [*ours, find("django_htmx/htmx-2.min.js")]
    total = sum(len(brotli.compress(Path(str(asset)).read_bytes())) for asset in assets)
    assert total < 200_000  # leaves 50 kB of the budget to the page and the admin's styles


# -- Life ----------------------------------------------------------------------------------


def test_news_arrive_and_leave_the_rest_alone(open_page: Open, send: Any) -> None:
    page = open_page()
    expect(chart(page, "reasons")).to_be_visible()
    page.evaluate("document.querySelectorAll('svg').forEach((svg) => svg.dataset.kept = '')")
    widget(page, "course").get_by_role("button", name="About").click()
    popover = page.locator("[popover]:popover-open")
    expect(popover).to_contain_text("Pigeons that left.")

    send(pigeon("lost", reason="hawk"), pigeon("gift"))

    lost = widget(page, "outcome").locator('[data-metric="lost"]')
    expect(lost).to_have_text("6", timeout=NEWS)
    expect(widget(page, "gifts").locator('[data-metric="gifts"]')).to_have_text("1")
    expect(popover).to_be_visible()
    expect(chart(page, "reasons")).to_have_attribute("data-kept", "")
    expect(chart(page, "reasons")).to_contain_text("6")


def test_a_scrolled_table_stays_where_it_is(open_page: Open, send: Any) -> None:
    page = open_page()
    show_as(page, "course", "Table")
    scroller = widget(page, "course").locator(".lr-scroll")
    scroller.evaluate("(element) => element.scrollTo(0, 500)")
    send(pigeon("lost"))
    expect(widget(page, "course").locator("tfoot [data-metric='lost']")).to_have_text(
        "6", timeout=NEWS
    )
    assert scroller.evaluate("(element) => element.scrollTop") == 500


def test_one_request_a_poll_and_204_without_news(open_page: Open, live_server: Any) -> None:
    page = open_page()
    with page.expect_response(re.compile("/changes/"), timeout=NEWS) as first:
        pass
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    with page.expect_response(re.compile("/changes/"), timeout=NEWS) as second:
        pass
    statuses = {first.value.status, second.value.status}
    assert statuses <= {200, 204}
    assert 204 in statuses
    assert [url for url in requests if "/changes/" not in url and "/static/" not in url] == []


def test_polls_rest_in_a_hidden_tab(open_page: Open) -> None:
    page = open_page()
    set_hidden(page, "true")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.wait_for_timeout(3_000)
    assert [url for url in requests if "/changes/" in url] == []
    with page.expect_request(re.compile("/changes/"), timeout=1_000):
        set_hidden(page, "false")


def set_hidden(page: Page, hidden: str) -> None:
    page.evaluate(
        f"Object.defineProperty(document, 'hidden', {{value: {hidden}, configurable: true}});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )


def test_a_silent_server_is_announced_until_it_answers(open_page: Open) -> None:
    page = open_page()
    page.route("**/changes/**", lambda route: route.abort())
    banner = page.locator("#lr-banner")
    expect(banner).to_contain_text("has not answered since", timeout=15_000)
    expect(widget(page, "tiles").locator('[data-metric="flown"]')).to_have_text("40")
    page.unroute("**/changes/**")
    expect(banner).to_be_hidden(timeout=20_000)


def test_the_end_of_the_session_is_announced(open_page: Open) -> None:
    page = open_page()
    page.context.clear_cookies()
    expect(page.locator("#lr-banner")).to_contain_text("Your session has ended", timeout=NEWS)
    expect(page.locator("#lr-banner a")).to_have_text("Log in")


# -- Hands ---------------------------------------------------------------------------------


def test_a_widget_can_be_another_picture_and_stays_so(open_page: Open) -> None:
    page = open_page()
    show_as(page, "course", "Table")
    twin = widget(page, "course").locator("[data-twin]")
    expect(twin).to_be_visible()
    page.reload()
    expect(twin).to_be_visible()
    show_as(page, "course", "Bars side by side")
    expect(chart(page, "course").locator("path[fill='rgb(47, 111, 196)']").first).to_be_attached()
    expect(twin).to_be_hidden()


def test_the_filter_narrows_the_tab(open_page: Open, send: Any) -> None:
    send(pigeon("flown", execution="2026-01-01T08:00:00Z"))
    page = open_page()
    page.get_by_role("button", name="All executions").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Apply").click()
    expect(widget(page, "tiles").locator('[data-metric="flown"]')).to_have_text("1")
    assert "execution=2026-01-01T08" in page.url


def test_the_language_can_be_switched(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Français").click()
    expect(page).to_have_title(re.compile("Rapport dynamique de campagne"))
    assert TAB in page.url


def test_everything_is_there_without_javascript(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    expect(widget(page, "course").locator("[data-twin] tfoot")).to_contain_text("40")
    expect(widget(page, "reasons").locator("[data-twin]")).to_contain_text("Met a hawk")
    page.get_by_role("link", name="Campaign", exact=True).click()
    expect(page.locator('[data-widget="campaign.statistics"]')).to_be_visible()


def test_the_print_is_light_and_has_its_charts(open_page: Open) -> None:
    page = open_page(color_scheme="dark")
    expect(chart(page, "course")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    expect(chart(page, "course")).to_have_attribute("viewBox", "0 0 680 230")
    expect(page.locator(".lr-window")).to_be_visible()
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.get_by_role("heading", name="Summer sale")).to_have_css("color", "rgb(24, 33, 44)")


def test_bars_of_shares_have_room_on_a_phone(open_page: Open) -> None:
    page = open_page(viewport={"width": 390, "height": 800})
    show_as(page, "outcome", "Bars")
    expect(chart(page, "outcome")).to_be_visible()
    assert widget(page, "outcome").locator("[data-chart]").evaluate("e => e.clientHeight") > 200


def test_the_pdf_is_a4_complete_and_drawn_in_vectors(open_page: Open, send: Any) -> None:
    send(*(pigeon("lost", reason=f"storm number {n}") for n in range(45)))
    page = open_page(color_scheme="dark")
    show_as(page, "runs", "Numbers")
    show_as(page, "outcome", "Bars")
    expect(chart(page, "course")).to_be_visible()
    pdf = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert {(round(p.mediabox.width), round(p.mediabox.height)) for p in pdf.pages} == {(595, 842)}
    assert 2 <= len(pdf.pages) <= 4
    text = " ".join(" ".join(p.extract_text() for p in pdf.pages).split())
    for part in ("Summer sale", "as of", "Times in Asia/", "Flights", "Outcome", "Runs", "Course"):
        assert part in text
    assert re.search(r"Last 24 hours \(\w+ \d+, \d\d:\d\d – \w+ \d+, \d\d:\d\d\)", text)
    assert all(f"storm number {n}" in text for n in range(45))
    assert sum(len(p.images) for p in pdf.pages) == 0

    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 900})  # A4 without its margins
    clipped = """() => [...document.querySelectorAll(".lr-scroll, .lr-chart, .lr")]
        .filter((e) => getComputedStyle(e).visibility === "visible")
        .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML.slice(0, 99))"""
    assert page.evaluate(clipped) == []


def test_the_whole_report_is_one_pdf_with_numbered_pages(open_page: Open) -> None:
    page = open_page("/admin/reports/summer/export.html")
    expect(chart(page, "course")).to_be_visible()
    pdf = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    texts = [" ".join(sheet.extract_text().split()) for sheet in pdf.pages]
    for number, text in enumerate(texts, 1):
        assert f"{number} / {len(texts)}" in text
    assert "Campaign statistics" in texts[0]
    assert "Course" in " ".join(texts[1:])
    assert "Pigeons that arrived" in " ".join(texts)  # what a metric means
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 900})  # A4 without its margins
    sticks_out = """() => [...document.querySelectorAll(".lr-widget")]
        .filter((card) => card.getBoundingClientRect().right > innerWidth).length"""
    assert page.evaluate(sticks_out) == 0


CUT = """() => [...document.querySelectorAll(".lr-cell:not([data-beyond])")]
    .filter((cell) => cell.getBoundingClientRect().bottom > innerHeight).length"""


def test_a_wall_screen_cuts_no_widget_and_keeps_its_name(open_page: Open) -> None:
    page = open_page(f"{TAB}?kiosk=3600", viewport={"width": 1920, "height": 1080})
    expect(chart(page, "course")).to_be_attached()
    size = "getComputedStyle(document.querySelector('.lr-table td')).fontSize"
    assert float(page.evaluate(size).removesuffix("px")) >= 22
    assert page.evaluate(CUT) == 0
    assert page.locator(".lr-cell[data-beyond]").count() > 0
    page.mouse.wheel(0, 2_000)
    expect(page.get_by_role("heading", name="Summer sale")).to_be_in_viewport()


def test_a_wall_screen_fills_the_screen_and_goes_on(open_page: Open) -> None:
    page = open_page(f"{TAB}?kiosk=5", viewport={"width": 1920, "height": 1080})
    expect(page.locator("#header")).to_be_hidden()
    expect(page.get_by_role("button")).to_have_count(0)
    expect(widget(page, "tiles")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/campaign/\?kiosk=5"), timeout=20_000)
    assert page.evaluate(CUT) == 0
    shown = page.locator(".lr-cell:not([data-beyond])")
    expect(shown).not_to_have_count(0)
    lowest = max(cell.evaluate("e => e.getBoundingClientRect().bottom") for cell in shown.all())
    assert lowest > 0.8 * 1080


def test_a_chosen_time_zone_is_everywhere(open_page: Open, send: Any) -> None:
    send(pigeon("flown", execution="2026-01-01T08:00:00Z"))
    page = open_page()
    page.get_by_role("link", name="Times in Asia").click()
    page.get_by_label("Time zone").select_option("Pacific/Kiritimati")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-zone]")).to_have_text("Times in Pacific/Kiritimati")
    expect(widget(page, "runs").locator("time").first).to_have_text(
        re.compile(r"Jan 1(, 2026)?, 22:00")
    )
