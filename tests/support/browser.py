"""A real browser for the tests of the pages: Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from liveReport.channels import registered
from liveReport.models import Campaign, CampaignChannel
from tests.support.factories import event
from tests.support.showcase import Showcase

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
in_browser = [
    pytest.mark.skipif(
        bool(MISSING) and os.environ.get("CI") != "true", reason="; ".join(MISSING) or "complete"
    ),
    pytest.mark.django_db(transaction=True),
    # Where others wait for the outcome, a page that was late once is looked at once more; the
    # summary names it all the same.
    pytest.mark.flaky(reruns=1, condition=os.environ.get("CI") == "true"),
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
        begin_days_ago()
        yield


def begin_days_ago() -> None:
    """A course begins with the campaign's first event: let that be from before every window."""
    CampaignChannel.objects.update(first_event_at=timezone.now() - timedelta(days=2))


@pytest.fixture
def open_page(
    browser: Browser, live_server: Any, alice: User, client: Client, flights: None
) -> Iterator[Open]:
    """Opens a page as Alice (or ``user``); whatever the browser complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def answer(dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            complaints.append(dialog.message)
        dialog.dismiss()

    def visit(address: str = TAB, language: str = "en", user: User = alice, **options: Any) -> Page:
        client.force_login(user)
        session = client.cookies["sessionid"].value
        options.setdefault("viewport", {"width": 1280, "height": 900})
        options.setdefault("timezone_id", "Asia/Kolkata")
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        cookies = {"sessionid": session, "django_language": language}
        context.add_cookies(
            [{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()]
        )
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", answer)
        page.goto(address)
        return page

    yield visit
    for context in contexts:
        context.close()
    # A cut line, a refusal, an answer that Chromium itself notes: what a test is about.
    expected = ("ERR_FAILED", "htmx:", "422", "Failed to load resource")
    assert [text for text in complaints if not any(sign in text for sign in expected)] == []


def pigeon(type_: str, **fields: Any) -> dict[str, Any]:
    return event(channel="pigeon", type=type_, **fields)


def widget(page: Page, key: str) -> Locator:
    return page.locator(f'[data-widget="pigeon.{key}"]')


def chart(page: Page, key: str) -> Locator:
    return widget(page, key).locator("[data-chart] svg")


def show_as(page: Page, key: str, picture: str) -> None:
    """Switch a widget to another picture by its menu."""
    widget(page, key).get_by_role("button", name="Actions for").click()
    page.get_by_role("button", name=picture, exact=True).click()
    expect(widget(page, key).get_by_role("button", name="Actions for")).to_be_focused()
