"""OneSignal's events, by what it publishes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from liveReport.channels import Event, Ignored, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# documentation.onesignal.com/docs/event-streams-data: kinds and values, in the body of the set-up
CLICKED: dict[str, Any] = {
    "kind": "message.push.clicked",
    "timestamp": "1741093200",
    "message": "5e9b1a30-1c2e-4c6b-8f0e-2f0a3a3f9a1d",
    "profile": "user-1",
    "platform": "iOSPush",
    "lr_campaign": "spring",
}


def said(**changes: Any) -> Any:
    body = json.dumps(CLICKED | changes).encode()
    (event,) = said_by(providers()["onesignal"].webhook, posted(body))
    return event


class TestOneSignal(ProviderCases):
    provider = "onesignal"
    body_is_signed = False


def test_a_click_is_an_open() -> None:
    assert said() == Event(
        "opened",
        datetime(2025, 3, 4, 13, tzinfo=UTC),
        "user-1",
        CLICKED["message"],
        {"lr_campaign": "spring"},
        dimensions={"platform": "iOSPush"},
    )


def test_times_may_be_iso() -> None:
    assert said(timestamp="2025-03-04T13:00:00Z").at == said().at


def test_times_may_be_in_milliseconds() -> None:
    assert said(timestamp="1741093200000").at == said().at
    assert said(timestamp=1741093200000).at == said().at


def test_a_failure_says_why() -> None:
    event = said(kind="message.push.failed", reason="InvalidToken")
    assert (event.type, event.dimensions["reason"]) == ("error", "InvalidToken")


@pytest.mark.parametrize("kind", ["message.email.sent", "message.push.displayed", "user.created"])
def test_what_is_not_of_push_is_ignored(kind: str) -> None:
    assert said(kind=kind) == Ignored(kind)
