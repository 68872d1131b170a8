"""What people read: reasons, the administration in French, the pages beside the report."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation
from playwright.sync_api import expect

from liveReport.channels import all_channels
from liveReport.demo.flows import DETAILS
from liveReport.models import Campaign
from tests.support import browser as browsers
from tests.support.browser import Open, in_browser, pigeon

browser = browsers.browser
flights = browsers.flights
open_page = browsers.open_page

REASONS = {
    channel.slug: channel.dimension_by_key["reason"]
    for channel in all_channels()
    if "reason" in channel.dimension_by_key
}
LONG = "The receiving server says: SPF misaligned, relay refused: " + "see its policy " * 8


# -- Reasons -------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", REASONS)
def test_a_known_reason_is_words_then_its_code(slug: str) -> None:
    dimension = REASONS[slug]
    for code in dimension.labels:
        texts = {}
        for language in ("en", "fr"):
            with translation.override(language):
                texts[language] = str(dimension.label_of(code))
            words, _, rest = texts[language].partition(" (")
            assert words
            assert texts[language].endswith(f"({code})"), rest
        assert texts["en"] != texts["fr"]


def test_an_unknown_reason_is_shown_as_it_came() -> None:
    for dimension in REASONS.values():
        assert dimension.label_of("no such thing") == "no such thing"


def test_the_demo_sends_known_reasons_only() -> None:
    unknown = [
        (channel, details["reason"])
        for (channel, _type), wheel in DETAILS.items()
        for details in wheel.values
        if "reason" in details and details["reason"] not in REASONS[channel].labels
    ]
    assert unknown == []


def test_suppressed_is_not_deleted() -> None:
    with translation.override("fr"):
        texts = {str(text) for text in REASONS["email"].labels.values()}
    assert "Adresse sur liste de suppression (EmailSuppressed)" in texts
    assert not [text for text in texts if "supprimé" in text]


# -- The administration, in French ---------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "texts"),
    [
        ("livereport/apitoken/", ["Création", "Expiration"]),
        ("livereport/execution/", ["Campagne"]),
        ("livereport/quarantinedbatch/", ["Lots en quarantaine", "0 lots en quarantaine"]),
        ("django_celery_beat/intervalschedule/", ["intervalles"]),
        ("", ["Tâches périodiques", "Intervalles", "Lots en quarantaine"]),
    ],
)
def test_lists_are_in_french(
    client: Client, alice: User, campaign: Campaign, ingest_token: str, address: str, texts: Any
) -> None:
    campaign.executions.create(
        channel="email", started_at="2026-01-01T00:00Z", last_event_at="2026-01-01T00:00Z"
    )
    client.force_login(alice)
    client.cookies["django_language"] = "fr"
    page = client.get(f"/admin/{address}").content.decode()
    for text in texts:
        assert text in page
    for english in ("Campaign<", ">Created", ">Expiry", "ntervale", "âches périodique<"):
        assert english not in page


# -- Pages beside the report ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "title"), [("en", "You are logged out"), ("fr", "Votre session est fermée")]
)
def test_the_last_page_of_a_session(client: Client, alice: User, language: str, title: str) -> None:
    client.force_login(alice)
    client.cookies["django_language"] = language
    page = client.post("/admin/logout/").content.decode()
    assert f"<h1>{title}</h1>" in page
    assert "quality" not in page
    assert page.count("<h1") == 2  # the other is the site's name
    assert "nav-sidebar" not in page
    assert "lr-logo" in page


def test_an_error_page_has_the_pages_header(client: Client, alice: User) -> None:
    client.force_login(alice)
    page = client.get("/admin/reports/nowhere/").content.decode()
    assert "dashboards/build/admin" in page
    assert "lr-logo" in page


class TestInABrowser:
    pytestmark = in_browser

    def test_a_long_name_is_read_in_full_with_the_keyboard(
        self, open_page: Open, send: Any
    ) -> None:
        send(pigeon("lost", reason=LONG.strip()))
        page = open_page()
        table = page.locator('[data-widget="pigeon.reasons"] .lr-scroll')
        name = table.locator(".lr-name", has_text="SPF misaligned")
        expect(name).to_have_css("-webkit-line-clamp", "2")
        is_cut = "name => name.scrollHeight > name.clientHeight + 1"
        assert name.evaluate(is_cut)
        table.focus()
        expect(name).to_have_css("display", "block")
        assert not name.evaluate(is_cut)

    def test_the_title_of_the_log_in_keeps_away_from_the_languages(self, open_page: Open) -> None:
        page = open_page("/admin/")
        page.context.clear_cookies()
        for width in (320, 390, 1280):
            page.set_viewport_size({"width": width, "height": 700})
            page.goto("/admin/login/")
            title = page.locator("#site-name a").bounding_box()
            languages = page.locator(".lr-language").bounding_box()
            assert title
            assert languages
            is_beside = languages["x"] >= title["x"] + title["width"] + 8
            assert is_beside or languages["y"] >= title["y"] + title["height"]
