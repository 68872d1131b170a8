"""The report says whether its sources are alive: silent by their own rhythm, or refused."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import msgspec
import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from liveReport import rollup
from liveReport.channels import registered, webhook_added
from liveReport.engines import sources as stored
from liveReport.engines.sources import Apart
from liveReport.ingest import receive
from liveReport.models import Campaign, ChannelPlugin, Source
from liveReport.report import Head, tab_head, tab_report
from liveReport.report.heartbeat import heartbeat
from liveReport.site.sources import Wanted, set_up
from tests.support.factories import event
from tests.support.hooking import Pigeon, basic, posted
from tests.support.showcase import Showcase

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 1, 12, 0, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TAB = "/admin/reports/summer/pigeon/"


@pytest.fixture(autouse=True)
def showcase() -> Iterator[None]:
    with registered(Showcase):
        yield


def at(minute: float) -> datetime:
    return NOON + minute * MINUTE


def flying(source: Source, minutes: range, *types: str, channel: str = "pigeon") -> None:
    """Events of some types in each of some minutes."""
    for minute in minutes:
        events = [
            event(channel=channel, type=one, occurred_at=at(minute), profile=f"p{minute}")
            for one in types
        ]
        receive(source, msgspec.json.encode(events), now=at(minute))
    rollup.fold_pending(at(minutes.stop - 1))


def head(campaign: Campaign, minute: float, tab: str = "pigeon") -> Head:
    return tab_head(campaign, tab, at(minute))


def page(client: Client, minute: float, address: str = TAB) -> str:
    with time_machine.travel(at(minute), tick=False):
        response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def said(markup: str) -> list[tuple[str, str]]:
    """What a page says of sources."""
    found = re.findall(r'<p data-heartbeat="(\w+)">(.*?)</p>', markup, re.DOTALL)
    return [(kind, unescape(re.sub("<[^>]+>", "", text)).strip()) for kind, text in found]


def test_a_source_that_stops_is_named_after_a_while(
    client: Client, alice: User, campaign: Campaign, source: Source
) -> None:
    client.force_login(alice)
    flying(source, range(30), "flown")
    assert said(page(client, 34)) == []
    for address in (TAB, "/admin/reports/summer/campaign/", f"{TAB}?kiosk=20"):
        assert said(page(client, 37, address)) == [("silent", "shop silent for 7 min")]
    flying(source, range(40, 42), "flown")
    assert said(page(client, 42)) == []


def test_what_rests_on_it_is_provisional(
    client: Client, alice: User, campaign: Campaign, source: Source
) -> None:
    """The widgets of its channels, and of the campaign as a whole; no other channel's."""
    client.force_login(alice)
    other = Source.objects.ensure("other")
    flying(source, range(30), "flown")
    flying(other, range(40), "sent", channel="email")
    for tab, provisional in (("pigeon", True), ("email", False), ("campaign", True)):
        report = tab_report(campaign, tab, [], at(40))
        assert {one.frame.provisional for one in report.widgets if one.frame} == {provisional}
        markup = page(client, 40, f"/admin/reports/summer/{tab}/")
        assert ('class="lr-provisional"' in markup) is provisional


def test_the_api_says_which_channels_are_silent_but_not_who(
    client: Client, campaign: Campaign, source: Source, read_token: str
) -> None:
    flying(source, range(30), "flown")
    with time_machine.travel(at(40), tick=False):
        answer = client.get(
            "/api/v1/campaigns/summer/report/pigeon/",
            headers={"authorization": f"Bearer {read_token}"},
        )
    body = answer.json()
    assert body["silent"] == [{"channel": "pigeon", "since": "2026-06-01T12:30:00Z"}]
    assert body["widgets"][0]["frame"]["provisional"] is True
    assert "shop" not in answer.content.decode()


def test_a_poll_learns_of_it_and_costs_no_more(
    client: Client,
    alice: User,
    campaign: Campaign,
    source: Source,
    django_assert_max_num_queries: Any,
) -> None:
    client.force_login(alice)
    flying(source, range(30), "flown")
    versions = [head(campaign, 34).version, head(campaign, 34.5).version]
    assert versions[0] == versions[1]
    shown = page(client, 34)
    with time_machine.travel(at(36), tick=False):
        digests = re.findall(r'id="([\w-]+)" data-digest="(\w+)"', shown)
        query = {"version": "old", "shown": [f"{id_}:{digest}" for id_, digest in digests]}
        answer = client.get(f"{TAB}changes/", query).content.decode()
        assert said(answer) == [("silent", "shop silent for 6 min")]
        assert 'class="lr-provisional"' in answer
    with django_assert_max_num_queries(1):
        head(campaign, 36)
    with django_assert_max_num_queries(2):
        head(campaign, 37)


def test_until_everything_is_counted_nobody_is_called_silent(
    campaign: Campaign, source: Source
) -> None:
    flying(source, range(30), "flown")
    receive(source, msgspec.json.encode([event(occurred_at=at(30))]), now=at(30))
    assert head(campaign, 60).heartbeat.silent == []


def test_a_source_or_channel_switched_off_is_not_missed(campaign: Campaign, source: Source) -> None:
    flying(source, range(30), "flown")
    assert head(campaign, 40).heartbeat.silent
    ChannelPlugin.objects.update_or_create(slug="pigeon", defaults={"enabled": False})
    assert head(campaign, 41, "campaign").heartbeat.silent == []
    ChannelPlugin.objects.update(enabled=True)
    source.account.is_active = False
    source.account.save()
    assert head(campaign, 42).heartbeat.silent == []


def sending(source: Source, count: int, *types: str) -> None:
    """A run of push: so many are targeted, then one a minute is told of."""
    run = at(0).isoformat()
    targets = [
        event(channel="push", type="targeted", profile=f"p{n}", occurred_at=at(0), execution=run)
        for n in range(30)
    ]
    receive(source, msgspec.json.encode(targets), now=at(0))
    for minute in range(count):
        told = [
            event(
                channel="push",
                type=one,
                profile=f"p{minute}",
                occurred_at=at(minute),
                execution=run,
                message=f"m{minute}",
            )
            for one in types
        ]
        receive(source, msgspec.json.encode(told), now=at(minute))
    rollup.fold_pending(at(count))


def test_a_send_that_is_done_has_not_fallen_silent(campaign: Campaign, source: Source) -> None:
    sending(source, 30, "sent")
    assert head(campaign, 50, "push").heartbeat.silent == []


def test_one_that_stops_half_way_has(campaign: Campaign, source: Source) -> None:
    sending(source, 20, "sent")
    assert head(campaign, 50, "push").heartbeat.silent


def test_so_has_a_done_one_whose_opens_stop_in_full_course(
    campaign: Campaign, source: Source
) -> None:
    sending(source, 30, "sent", "opened")
    assert head(campaign, 50, "push").heartbeat.silent


# -- Refusals ----------------------------------------------------------------------------------


@pytest.fixture
def loft(campaign: Campaign) -> Iterator[Source]:
    with webhook_added("email", Pigeon):
        yield set_up("loft", "pigeon", Wanted(campaign="summer"))[0]


def test_a_refusal_stands_in_the_report_within_a_minute(
    client: Client, alice: User, campaign: Campaign, loft: Source
) -> None:
    client.force_login(alice)
    campaign.channels.create(channel="email", declared=True)
    email = "/admin/reports/summer/email/"
    assert said(page(client, 0, email)) == []
    for second in (20, 80):
        with time_machine.travel(NOON + timedelta(seconds=second), tick=False):
            for _time in range(6):
                assert posted(client, [], basic("guess")).status_code == 401
    told = [("refused", "loft: 12 requests refused: wrong signature or secret (since 12:00)")]
    assert said(page(client, 2, email)) == told
    assert said(page(client, 2, "/admin/reports/summer/campaign/")) == told
    assert said(page(client, 100, email)) == []


def test_it_goes_when_the_source_is_heard_again(campaign: Campaign, loft: Source) -> None:
    stored.note([Apart(loft.pk, at(0), refused=1, why="stale")])
    flying(loft, range(2, 5), "sent", channel="email")
    (refusal,) = head(campaign, 5, "email").heartbeat.refusals
    assert (refusal.why, refusal.number) == ("stale", 1)
    flying(loft, range(6, 8), "sent", channel="email")
    assert head(campaign, 8, "email").heartbeat.refusals == []


def test_what_was_refused_long_before_is_another_story(campaign: Campaign, loft: Source) -> None:
    for minute in (0, 120, 150):
        stored.note([Apart(loft.pk, at(minute), refused=5, why="stale")])
    (refusal,) = heartbeat(campaign.pk, at(151), at(151)).refusals
    assert (refusal.number, refusal.since) == (10, at(120).replace(second=0))


def test_strangers_at_a_public_door_are_no_news(campaign: Campaign) -> None:
    site, _secret = set_up("site", "beacon", Wanted(campaign="summer"))
    stored.note([Apart(site.pk, at(0), refused=5, why="unknown")])
    assert heartbeat(campaign.pk, at(1), at(1)).refusals == []


def test_who_has_nothing_to_do_with_a_campaign_is_not_named_there(
    campaign: Campaign, loft: Source
) -> None:
    winter = Campaign.objects.create(slug="winter", name="Winter")
    stored.note([Apart(loft.pk, at(0), refused=5, why="stale")])
    assert heartbeat(winter.pk, at(1), at(1)).refusals == []
    loft.mappings.create(value="w", campaign=winter)
    assert heartbeat(winter.pk, at(2), at(2)).refusals != []


def test_a_code_in_nobodys_words_is_shown_as_it_is(
    client: Client, alice: User, campaign: Campaign, loft: Source
) -> None:
    client.force_login(alice)
    stored.note([Apart(loft.pk, at(0), refused=1, why="100%<b>")])
    address = "/admin/reports/summer/campaign/"
    assert said(page(client, 1, address)) == [
        ("refused", "loft: 1 request refused: 100%<b> (since 12:00)")
    ]


def test_it_is_said_in_french(
    client: Client, alice: User, campaign: Campaign, source: Source
) -> None:
    client.force_login(alice)
    client.cookies["django_language"] = "fr"
    flying(source, range(30), "flown")
    stored.note([Apart(source.pk, at(36), refused=2, why="no_credentials")])
    markup = page(client, 37)
    assert said(markup) == [
        (
            "refused",
            "shop\N{NARROW NO-BREAK SPACE}: 2 requêtes refusées\N{NARROW NO-BREAK SPACE}: "
            "sans identifiants (depuis 12:36)",
        ),
        ("silent", "shop muette depuis 7 min"),
    ]
    assert "Provisoire" in markup
