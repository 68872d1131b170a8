"""The page of a source in a real browser: it watches by itself, and is fit for everybody."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from liveReport.memory import forget_all
from liveReport.models import Source
from liveReport.site.sources import Wanted, set_up
from tests.support import browser as browsers
from tests.support.browser import NEWS, Open, in_browser
from tests.support.hooking import basic, posted
from tests.test_accessibility import DJANGOS, LOOKS, findings

browser = browsers.browser
flights = browsers.flights
open_page = browsers.open_page
pytestmark = in_browser

BOUNCE = {"RecordType": "Bounce", "Type": "HardBounce", "Email": "ada@example.com"}


@pytest.fixture
def postmark(flights: None) -> tuple[Source, str]:
    source, secret = set_up("pm", "postmark", Wanted("summer"))
    return source, basic(secret)


def send(header: str, **changes: Any) -> int:
    forget_all()  # as if a second had gone by
    item = BOUNCE | {"MessageID": "m-1", "BouncedAt": timezone.now().isoformat()} | changes
    return posted(Client(), item, header, "pm").status_code


def test_it_says_what_comes_while_one_waits(open_page: Open, postmark: tuple[Source, str]) -> None:
    source, header = postmark
    page = open_page(f"/admin/livereport/source/{source.pk}/change/")
    state = page.locator("#live-state")
    expect(state).to_have_text("Waiting for the first request …")
    send(header, BouncedAt="yesterday")
    expect(state).to_contain_text("1 in quarantine", timeout=NEWS)
    expect(page.locator("#recent tbody tr")).to_have_count(1)
    page.locator("#recent summary").click()
    expect(page.locator("#recent pre")).to_contain_text("HardBounce")
    before = state.text_content()
    expect(state).not_to_have_text(before or "", timeout=NEWS)  # its age goes on
    expect(page.locator("#recent pre")).to_be_visible()  # what is open stays so
    send(basic("guess"))
    expect(state).to_contain_text("refused: wrong signature or secret", timeout=NEWS)
    expect(page.locator("#live-news")).to_contain_text("refused")
    expect(page.locator("#recent tbody tr")).to_have_count(2)


def test_the_address_is_copied_by_one_press(open_page: Open, postmark: tuple[Source, str]) -> None:
    source, _header = postmark
    page = open_page(
        f"/admin/livereport/source/{source.pk}/change/",
        permissions=["clipboard-read", "clipboard-write"],
    )
    button = page.locator("[data-copy=hook-url]")
    button.click()
    expect(button).to_have_text("Copied")
    assert str(page.evaluate("navigator.clipboard.readText()")).endswith("/hooks/pm/")
    expect(button).to_have_text("Copy")


@pytest.mark.parametrize(("scheme", "language"), LOOKS)
@pytest.mark.parametrize("width", [390, 1280])
def test_everybody_can_read_it(
    open_page: Open, postmark: tuple[Source, str], scheme: str, language: str, width: int
) -> None:
    source, header = postmark
    look: dict[str, Any] = {"language": language, "color_scheme": scheme, "bypass_csp": True}
    look["viewport"] = {"width": width, "height": 900}
    address = f"/admin/livereport/source/{source.pk}/change/"
    page = open_page(address, **look)
    assert findings(page, DJANGOS) == []
    source.campaign = None
    source.save()
    for tag in ("Job 17", "lr_campaign=autumn"):
        send(header, Tag=tag)
    send(basic("guess"))
    page = open_page(address, **look)
    expect(page.locator(".lr-waiting table")).to_have_count(2)
    page.locator("#recent summary").first.click()
    assert findings(page, DJANGOS) == []
    page.locator(".lr-secret input[type=submit]").click()
    expect(page.locator("#whole-url")).to_be_visible()
    assert findings(page) == []
