"""Choosing whose opens and clicks are shown, by the keyboard, in a real browser."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.browser import Open, in_browser
from tests.support.factories import event

pytestmark = in_browser
TAB = "/admin/reports/summer/email/"


def opens(page: Page) -> Any:
    table = page.locator('[data-widget="email.statistics"]')
    return table.locator('[data-metric="opens"]').first


def test_people_and_machines_are_told_apart_by_one_control(open_page: Open, send: Any) -> None:
    send(*(event(type="opened", profile=f"p{n}", verdict="human") for n in range(3)))
    send(event(type="opened", signal="crawler"), event(type="opened"))
    page = open_page(TAB)
    whose = page.get_by_role("navigation", name="Opens and clicks of")
    expect(opens(page)).to_contain_text("5")
    whose.get_by_role("link", name="Human").press("Enter")
    expect(opens(page)).to_contain_text("3")
    expect(whose.locator("[aria-current=true]")).to_have_text("Human")
    page.get_by_role("navigation", name="Window").get_by_role("link", name="1 h").press("Enter")
    expect(page).to_have_url(re.compile(r"/email/\?window=1h&verdict=human$"))
    whose.get_by_role("link", name="All").press("Enter")
    expect(opens(page)).to_contain_text("5")
