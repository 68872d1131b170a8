"""MailerSend's events, by what it publishes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from liveReport.channels import Event, Ignored, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# developers.mailersend.com/api/v1/webhooks.html; anymail, tests/test_mailersend_webhooks.py
EMAIL: dict[str, Any] = {
    "object": "email",
    "id": "63fd1c1de225707fa905f0a8",
    "status": "sent",
    "tags": ["lr_campaign=spring&lr_profile=p-1", "Tag 2"],
    "message": {"object": "message", "id": "63fd1c1d5f010335ed07066b"},
    "recipient": {"object": "recipient", "email": "recipient@example.com"},
}
CREATED = "2023-02-27T21:09:49.506000Z"
PAYLOADS: list[Any] = [
    {
        "type": f"activity.{word}",
        "created_at": "2023-02-27T21:09:49Z",
        "data": {"type": word, "created_at": CREATED, "email": EMAIL, "morph": morph},
    }
    for word, morph in [
        ("sent", None),
        ("delivered", None),
        ("deferred", None),
        ("hard_bounced", {"object": "recipient_bounce", "reason": "550 5.1.1 unknown"}),
        ("soft_bounced", {"object": "recipient_bounce", "reason": "Unknown reason"}),
        ("opened", {"object": "open", "ip": "255.255.255.255"}),
        ("opened_unique", None),
        ("clicked", {"object": "click", "url": "https://example.com/a"}),
        ("clicked_unique", {"object": "click", "url": "https://example.com/a"}),
        ("unsubscribed", {"object": "recipient_unsubscribe", "reason": "option_3"}),
        ("spam_complaint", {"object": "spam_complaint", "reason": None}),
    ]
]


def said(word: str, morph: Any = None, **email: Any) -> Any:
    data = {"type": word, "created_at": CREATED, "email": EMAIL | email, "morph": morph}
    whole = {"type": f"activity.{word}", "created_at": "2023-02-27T21:09:49Z", "data": data}
    body = json.dumps(whole).replace("/", "\\/").encode()
    (event,) = said_by(providers()["mailersend"].webhook, posted(body))
    return event


class TestMailerSend(ProviderCases):
    provider = "mailersend"


def test_an_activity_is_an_event() -> None:
    assert said("sent") == Event(
        "sent",
        datetime(2023, 2, 27, 21, 9, 49, 506000, tzinfo=UTC),
        "recipient@example.com",
        "63fd1c1d5f010335ed07066b",
        labels=EMAIL["tags"],
        dimensions={"domain": "example.com"},
    )


@pytest.mark.parametrize(
    ("word", "text", "reason", "category"),
    [
        ("hard_bounced", "Host or domain name not found", "hard_bounced", "hard"),
        ("hard_bounced", "550 5.7.1 blocked", "5.7.1", "soft"),
        ("soft_bounced", "Unknown reason", "soft_bounced", "soft"),
    ],
)
def test_a_bounce_says_why(word: str, text: str, reason: str, category: str) -> None:
    event = said(word, {"object": "recipient_bounce", "reason": text}, tags=None)
    assert (event.dimensions["reason"], event.dimensions["category"]) == (reason, category)


def test_a_click_has_its_link() -> None:
    morph = {"object": "click", "url": "https://example.com/a"}
    assert said("clicked", morph).link == "https://example.com/a"


def test_what_repeats_another_activity_is_ignored() -> None:
    assert said("opened_unique") == Ignored("opened_unique")
