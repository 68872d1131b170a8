"""The report in a real browser: Debian's Chromium, driven by Playwright."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles.finders import find
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from liveReport.channels import registered
from liveReport.models import Campaign
from tests.factories import event
from tests.showcase import Showcase

CHROMIUM = shutil.which("chromium")
BUNDLE = Path(settings.BASE_DIR) / "dashboards/static/dashboards/build/report.js"
MISSING = [
    reason
    for reason, missing in {
        "no chromium on PATH": not CHROMIUM,
        "no front-end bundle (npm ci && npm run build)": not BUNDLE.exists(),
    }.items()
    if missing
]
pytestmark = [
    pytest.mark.skipif(
        bool(MISSING) and os.environ.get("CI") != "true", reason="; ".join(MISSING) or "complete"
    ),
    pytest.mark.django_db(transaction=True),
]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
TAB = "/admin/reports/summer/pigeon/"
NEWS = 8_000
"""Milliseconds within which news must be on the screen: a few polls."""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert not MISSING, MISSING
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs a loop in this thread
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def flights(campaign: Campaign, send: Any) -> Iterator[None]:
    with registered(Showcase):
        send(
            *(pigeon("flown", profile=f"p{i}") for i in range(40)),
            *(pigeon("arrived", profile=f"p{i}") for i in range(30)),
            *(pigeon("lost", profile=f"q{i}", reason="hawk") for i in range(4)),
            pigeon("lost", reason="<img src=x onerror=alert(1)>"),
        )
        yield


@pytest.fixture
def open_page(
    browser: Browser, live_server: Any, alice: User, client: Client, flights: None
) -> Iterator[Open]:
    """Opens a page as Alice; whatever the browser complains about fails the test."""
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def visit(address: str = TAB, language: str = "en", **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(timezone_id="Asia/Kolkata", **options)
        contexts.append(context)
        cookies = {"sessionid": session, "django_language": language}
        context.add_cookies(
            [{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()]
        )
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(live_server.url + address)
        return page

    yield visit
    for context in contexts:
        context.close()
    lost = ("ERR_FAILED", "htmx:")  # what a test that cuts the line expects
    assert [text for text in complaints if not any(sign in text for sign in lost)] == []


def pigeon(type_: str, **fields: Any) -> dict[str, Any]:
    return event(channel="pigeon", type=type_, **fields)


def widget(page: Page, key: str) -> Locator:
    return page.locator(f'[data-widget="pigeon.{key}"]')


def chart(page: Page, key: str) -> Locator:
    return widget(page, key).locator("[data-chart] svg")


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


def test_the_first_view_is_small_over_the_wire() -> None:
    assets = [*BUNDLE.parent.glob("*.*s"), find("django_htmx/htmx-2.min.js")]
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
    page.get_by_role("button", name="Show as table").click()
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
    expect(page.locator("#lr-banner a")).to_have_text("Reload")


# -- Hands ---------------------------------------------------------------------------------


def test_chart_and_table_are_one_key_apart(open_page: Open) -> None:
    page = open_page()
    twin = widget(page, "course").locator("[data-twin]")
    expect(twin).to_be_hidden()
    page.get_by_role("button", name="Show as table").press("Enter")
    expect(twin).to_be_visible()
    expect(chart(page, "course")).to_be_hidden()
    page.get_by_role("button", name="Show as chart").press("Enter")
    expect(chart(page, "course")).to_be_visible()


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
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
