"""Mailtrap's events, by what it publishes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from liveReport.channels import Event, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# docs.mailtrap.io, “Webhooks”: the fields of a receive event
DELIVERY: dict[str, Any] = {
    "event": "delivery",
    "sending_stream": "transactional",
    "category": "password-reset",
    "message_id": "1df37d17-0286-4d8b-8edf-bc4ec5be86e6",
    "email": "receiver@example.com",
    "event_id": "bede7236-2284-43d6-a953-1fdcafd0fdbc",
    "timestamp": 1698346213,
    "custom_variables": {"lr_campaign": "spring", "n": 7},
}
CHANGES: list[dict[str, Any]] = [
    {},
    {"event": "open", "user_agent": "Mozilla/5.0 (X11; Linux x86_64)"},
    {"event": "click", "url": "https://example.com/anymail"},
    {"event": "bounce", "response": "bounced (550 5.1.1 No such user)", "response_code": 555},
    {"event": "soft bounce", "response": "soft bounced (450 4.2.0 Mailbox unavailable)"},
    {"event": "suspension"},
    {"event": "reject", "reason": "unsubscribed"},
    {"event": "spam"},
    {"event": "unsubscribe"},
]
PAYLOADS: list[Any] = [{"events": [DELIVERY | changes]} for changes in CHANGES]


def said(**changes: Any) -> Any:
    body = {"events": [DELIVERY | changes]}
    return said_by(providers()["mailtrap"].webhook, posted(json.dumps(body).encode()))


class TestMailtrap(ProviderCases):
    provider = "mailtrap"


def test_a_delivery_implies_the_hand_over() -> None:
    delivered = Event(
        "delivered",
        datetime(2023, 10, 26, 18, 50, 13, tzinfo=UTC),
        "receiver@example.com",
        "1df37d17-0286-4d8b-8edf-bc4ec5be86e6",
        {"lr_campaign": "spring", "n": 7},
        ("password-reset",),
        {"domain": "example.com"},
    )
    assert said() == [delivered._replace(type="sent", derived=True), delivered]


@pytest.mark.parametrize(
    ("changes", "kind", "details"),
    [
        (
            {"event": "bounce", "response": "550 5.1.1 no", "bounce_category": "badmailbox"},
            "bounced",
            {"reason": "5.1.1", "category": "hard"},
        ),
        (
            {"event": "bounce", "response_code": 555, "bounce_category": "badmailbox"},
            "bounced",
            {"reason": "555", "category": "hard"},
        ),
        (
            {"event": "soft bounce", "response": "450 4.2.2 full"},
            "deferred",
            {"reason": "4.2.2"},
        ),
        ({"event": "suspension", "reason": "held back"}, "deferred", {}),
        ({"event": "reject", "reason": "suppressed"}, "excluded", {"reason": "EmailSuppressed"}),
        ({"event": "reject", "reason": "unsubscribed"}, "excluded", {"reason": "EmailNoConsent"}),
        ({"event": "spam"}, "complained", {}),
    ],
)
def test_what_it_means(changes: dict[str, Any], kind: str, details: dict[str, str]) -> None:
    event = said(**changes)[-1]
    found = {key: text for key, text in event.dimensions.items() if key != "domain"}
    assert (event.type, found) == (kind, details)
