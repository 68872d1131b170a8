"""Sessions that end, or become somebody else's, under an open page. Nothing typed is lost."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Page, expect

from dashboards.models import Layout
from tests.support.browser import NEWS, TAB, Open, chart, in_browser, widget
from tests.test_editor import modify, press

pytestmark = in_browser

SCRIPT = {"HX-Request": "true"}
SOON = 20_000
"""Milliseconds after which a page has noticed that somebody has logged in again."""


def log_in(page: Page, user: User) -> None:
    """In another tab of the same browser: a session and a token of its own."""
    client = Client()
    client.force_login(user)
    address = re.sub(r"/admin/.*", "", page.url)
    cookies = {"sessionid": client.cookies["sessionid"].value, "csrftoken": "x" * 32}
    page.context.add_cookies([{"name": n, "value": v, "url": address} for n, v in cookies.items()])


def test_a_script_gets_no_log_in_page(client: Client, alice: User, campaign: Any) -> None:
    for method, address in [
        ("get", f"{TAB}changes/"),
        ("get", f"{TAB}layout/"),
        ("post", f"{TAB}layout/"),
        ("post", f"{TAB}widgets/course/"),
        ("get", "/admin/livereport/campaign/"),
        ("get", "/admin/form-token/"),
    ]:
        response = getattr(client, method)(address, headers=SCRIPT)
        assert (response.status_code, response.content) == (401, b"")
        assert "Location" not in response.headers
        assert getattr(client, method)(address).status_code == 302


def test_a_page_of_one_user_acts_for_no_other(client: Client, alice: User, bob: User) -> None:
    client.force_login(bob)
    mine, alices = ({**SCRIPT, "X-Report-User": str(user.pk)} for user in (bob, alice))
    assert client.get("/admin/form-token/", headers=mine).status_code == 200
    assert client.get("/admin/form-token/", headers=alices).status_code == 409


def test_reading_goes_on_after_a_log_in_elsewhere(open_page: Open, alice: User) -> None:
    page = open_page()
    page.context.clear_cookies()
    banner = page.locator("#lr-banner")
    expect(banner).to_contain_text("Your session has ended", timeout=NEWS)
    expect(page.locator("#lr-age")).to_have_attribute("data-state", "lost")
    link = banner.get_by_role("link", name="Log in")
    expect(link).to_have_attribute("href", re.compile(f"{TAB}$"))
    page.get_by_role("button", name="Modify").click()
    expect(page.get_by_role("toolbar")).to_have_count(0)
    log_in(page, alice)
    expect(banner).to_be_hidden(timeout=SOON)
    expect(page.locator("#lr-age")).to_have_attribute("data-state", "fresh")


def test_the_log_in_leads_back_to_the_report(open_page: Open, alice: User) -> None:
    alice.set_password("a long enough word")
    alice.save()
    page = open_page()
    page.context.clear_cookies()
    page.locator("#lr-banner a").click(timeout=NEWS)
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("a long enough word")
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile(f"{TAB}$"))
    expect(chart(page, "course")).to_be_visible()


def test_a_widget_stays_when_its_picture_cannot_be_kept(open_page: Open, alice: User) -> None:
    page = open_page()
    Session.objects.all().delete()
    page.locator('[data-widget="pigeon.course"] [data-menu]').click()
    areas = widget(page, "course").get_by_role("button", name="Areas")
    areas.click()
    expect(page.locator("#lr-banner")).to_contain_text("Your session has ended")
    expect(chart(page, "course")).to_be_visible()
    expect(page.get_by_label("Password")).to_have_count(0)
    log_in(page, alice)
    areas.click()
    expect(widget(page, "course")).to_have_attribute("data-picture", "area")


def test_a_draft_outlives_its_session(open_page: Open, alice: User) -> None:
    page = open_page()
    modify(page)
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    page.context.clear_cookies()
    press(page, "Save")
    notice = page.locator("#lr-notice")
    expect(notice).to_contain_text("Log in again in another tab, then save")
    expect(page.locator("#lr-banner a")).to_have_attribute("target", "_blank")
    press(page, "Undo")  # needs a widget that cannot be fetched now
    expect(notice).to_contain_text("Not shown: your session has ended")
    expect(widget(page, "runs")).to_have_count(0)
    log_in(page, alice)
    press(page, "Save")
    expect(page.get_by_role("toolbar")).to_be_hidden()
    expect(page.locator("#lr-editor")).to_be_empty()  # no alarm about one's own save
    page.reload()
    expect(widget(page, "tiles")).to_be_visible()
    expect(widget(page, "runs")).to_have_count(0)


def test_a_draft_is_not_saved_for_another_user(open_page: Open, alice: User, bob: User) -> None:
    page = open_page()
    modify(page)
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    log_in(page, bob)
    press(page, "Save")
    expect(page.locator("#lr-notice")).to_contain_text("logged in as somebody else now")
    assert not Layout.objects.exists()
    expect(page.locator("#lr-banner")).to_contain_text("your changes are kept")
    log_in(page, alice)
    press(page, "Save")
    expect(page.get_by_role("toolbar")).to_be_hidden()
    assert Layout.objects.get().owner == alice


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_of_another_user_says_so(open_page: Open, bob: User, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    log_in(page, bob)
    banner = page.locator("#lr-banner")
    expect(banner).to_contain_text("logged in as somebody else now", timeout=NEWS)
    banner.get_by_role("link", name="Reload").click()
    expect(chart(page, "course")).to_be_visible()
