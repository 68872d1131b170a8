"""Numbers lead to the events that they count, and the page lists as many."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from liveReport import rollup
from liveReport.ingest import receive
from liveReport.models import Campaign, Source
from tests.support.factories import UserFactory, event

pytestmark = pytest.mark.django_db

LINK = re.compile(r'data-metric="(\w+)"[^>]*>(?:<[^>]*>)?<a data-events href="([^"]+)">([^<]+)</a>')
RUN = "2026-03-14T08:00:00Z"


@pytest.fixture
def counted(campaign: Campaign, source: Source) -> None:
    """Events of several kinds, values and runs, some of them repeats."""
    now = timezone.now()
    sent: list[dict[str, Any]] = [
        event(
            id=f"{kind}-{number % 9}",
            type=kind,
            profile=f"p-{number % 4}",
            occurred_at=now - timedelta(minutes=17 * number),
            **({"execution": RUN} if number % 2 else {}),
            **more,
        )
        for number in range(11)
        for kind, more in [
            *[("targeted", {}), ("sent", {"domain": f"{number % 3}.example"})],
            *[("delivered", {}), ("error", {"reason": "x&y"}), ("clicked", {})],
            *[("opened", {"signal": ("proxy", "crawler")[number % 2]})],
            *[("bounced", {"category": ("hard", "soft")[number % 2], "reason": "5.1.1"})],
            *[("excluded", {"reason": "=1"}), ("offer_sent", {})],
        ]
    ]
    sent += [event(channel="sms", type="sent"), event(channel="sms", type="error", reason="r")]
    receive(source, msgspec.json.encode(sent))
    rollup.fold_pending()
    receive(source, msgspec.json.encode(sent[:3]))
    rollup.fold_pending()


def links(html: str) -> list[tuple[str, str, str]]:
    """Metric, address and text of each number that leads somewhere."""
    return [(key, unescape(url), text) for key, url, text in LINK.findall(html)]


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def heading(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    found = re.search(r"<h1>([^<]+)</h1>", answer.content.decode())
    assert found
    return found[1]


@pytest.mark.parametrize(
    "tab",
    [
        *("campaign/", "email/", "email/?window=6h", f"email/?execution={RUN}", "sms/"),
        "email/?verdict=human",
    ],
)
@pytest.mark.usefixtures("counted")
def test_each_number_leads_to_as_many_events(client: Client, alice: User, tab: str) -> None:
    client.force_login(alice)
    page = client.get(f"/admin/reports/summer/{tab}").content.decode()
    found = links(page)
    assert len(found) > (3 if tab == "sms/" else 8)
    for key, url, text in dict.fromkeys(found):
        assert {"from", "to", "as_of"} <= set(re.findall(r"[?&](\w+)=", url))
        told = heading(client, url)
        if "profiles=" in url:
            assert re.fullmatch(rf"\d+ events? of {number(text)} profiles", told), (key, url)
        else:
            assert number(told) == number(text), (key, url)
    assert "data-events" not in client.get("/admin/reports/summer/email/?kiosk").content.decode()


@pytest.mark.usefixtures("counted")
def test_what_is_no_number_of_events_leads_nowhere(client: Client, alice: User) -> None:
    client.force_login(alice)
    page = client.get("/admin/reports/summer/email/").content.decode()
    linked = {key for key, _url, _text in links(page)}
    assert "sent" in linked
    assert not {key for key in linked if key.endswith("_rate") or key == "retries"}


@pytest.mark.usefixtures("counted")
def test_the_page_lists_filters_and_pages(client: Client, alice: User) -> None:
    client.force_login(alice)
    address = "/admin/reports/summer/events.html"
    page = client.get(f"{address}?channel=email&type=bounced&limit=4").content.decode()
    assert page.count("<tr>") == 5
    assert "<h1>9 events</h1>" in page
    assert 'name="reason"' in page
    (older,) = re.findall(r'href="(\?[^"]+)" rel="next"', page)
    page = client.get(address + unescape(older)).content.decode()
    assert page.count("<tr>") == 5
    (older,) = re.findall(r'href="(\?[^"]+)" rel="next"', page)
    page = client.get(address + unescape(older)).content.decode()
    assert page.count("<tr>") == 2
    assert 'rel="next"' not in page
    (file,) = re.findall(r'href="([^"]+format=csv)"', page)
    assert len(client.get(unescape(file)).content.splitlines()) == 5
    narrowed = client.get(f"{address}?channel=email&type=bounced&category=hard&reason=").content
    assert b"<h1>5 events</h1>" in narrowed


@pytest.mark.usefixtures("counted")
def test_only_who_may_list_is_led_there(client: Client, campaign: Campaign) -> None:
    dora: User = UserFactory(username="dora", is_staff=True)
    client.force_login(dora)
    assert client.get("/admin/reports/summer/events.html").status_code == 404
    rights = Permission.objects.filter(content_type__app_label="livereport")
    dora.user_permissions.add(rights.get(codename="view_campaign"))
    assert client.get("/admin/reports/summer/events.html").status_code == 403
    assert b"data-events" not in client.get("/admin/reports/summer/email/").content
    dora.user_permissions.add(rights.get(codename="view_events"))
    assert b"data-events" in client.get("/admin/reports/summer/email/").content
    assert client.get("/admin/reports/summer/events.html?colour=red").status_code == 400
