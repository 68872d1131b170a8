"""The start page: which campaigns, in which order, with which numbers; and its polls."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from time import thread_time
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboards.models import Pin
from liveReport.models import Campaign, CampaignChannel, ChannelPlugin
from tests.support.factories import CampaignFactory, UserFactory, event
from tests.support.pages import NOW

pytestmark = pytest.mark.django_db
START = "/admin/reports/"


@pytest.fixture
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def alices(client: Client, alice: User, at_noon: None) -> Client:
    client.force_login(alice)
    return client


def html(client: Client, query: str = "", address: str = START) -> str:
    response = client.get(f"{address}{query}")
    assert response.status_code == 200
    return response.content.decode()


def listed(page: str) -> list[str]:
    """The campaigns in the order of the page."""
    return re.findall(r'data-campaign="([\w-]+)"', page)


def row(page: str, slug: str) -> str:
    found = re.search(rf'<div class="lr-row"[^>]*data-campaign="{slug}".*?</div>', page, re.DOTALL)
    assert found
    return found[0]


def text(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def test_a_row_says_how_it_goes(alices: Client, campaign: Campaign, send: Any) -> None:
    send(
        *(event(occurred_at=ago(minute), profile=f"p{minute}") for minute in (1.5, 2.5, 5, 30)),
        *(event(type="delivered", occurred_at=ago(0.2), profile=f"q{n}") for n in range(3)),
        event(type="bounced", category="hard", occurred_at=ago(3)),
    )
    markup = row(html(alices), "summer")
    assert 'data-metric="events_per_minute">0.8<' in markup  # 4 in five whole minutes
    assert 'data-metric="bounce_rate">25.0%<' in markup
    assert "data-level" not in markup
    assert 'href="/admin/reports/summer/campaign/"' in markup
    assert "at most" in markup
    said = text(markup)
    assert "Summer sale Email Live" in said
    assert said.endswith("Bounce rate 25.0% now")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "now"), (1.2, "now"), (3.2, "3 min ago"), (59, "59 min ago"), (120, "Jun 1, 10:07")],
)
def test_the_last_event_is_told_as_people_do(
    alices: Client, campaign: Campaign, send: Any, minutes: float, said: str
) -> None:
    send(event(occurred_at=ago(minutes)))
    assert text(row(html(alices), "summer")).endswith(said)


def test_nothing_yet_is_not_calm(alices: Client, campaign: Campaign) -> None:
    markup = row(html(alices), "summer")
    assert text(markup).endswith("— a minute — —")
    assert "<svg viewBox" not in markup


@pytest.fixture
def several(db: None) -> list[Campaign]:
    """Live ones that were heard of a minute ago, an hour ago and never, and others."""
    made = [
        CampaignFactory(slug=slug, name=name, status=status)
        for slug, name, status in [
            ("over", "A is over", "ended"),
            ("silent", "B says nothing", "live"),
            ("slow", "C is slow", "live"),
            ("quick", "D is quick", "live"),
            ("also-quick", "E is quick", "live"),
            ("paused", "F waits", "paused"),
            ("planned", "G is planned", "draft"),
        ]
    ]
    heard = {"slow": 120, "quick": 0.6, "also-quick": 0.3, "over": 0.2}
    for one in made:
        if one.slug in heard:
            CampaignChannel.objects.create(
                campaign=one, channel="email", last_event_at=ago(heard[one.slug])
            )
    return made


def test_pinned_ones_first_and_ended_ones_last(
    alices: Client, alice: User, several: list[Campaign]
) -> None:
    order = ["quick", "also-quick", "slow", "silent", "paused", "planned", "over"]
    assert listed(html(alices)) == order
    assert alices.post("/admin/campaigns/pin/", {"pin": "planned"}).status_code == 302
    assert listed(html(alices)) == ["planned", *(slug for slug in order if slug != "planned")]
    assert 'aria-pressed="true"' in row(html(alices), "planned")
    alices.post("/admin/campaigns/pin/", {"unpin": "planned"})
    assert listed(html(alices)) == order


def test_pins_belong_to_their_user(alices: Client, bob: User, several: list[Campaign]) -> None:
    for _ in range(2):
        alices.post("/admin/campaigns/pin/", {"pin": "slow"})
    assert Pin.objects.count() == 1
    alices.force_login(bob)
    assert listed(html(alices))[0] == "quick"


def test_a_press_comes_back_to_where_it_was_made(alices: Client, several: list[Campaign]) -> None:
    press = {"pin": "slow", "next": f"{START}?state=live"}
    response = alices.post("/admin/campaigns/pin/", press)
    assert response.headers["Location"] == f"{START}?state=live"
    press["next"] = "https://evil.example/"
    assert alices.post("/admin/campaigns/pin/", press).headers["Location"] == START
    response = alices.post("/admin/campaigns/pin/", press, headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert alices.post("/admin/campaigns/pin/", {"pin": "nowhere"}).status_code == 404
    assert alices.get("/admin/campaigns/pin/").status_code == 405


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?state=live", ["quick", "also-quick", "slow", "silent"]),
        ("?state=ended", ["over"]),
        ("?state=nonsense&q=IS+quick", ["quick", "also-quick"]),
        ("?q=also-", ["also-quick"]),
        ("?q=e-mail", []),
        ("?q=Email&state=live", ["quick", "also-quick", "slow"]),
        ("?q=nowhere", []),
    ],
)
def test_search_and_filter(
    alices: Client, several: list[Campaign], query: str, expected: list[str]
) -> None:
    page = html(alices, query)
    assert listed(page) == expected
    assert ("No campaign matches" in page) == (not expected)


def test_a_channel_that_is_switched_off_is_not_there(
    alices: Client, campaign: Campaign, send: Any
) -> None:
    send(event(), event(channel="sms", occurred_at=ago(10)))
    ChannelPlugin.objects.filter(slug="email").update(enabled=False)
    said = text(row(html(alices), "summer"))
    assert "Summer sale SMS Live" in said
    assert said.endswith("10 min ago")


def test_pages_of_fifty(alices: Client) -> None:
    for number in range(60):
        CampaignFactory(slug=f"c{number:02}", name=f"C {number:02}")
    first, second = listed(html(alices)), listed(html(alices, "?page=2"))
    assert (len(first), len(second)) == (50, 10)
    assert first + second == [f"c{number:02}" for number in range(60)]
    assert listed(html(alices, "?page=99")) == second
    assert f'href="{START}?page=2"' in html(alices)


def test_who_may_see_none_is_told_so(client: Client, campaign: Campaign) -> None:
    client.force_login(UserFactory(username="dora", is_staff=True))
    page = html(client)
    assert listed(page) == []
    assert "You may not see any campaign yet" in page
    assert client.post("/admin/campaigns/pin/", {"pin": "summer"}).status_code == 404


# -- Polls -----------------------------------------------------------------------------------


def poll(client: Client, shown_page: str, **query: str) -> Any:
    version = re.search(r'data-version="([\w-]+)"', shown_page)
    assert version
    shown = [
        f"{id_}:{digest}"
        for id_, digest in re.findall(r'id="([\w-]+)" data-digest="(\w+)"', shown_page)
    ]
    asked = {"version": version[1], "shown": shown, **query}
    return client.get("/admin/campaigns/changes/", asked, headers={"HX-Request": "true"})


def test_a_poll_without_news_has_no_content_but_an_age(
    alices: Client, several: list[Campaign]
) -> None:
    response = poll(alices, html(alices))
    assert response.status_code == 204
    assert datetime.fromisoformat(response.headers["X-Report-As-Of"]) == NOW
    assert response.headers["X-Report-Lag"] == "0.0"


def test_a_poll_brings_only_the_rows_that_differ(
    alices: Client, several: list[Campaign], send: Any
) -> None:
    send(event(campaign="quick", occurred_at=ago(2)))
    page = html(alices)
    send(event(campaign="quick", occurred_at=ago(2)))
    response = poll(alices, page)
    assert listed(response.content.decode()) == ["quick"]
    assert 'hx-swap-oob="outerHTML"' in response.content.decode()
    assert 'id="lr-rows"' not in response.content.decode()


def test_a_poll_brings_all_rows_when_their_order_is_another(
    alices: Client, several: list[Campaign], send: Any
) -> None:
    page = html(alices)
    send(event(campaign="silent", occurred_at=ago(0)))
    found = poll(alices, page).content.decode()
    assert listed(found)[0] == "silent"
    assert len(listed(found)) == len(several)


def test_a_poll_answers_what_is_searched_for(alices: Client, several: list[Campaign]) -> None:
    found = poll(alices, html(alices), q="slow", state="all", page="1").content.decode()
    assert listed(found) == ["slow"]


# -- What it costs ---------------------------------------------------------------------------


def statements(client: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        html(client)
    return len(captured)


def test_more_campaigns_need_no_more_statements(alices: Client, send: Any) -> None:
    def more(numbers: range) -> None:
        for number in numbers:
            CampaignFactory(slug=f"c{number}")
        send(*(event(campaign=f"c{number}", occurred_at=ago(2)) for number in numbers))

    more(range(5))
    few = statements(alices)
    more(range(5, 60))
    assert statements(alices) == few


def test_two_hundred_campaigns_are_read_fast(alices: Client, send: Any) -> None:
    """By the time that the processor takes; the bound has room for a slow one."""
    for number in range(200):
        CampaignFactory(slug=f"c{number}")
    kinds = ("sent", "delivered", "opened")
    for hour in range(0, 24, 3):
        send(
            *(
                event(campaign=f"c{number}", type=kind, occurred_at=ago(60 * hour + 1))
                for number in range(200)
                for kind in kinds
            )
        )
    html(alices)  # what is loaded once is loaded
    begun = thread_time()
    html(alices)
    taken = thread_time() - begun
    print(f"200 campaigns: {1000 * taken:.0f} ms")
    assert taken < 0.3
