"""The start page, and the way from one report to another, in a real browser."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from liveReport.models import Campaign
from tests.support.browser import NEWS, Open, in_browser, pigeon
from tests.support.factories import CampaignFactory, event

pytestmark = in_browser
START = "/admin/reports/"


@pytest.fixture
def others(flights: None, send: Any) -> list[Campaign]:
    """Beside the summer's: one on email, one without events, one that is over."""
    made = [
        CampaignFactory(slug="autumn", name="Autumn sale"),
        CampaignFactory(slug="basket", name="Basket reminder"),
        CampaignFactory(slug="winter", name="Winter preview", status="ended"),
    ]
    now = timezone.now()
    send(
        *(
            event(
                campaign="autumn", type=kind, occurred_at=now - timedelta(minutes=minute * minute)
            )
            for minute in range(1, 37)
            for kind in ("sent", "delivered")
        ),
        event(campaign="autumn", type="bounced", category="hard", reason="5.1.1"),
        event(campaign="winter", channel="sms", occurred_at=now - timedelta(hours=5)),
    )
    return made


def row(page: Page, slug: str) -> Locator:
    return page.locator(f'[data-campaign="{slug}"]')


def order(page: Page) -> list[str | None]:
    return [found.get_attribute("data-campaign") for found in page.locator("[data-campaign]").all()]


def test_it_is_live(open_page: Open, others: list[Campaign], send: Any) -> None:
    page = open_page(START)
    assert order(page) == ["autumn", "summer", "basket", "winter"]
    expect(row(page, "basket")).to_contain_text("—")
    send(event(campaign="basket"))
    expect(row(page, "basket").locator("time")).to_have_text("now", timeout=NEWS)
    expect(page.locator("[data-campaign]").nth(1)).to_have_attribute("data-campaign", "basket")


def test_a_pin_is_put_and_taken_with_the_keyboard(open_page: Open, others: list[Campaign]) -> None:
    page = open_page(START)
    star = page.get_by_role("button", name="Pin Winter preview")
    star.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-campaign]").first).to_have_attribute(
        "data-campaign", "winter", timeout=NEWS
    )
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-campaign]").last).to_have_attribute(
        "data-campaign", "winter", timeout=NEWS
    )
    assert page.url.endswith(START)


def test_the_search_answers_while_one_types(open_page: Open, others: list[Campaign]) -> None:
    page = open_page(START)
    page.get_by_role("searchbox").fill("e-mail")
    expect(page.locator("#lr-rows")).to_contain_text("No campaign matches", timeout=NEWS)
    page.get_by_role("searchbox").fill("sms")
    expect(page.locator("[data-campaign]")).to_have_count(1, timeout=NEWS)
    expect(page).to_have_url(re.compile(r"\?q=sms$"))
    page.reload()
    assert order(page) == ["winter"]
    expect(page.get_by_role("searchbox")).to_have_value("sms")


@pytest.mark.parametrize("script", [True, False], ids=["", "without scripts"])
def test_states_are_links(open_page: Open, others: list[Campaign], script: bool) -> None:
    page = open_page(START, java_script_enabled=script)
    page.get_by_role("link", name="Live 3").click()
    expect(page).to_have_url(re.compile(r"\?state=live$"))
    assert order(page) == ["autumn", "summer", "basket"]


def test_without_scripts_it_is_searched_and_pinned(open_page: Open, others: list[Campaign]) -> None:
    page = open_page(START, java_script_enabled=False)
    page.get_by_role("searchbox").fill("e")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("button", name="Pin Winter preview").click()
    expect(page.locator("[data-campaign]").first).to_have_attribute("data-campaign", "winter")
    assert "q=e" in page.url


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_nothing_is_cut_off(
    open_page: Open, others: list[Campaign], width: int, language: str
) -> None:
    page = open_page(START, language, viewport={"width": width, "height": 800})
    expect(row(page, "autumn")).to_be_visible()
    room = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(room) <= 0
    expect(row(page, "autumn").locator("[data-metric=bounce_rate]")).to_be_in_viewport()


def test_it_speaks_french(open_page: Open, others: list[Campaign]) -> None:
    page = open_page(START, "fr")
    expect(page.get_by_role("heading", level=1)).to_have_text("Campagnes")
    expect(row(page, "autumn")).to_contain_text("à l’instant")
    expect(page.get_by_role("link", name="Administration")).to_be_visible()


def test_a_wall_screen_turns_the_pages(open_page: Open, flights: None) -> None:
    for number in range(51):
        CampaignFactory(slug=f"c{number}")
    page = open_page(f"{START}?kiosk=5")
    expect(page.get_by_role("searchbox")).to_be_hidden()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page).to_have_url(re.compile(r"page=2&kiosk=5"), timeout=20_000)


# -- The switcher ------------------------------------------------------------------------------


def test_another_campaign_is_found_with_the_keyboard(
    open_page: Open, others: list[Campaign], send: Any
) -> None:
    send(pigeon("flown", campaign="basket"))
    page = open_page()
    page.locator("#lr-switch").focus()
    page.keyboard.press("Enter")
    popover = page.get_by_role("dialog", name="Other campaigns")
    expect(popover.get_by_role("link")).to_have_count(5)
    page.keyboard.type("bask")
    expect(popover.get_by_role("link")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(popover.get_by_role("link", name="Basket reminder")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/admin/reports/basket/pigeon/$"))


def test_a_campaign_without_the_tab_opens_on_its_first(
    open_page: Open, others: list[Campaign]
) -> None:
    page = open_page()
    page.locator("#lr-switch").click()
    page.keyboard.type("autumn")
    page.get_by_role("link", name="Autumn sale").click()
    expect(page).to_have_url(re.compile("/admin/reports/autumn/campaign/$"))


def test_the_switcher_closes_and_gives_back_the_focus(open_page: Open) -> None:
    page = open_page()
    page.locator("#lr-switch").click()
    expect(
        page.get_by_role("dialog", name="Other campaigns").get_by_role("searchbox")
    ).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Other campaigns")).to_be_hidden()
    expect(page.locator("#lr-switch")).to_be_focused()


def test_without_scripts_it_leads_to_the_campaigns(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    page.locator("#lr-switch").click()
    expect(page).to_have_url(re.compile(f"{START}$"))


def test_a_report_that_is_gone_leads_to_the_campaigns(open_page: Open, others: Any) -> None:
    page = open_page("/admin/reports/basket/campaign/")
    Campaign.objects.filter(slug="basket").delete()
    page.get_by_role("link", name="Go to the campaigns").click(timeout=NEWS)
    expect(page).to_have_url(re.compile(f"{START}$"))
