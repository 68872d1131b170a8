"""``/api/v1/overview/``: the campaigns as they are now, fifty at a time."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from liveReport.channels import Channel, Count, EventType, Profiles, Rate
from liveReport.channels.checks import check_channel
from liveReport.models import Campaign, ChannelPlugin, Source
from tests.support.factories import CampaignFactory, event, make_token

pytestmark = pytest.mark.django_db


def overview(client: Client, token: str, query: str = "") -> dict[str, Any]:
    response = client.get(f"/api/v1/overview/{query}", headers={"authorization": f"Bearer {token}"})
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    return found


def test_a_row_has_the_campaign_its_pace_and_its_worst_rate(
    client: Client, campaign: Campaign, read_token: str, send: Any
) -> None:
    now = timezone.now().replace(second=30, microsecond=0)
    heard = now - timedelta(minutes=1)
    send(
        *(event(occurred_at=heard - timedelta(minutes=n)) for n in range(10)),
        event(type="error", occurred_at=heard),
        *(event(type="bounced", category="soft", occurred_at=heard) for _ in range(4)),
        *(event(channel="sms", type="sent", occurred_at=heard) for _ in range(2)),
        event(channel="sms", type="bounced", occurred_at=heard),
    )
    (row,) = overview(client, read_token)["results"]
    assert row == {
        "slug": "summer",
        "name": "Summer sale",
        "status": "live",
        "level": "ok",
        "verdict": None,
        "channels": ["email", "sms"],
        "events_per_minute": row["events_per_minute"],
        "last_event_at": heard.isoformat().replace("+00:00", "Z"),
        "worst": {"metric": "bounce_rate", "value": 0.5, "channel": "sms"},
    }
    assert row["events_per_minute"] in (2.6, 2.4, 0.8, 1.0)  # the minute may have turned


def test_a_campaign_without_events_has_no_worst_rate(
    client: Client, campaign: Campaign, read_token: str
) -> None:
    (row,) = overview(client, read_token)["results"]
    assert (row["channels"], row["events_per_minute"]) == ([], 0.0)
    assert (row["last_event_at"], row["worst"]) == (None, None)
    assert (row["level"], row["verdict"]) == ("ok", None)


def test_each_campaign_is_met_once_however_things_move(
    client: Client, db: None, read_token: str, send: Any
) -> None:
    for number in range(120):
        CampaignFactory(slug=f"c{number}", status="ended" if number % 3 else "live")
    met: list[str] = []
    cursor = ""
    sizes = []
    while cursor is not None:
        page = overview(client, read_token, f"?cursor={cursor}")
        met += [row["slug"] for row in page["results"]]
        sizes.append(len(page["results"]))
        cursor = page["next"]
        send(event(campaign="c99"))
    assert sizes == [50, 50, 20]
    assert sorted(met) == sorted(f"c{number}" for number in range(120))
    assert all(int(slug[1:]) % 3 == 0 for slug in met[:40])


@pytest.mark.parametrize("cursor", ["nonsense", "zz", "ABC", "0", "31" * 102, "%0a31"])
def test_a_cursor_that_is_none_is_refused(
    client: Client, campaign: Campaign, read_token: str, cursor: str
) -> None:
    response = client.get(
        f"/api/v1/overview/?cursor={cursor}", headers={"authorization": f"Bearer {read_token}"}
    )
    assert (response.status_code, response.json()["field"]) == (400, "cursor")


def test_everybody_sees_their_own(
    client: Client, campaign: Campaign, source: Source, bob: User, ingest_token: str
) -> None:
    other = CampaignFactory(slug="winter")
    limited = make_token(source, "read", other)
    assert [row["slug"] for row in overview(client, limited)["results"]] == ["winter"]
    refused = client.get("/api/v1/overview/", headers={"authorization": f"Bearer {ingest_token}"})
    assert refused.status_code == 403
    assert client.get("/api/v1/overview/").status_code == 401
    client.force_login(bob)
    assert len(client.get("/api/v1/overview/").json()["results"]) == 2


def test_a_channel_that_is_switched_off_has_no_part_in_it(
    client: Client, campaign: Campaign, read_token: str, send: Any
) -> None:
    send(event(), event(type="error"))
    ChannelPlugin.objects.filter(slug="email").update(enabled=False)
    (row,) = overview(client, read_token)["results"]
    assert (row["channels"], row["last_event_at"], row["worst"]) == ([], None, None)


def test_statements_do_not_grow(client: Client, db: None, read_token: str, send: Any) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            overview(client, read_token)
        return len(captured)

    for number in range(5):
        CampaignFactory(slug=f"c{number}")
    send(*(event(campaign=f"c{number}") for number in range(5)))
    few = statements()
    for number in range(5, 60):
        CampaignFactory(slug=f"c{number}")
    send(*(event(campaign=f"c{number}") for number in range(5, 60)))
    assert statements() == few <= 11


def test_a_bad_rate_divides_what_many_campaigns_are_read_by() -> None:
    class Post(Channel):
        slug = "post"
        label = "Post"
        events = (EventType(key="sent", label="Sent"), EventType(key="lost", label="Lost"))
        metrics = (
            Count(key="sent", label="Sent", definition="Sent.", events=("sent",)),
            Profiles(key="losers", label="Losers", definition="Who lost.", events=("lost",)),
            Rate(
                key="loss_rate",
                label="Loss rate",
                definition="Losers of sent.",
                numerator="losers",
                denominator="sent",
                bad=True,
            ),
        )

    (error,) = check_channel(Post())
    assert "bad rate 'loss_rate' divides 'losers'" in error.msg
