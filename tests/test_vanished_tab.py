"""A tab that goes away under an open page, a saved link, a wall screen; and comes back."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from liveReport.models import Campaign, ChannelPlugin
from tests.support.browser import NEWS, TAB, Open, in_browser, widget

FIRST = "/admin/reports/summer/campaign/"
SOON = 20_000


def switch(on: bool) -> None:
    ChannelPlugin.objects.update_or_create(slug="pigeon", defaults={"enabled": on})


# -- Saved links ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tab", "name"), [("sms", "SMS"), ("fax", "fax")], ids=["without events", "unheard of"]
)
def test_a_saved_link_leads_to_the_first_tab_and_says_so(
    client: Client, alice: User, campaign: Campaign, tab: str, name: str
) -> None:
    client.force_login(alice)
    query = "?execution=2026-01-01T00%3A00%3A00Z"
    response = client.get(f"/admin/reports/summer/{tab}/{query}", follow=True)
    assert response.redirect_chain == [(FIRST + query, 302)]
    notice = f"The tab “{name}” is not available now. This is the report’s first tab."
    assert notice in response.content.decode()
    assert notice not in client.get(FIRST).content.decode()


def test_a_script_is_told_where_to_go(client: Client, alice: User, campaign: Campaign) -> None:
    client.force_login(alice)
    for address in ("changes/?kiosk=5", "layout/?kiosk=5", "widgets/statistics/?kiosk=5"):
        response = client.get(
            f"/admin/reports/summer/sms/{address}", headers={"HX-Request": "true"}
        )
        assert response.status_code == 404
        assert response.headers["X-Report-Elsewhere"] == f"{FIRST}?kiosk=5"
    assert client.get("/admin/reports/nowhere/sms/").status_code == 404
    assert client.get("/api/v1/campaigns/summer/report/sms/").status_code == 404


# -- Open pages ----------------------------------------------------------------------------


class TestOpenPages:
    pytestmark = in_browser

    def test_it_leads_to_the_first_tab_and_recovers(self, open_page: Open) -> None:
        page = open_page()
        switch(on=False)
        banner = page.locator("#lr-banner")
        expect(banner).to_contain_text("no longer available", timeout=NEWS)
        link = banner.get_by_role("link", name="Go to the report’s first tab")
        expect(link).to_have_attribute("href", re.compile(f"{FIRST}$"))
        switch(on=True)
        expect(banner).to_be_hidden(timeout=SOON)
        switch(on=False)
        link.click(timeout=NEWS)
        expect(page.locator('[data-widget="campaign.statistics"]')).to_be_visible()

    @pytest.mark.parametrize("others", [True, False], ids=["with other tabs", "alone"])
    def test_a_wall_screen_goes_on_and_comes_back(self, open_page: Open, others: bool) -> None:
        page = open_page(f"{TAB}?kiosk=5")
        if not others:
            page.evaluate("document.querySelector('#lr-tabs li').remove()")
        switch(on=False)
        expect(page).to_have_url(re.compile(rf"{FIRST}\?kiosk=5"), timeout=SOON)
        expect(page.locator("#lr-tabs a")).to_have_count(1)
        switch(on=True)
        expect(page).to_have_url(re.compile(rf"{TAB}\?kiosk=5"), timeout=SOON)
        expect(widget(page, "tiles")).to_be_visible()

    def test_a_wall_screen_waits_for_its_server(self, open_page: Open) -> None:
        page = open_page(f"{FIRST}?kiosk=5")
        page.route("**/reports/**", lambda route: route.abort())
        age = page.locator("#lr-age")
        expect(age).to_have_attribute("data-state", "lost", timeout=SOON)
        expect(page.locator("#lr-banner")).to_contain_text("has not answered", timeout=SOON)
        _expect_request_that_leads_nowhere(page)
        expect(age).to_be_visible()
        page.unroute("**/reports/**")
        expect(page).to_have_url(re.compile(rf"{TAB}\?kiosk=5"), timeout=SOON)

    def test_a_wall_screen_never_goes_to_a_log_in_page(self, open_page: Open) -> None:
        page = open_page(f"{FIRST}?kiosk=5")
        cookies = page.context.cookies()
        page.context.clear_cookies()
        expect(page.locator("#lr-banner")).to_contain_text("session has ended", timeout=SOON)
        _expect_request_that_leads_nowhere(page)
        expect(page.locator("#lr-age")).to_be_visible()
        page.context.add_cookies(cookies)  # type: ignore[arg-type]
        expect(page).to_have_url(re.compile(rf"{TAB}\?kiosk=5"), timeout=SOON)


def _expect_request_that_leads_nowhere(page: Page) -> None:
    """The wall screen looks whether its next tab is there, and stays."""
    with page.expect_request(lambda request: request.method == "HEAD", timeout=SOON):
        pass
