"""What the pages say of verdicts: report, tabs, widgets, paper, wall and start page."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import Page, expect

from liveReport.models import Campaign
from tests.support.browser import NEWS, Open, in_browser
from tests.support.factories import event
from tests.support.pages import html
from tests.test_accessibility import findings

EMAIL, CAMPAIGN = "/admin/reports/summer/email/", "/admin/reports/summer/campaign/"


def failing(count: int = 100) -> list[dict[str, Any]]:
    """A run of email that fails, for want of speed, and one of push that goes well."""
    now = timezone.now()
    return [
        *(event(type="sent", occurred_at=now, profile=f"p{n}") for n in range(100)),
        *(
            event(type="error", reason="Throttling", occurred_at=now, profile=f"q{n}")
            for n in range(count)
        ),
        *(event(channel="push", occurred_at=now, profile=f"p{n}") for n in range(100)),
    ]


@pytest.fixture
def alices(client: Client, alice: User, campaign: Campaign) -> Client:
    client.force_login(alice)
    return client


def part(markup: str, id_: str) -> str:
    found = re.search(rf'<(\w+)[^>]* id="{id_}".*?\n</\1>', markup, re.DOTALL)
    assert found, id_
    return found[0]


def told(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", part(markup, "lr-verdicts")).split())


def test_the_report_says_what_is_wrong_and_who_acts(alices: Client, send: Any) -> None:
    send(*failing())
    page = html(alices, CAMPAIGN)
    assert 'data-level="critical" role="status"' not in page
    assert 'data-level="warning" role="status"' in page
    said = told(page)
    assert said.startswith("Warning Email: error rate 50.0%, limit 20.0%, since ")
    assert "100.0% of it: Our sending rate was exceeded (Throttling)." in said
    assert said.endswith(
        "Who acts: whoever plans how fast to send. Send more slowly, or have the limit raised."
    )


def test_a_quiet_day_is_told_in_one_line(alices: Client, send: Any) -> None:
    send(*failing(0))
    for tab in (CAMPAIGN, EMAIL):
        assert told(html(alices, tab)) == "Calm Every rate is within its limits."


def test_a_tab_has_its_own_verdicts_and_links_show_others(alices: Client, send: Any) -> None:
    send(*failing())
    page = html(alices, "/admin/reports/summer/push/")
    assert told(page) == "Calm Every rate is within its limits."
    tabs = part(page, "lr-tabs")
    assert 'data-level="warning"' in tabs
    assert re.search(r"Email<span[^>]*> – Warning</span>", tabs)
    assert "Push</a>" in tabs


def test_widgets_concerned_are_marked(alices: Client, send: Any) -> None:
    send(*failing())
    page = html(alices, EMAIL)
    marked = re.findall(r'id="lr-email-([\w-]+)-verdict" data-digest="\w+"><span', page)
    assert marked == [
        *("sending_performance-donut", "statistics-table", "performance_by_date-multiples"),
        "error_reasons-donut",
    ]
    tile = re.search(
        r'<div class="lr-tile"[^>]*data-level="warning">.*?</dt>', html(alices, CAMPAIGN), re.DOTALL
    )
    assert tile
    assert "Errors" in tile[0]


def test_paper_and_wall_say_it_as_well(alices: Client, send: Any) -> None:
    send(*failing())
    assert "error rate 50.0%" in told(html(alices, "/admin/reports/summer/export.html"))
    assert "error rate 50.0%" in told(html(alices, f"{CAMPAIGN}?kiosk"))


def test_nothing_to_judge_is_said_to_be_unknown(alices: Client, campaign: Campaign) -> None:
    assert told(html(alices, CAMPAIGN)) == ""
    campaign.channels.create(channel="email", declared=True)
    assert told(html(alices, CAMPAIGN)).startswith("Not known Email: cannot be judged (")


def test_the_start_page_says_it_in_the_row(alices: Client, send: Any) -> None:
    send(*failing())
    page = html(alices, "/admin/reports/")
    row = part(page, "lr-row-summer")
    assert 'data-campaign="summer" data-status="live" data-level="warning"' in row
    assert "Email: error rate 50.0%" in row


def poll(client: Client, page: str, address: str) -> Any:
    version = re.search(r'data-version="([\w-]+)"', page)
    assert version
    shown = re.findall(r'id="([\w-]+)" data-digest="(\w+)"', page)
    query = {"version": version[1], "shown": [":".join(pair) for pair in shown]}
    return client.get(f"{address}changes/", query)


def test_a_poll_brings_verdict_tabs_and_marks(alices: Client, send: Any) -> None:
    send(*failing(0))
    page = html(alices, EMAIL)
    send(*failing()[100:200])
    answer = poll(alices, page, EMAIL).content.decode()
    ids = set(re.findall(r'id="(lr-[\w-]+)" data-digest', answer))
    assert {"lr-verdicts", "lr-tabs", "lr-email-error_reasons-donut-verdict"} <= ids
    assert "-verdict-widget" not in answer


def test_a_poll_of_the_same_version_asks_for_no_verdict(
    alices: Client, send: Any, django_assert_num_queries: Any
) -> None:
    send(*failing())
    page = html(alices, EMAIL)
    with django_assert_num_queries(5):
        assert poll(alices, page, EMAIL).status_code == 204


def test_another_tab_of_the_same_state_is_not_judged_again(alices: Client, send: Any) -> None:
    send(*failing())
    html(alices, EMAIL)
    with CaptureQueriesContext(connection) as captured:
        html(alices, "/admin/reports/summer/push/")
    assert not [one for one in captured if "campaignrule" in one["sql"]]


# -- In a browser --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(320, "light", "en"), (1280, "dark", "fr"), (1280, "light", "en")],
)
class TestInABrowser:
    pytestmark = in_browser

    def test_it_can_be_read_by_everybody(
        self, open_page: Open, send: Any, width: int, scheme: str, language: str
    ) -> None:
        send(*failing())
        for address in (EMAIL, "/admin/reports/"):
            page: Page = open_page(
                address,
                language=language,
                color_scheme=scheme,
                viewport={"width": width, "height": 900},
                bypass_csp=True,
            )
            expect(page.locator("[data-level=warning]").first).to_be_visible()
            assert findings(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width

    def test_it_appears_by_itself(
        self, open_page: Open, send: Any, width: int, scheme: str, language: str
    ) -> None:
        send(*failing(0))
        page: Page = open_page(EMAIL, viewport={"width": width, "height": 900})
        expect(page.locator("#lr-verdicts")).to_contain_text("Every rate is within its limits.")
        send(*failing()[100:200])
        expect(page.locator("#lr-verdicts")).to_contain_text("error rate 50.0%", timeout=NEWS)
        expect(page.locator("#lr-email-error_reasons-donut-verdict")).to_be_visible()
