"""The ledger as the Campaign tab shows it, on the page and in the API."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from liveReport.models import Campaign
from liveReport.report.ledger import Ledger
from tests.support.factories import event
from tests.support.ledger import FIGURES

pytestmark = pytest.mark.django_db

API = "/api/v1/campaigns/summer/report/campaign/ledger/"
TAB = "/admin/reports/summer/campaign/"
RUNS = [f"2026-06-01T0{hour}:00:00Z" for hour in (8, 7, 6)]


@pytest.fixture
def alices(client: Client, campaign: Campaign, alice: User) -> Client:
    client.force_login(alice)
    return client


def frame(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(API).json()["frame"]
    return found


def sent(profile: str, **fields: Any) -> list[dict[str, Any]]:
    return [event(type=kind, profile=profile, **fields) for kind in ("targeted", "sent")]


def page_of(client: Client) -> str:
    """The ledger's part of the page."""
    html = client.get(TAB).content.decode()
    return html[html.index('data-widget="campaign.ledger"') :].partition("</section>")[0]


def test_a_row_for_each_channel_and_execution(alices: Client, send: Any) -> None:
    send(
        *sent("p1", execution=RUNS[1]),
        *sent("p1", execution=RUNS[0]),
        *sent("p2", channel="sms"),
        event(channel="sms", type="delivered", profile="p3"),
        event(channel="web", type="impression"),
        event(channel="push", type="sent", profile="p1"),
    )
    found = frame(alices)
    assert [(one["key"], one["role"]) for one in found["columns"]] == [
        ("channel", "dimension"),
        ("execution", "execution"),
        *((key, "metric") for key in FIGURES),
    ]
    whole = dict.fromkeys(FIGURES, 0) | {"targeted": 1, "sent": 1, "awaiting": 1}
    unknown = dict.fromkeys(("targeted", "queued", "unaccounted"))
    none = "__none__"
    assert found["rows"] == [
        {"channel": "email", "execution": RUNS[0], **whole},
        {"channel": "email", "execution": RUNS[1], **whole},
        {"channel": "push", "execution": none, **whole, **unknown},
        {"channel": "sms", "execution": none, **whole, "unaccounted": 1},
    ]
    assert found["totals"] == whole | {"targeted": 3, "sent": 4, "awaiting": 4, "unaccounted": 1}


def test_beyond_the_limit_the_smallest_runs_are_one(
    alices: Client, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ledger, "widget", type(Ledger.widget)(**vars(Ledger.widget) | {"limit": 1}))
    send(
        *sent("p1", execution=RUNS[0]),
        *[one for name in ("p1", "p2") for one in sent(name, execution=RUNS[1])],
        *sent("p1", execution=RUNS[2]),
    )
    shown = [(row["execution"], row["targeted"], row["sent"]) for row in frame(alices)["rows"]]
    assert shown == [(RUNS[1], 2, 2), ("__other__", 2, 2)]


def test_the_page_says_whether_it_balances(alices: Client, send: Any) -> None:
    send(*sent("p1"))
    assert "Balances: everybody is accounted for." in page_of(alices)
    send(event(channel="push", type="sent"))
    assert "Balances, as far as it is known whom runs target." in page_of(alices)
    send(event(type="bounced", profile="p7"), event(type="bounced", profile="p8"))
    assert "Not accounted for: Email (2)." in page_of(alices)


def test_the_window_narrows_no_ledger(alices: Client, send: Any) -> None:
    send(*sent("p1"))
    whole = frame(alices)
    assert alices.get(f"{API}?window=15m").json()["frame"]["rows"] == whole["rows"]
