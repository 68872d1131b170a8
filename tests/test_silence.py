"""A tab with nothing to show says why, since when, and what comes next: once, at its top."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from liveReport.models import Campaign, ChannelPlugin
from tests.support import pages
from tests.support.pages import MORNING, NOON, NOW, TAB, Send, html, pigeon

at_noon = pages.at_noon
alices = pages.alices
flights = pages.flights

FIRST = "/admin/reports/summer/campaign/"
YESTERDAY = NOW - timedelta(hours=30)


def silence(page: str) -> tuple[str, str] | None:
    """The reason that a page gives for having nothing to show, and its words."""
    found = re.search(r'data-silence="(\w+)">(.*?)</div>', page, re.DOTALL)
    if not found:
        return None
    return found[1], " ".join(unescape(re.sub("<[^>]+>", " ", found[2])).split())


def declare(campaign: Campaign, **fields: Any) -> None:
    campaign.channels.create(channel="pigeon", declared=True, **fields)


@pytest.mark.usefixtures("flights")
def test_a_tab_with_numbers_says_nothing(alices: Client) -> None:
    assert silence(html(alices)) is None
    assert silence(html(alices, FIRST)) is None


def test_before_the_first_event_it_says_how_to_send_some(
    alices: Client, campaign: Campaign
) -> None:
    declare(campaign)
    for address in (TAB, FIRST):
        page = html(alices, address)
        found = silence(page)
        assert found
        assert found[0] == "never"
        assert "No event has been received yet" in found[1]
        assert 'href="/api/docs/"' in page
        assert 'href="/admin/livereport/apitoken/add/"' in page


def test_cards_say_it_shortly(alices: Client, campaign: Campaign) -> None:
    declare(campaign)
    page = html(alices)
    assert page.count("Nothing in the last 24 hours") == 4
    assert page.count("within seconds") == 1


def test_only_who_may_issue_tokens_is_led_there(
    client: Client, at_noon: None, campaign: Campaign, bob: User
) -> None:
    client.force_login(bob)
    page = html(client, FIRST)
    assert "How to send events" in page
    assert "Issue a token" not in page
    assert "Choose channels" not in page
    bob.user_permissions.add(Permission.objects.get(codename="change_campaign"))
    assert f"/admin/livereport/campaign/{campaign.pk}/change/" in html(client, FIRST)


def test_without_channels_it_says_how_to_get_some(alices: Client) -> None:
    found = silence(html(alices, FIRST))
    assert found
    assert found[0] == "no_channel"
    assert "Choose channels" in found[1]


def test_after_events_it_says_when_the_last_one_was(alices: Client, campaign: Campaign) -> None:
    declare(campaign, first_event_at=YESTERDAY, last_event_at=YESTERDAY)
    for address in (TAB, FIRST):
        found = silence(html(alices, address))
        assert found
        assert found[0] == "earlier"
        assert found[1].startswith("Nothing in the last 24 hours")
        assert "The last event was on May 31, 06:07." in found[1]


def test_events_of_a_channel_switched_off_are_not_told(alices: Client, campaign: Campaign) -> None:
    declare(campaign, first_event_at=YESTERDAY, last_event_at=YESTERDAY)
    ChannelPlugin.objects.update_or_create(slug="pigeon", defaults={"enabled": False})
    found = silence(html(alices, FIRST))
    assert found
    assert found[0] == "no_channel"


@pytest.mark.parametrize(
    ("last", "text"),
    [
        (YESTERDAY, "The last event was on May 31, 06:07. No more are expected."),
        (None, "It has received no event here, and no more are expected."),
    ],
)
def test_what_has_ended_promises_nothing(
    alices: Client, campaign: Campaign, last: Any, text: str
) -> None:
    declare(campaign, first_event_at=last, last_event_at=last)
    Campaign.objects.update(status=Campaign.Status.ENDED)
    page = html(alices)
    assert silence(page) == ("ended", f"This campaign has ended {text}")
    assert "within seconds" not in page


def test_a_filter_that_matches_nothing_is_named_as_the_cause(alices: Client, send: Send) -> None:
    send(pigeon("flown", execution=NOON))
    page = html(alices, f"{TAB}?execution={MORNING}")
    found = silence(page)
    assert found
    assert found[0] == "filtered"
    assert "Nothing in the last 24 hours" not in page
    assert f'href="{TAB}">Show all executions</a>' in page
    assert silence(html(alices, f"{FIRST}?execution={MORNING}")) is None  # it does not filter


def test_a_wall_screen_has_nothing_to_press(alices: Client) -> None:
    found = silence(html(alices, f"{FIRST}?kiosk=20"))
    assert found
    assert "How to send events" not in found[1]


def test_a_poll_takes_it_away_with_the_first_event(
    alices: Client, campaign: Campaign, send: Send
) -> None:
    declare(campaign)
    digest = re.search(r'id="lr-silence" data-digest="(\w+)"', html(alices))
    assert digest
    send(pigeon("flown", execution=NOON))
    shown = f"lr-silence:{digest[1]}"
    changed = alices.get(f"{TAB}changes/", {"version": "old", "shown": shown}).content.decode()
    assert 'id="lr-silence"' in changed
    assert silence(changed) is None


def test_it_is_said_in_french(alices: Client, campaign: Campaign) -> None:
    declare(campaign, first_event_at=YESTERDAY, last_event_at=YESTERDAY)
    alices.cookies["django_language"] = "fr"
    found = silence(html(alices))
    assert found
    assert "Dernier événement : 31 mai, 06:07." in found[1]
