"""Mandrill's events, by what it publishes."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from liveReport.channels import Credentials, Event, Ignored, Unauthorised, Unreadable, providers
from tests.webhooks.cases import NOW, ProviderCases, posted, said_by

# mailchimp.com/developer: message events; anymail, tests/test_mandrill_webhooks.py
SEND: dict[str, Any] = {
    "event": "send",
    "msg": {
        "ts": 1461095211,
        "subject": "Webhook Test",
        "email": "recipient@example.com",
        "sender": "sender@example.com",
        "tags": ["tag1", "tag2"],
        "metadata": {"lr_campaign": "spring"},
        "_id": "abcdef012345789abcdef012345789",
    },
    "_id": "abcdef012345789abcdef012345789",
    "ts": 1461095246,
}
DIAG = "smtp;550 5.1.1 The email account that you tried to reach does not exist."
PAYLOADS: list[bytes] = [
    urlencode({"mandrill_events": json.dumps([item])}).encode()
    for item in [
        SEND,
        SEND | {"event": "deferral"},
        SEND | {"event": "delivered", "diag": "250 OK"},
        SEND | {"event": "hard_bounce", "msg": SEND["msg"] | {"diag": DIAG}},
        SEND | {"event": "soft_bounce"},
        SEND | {"event": "open", "user_agent": "Mozilla/5.0"},
        SEND | {"event": "click", "url": "http://example.com"},
        SEND | {"event": "spam"},
        SEND | {"event": "unsub"},
        SEND | {"event": "reject", "msg": SEND["msg"] | {"reject": {"reason": "hard-bounce"}}},
        {"type": "blacklist", "action": "add", "reject": {"email": "recipient@example.com"}},
        {"type": "whitelist", "action": "add", "entry": {"email": "recipient@example.com"}},
    ]
]


def posted_form(events: Any) -> Any:
    return posted(urlencode({"mandrill_events": json.dumps(events)}).encode())


def said(item: dict[str, Any], **message: Any) -> Any:
    whole = SEND | item
    whole["msg"] = SEND["msg"] | message
    (event,) = said_by(providers()["mandrill"].webhook, posted_form([whole]))
    return event


class TestMandrill(ProviderCases):
    provider = "mandrill"

    def test_the_url_is_part_of_what_is_signed(self) -> None:
        rehearsal = self.rehearsal()
        request = rehearsal.request([], "https://internal/hooks/our-source/", NOW)
        public = posted(request.body, request.headers)
        self.webhook.verify(request, rehearsal.credentials)
        with pytest.raises(Unauthorised):
            self.webhook.verify(public, rehearsal.credentials)
        with pytest.raises(Unauthorised):
            self.webhook.verify(posted(b"\xff", request.headers), Credentials(secrets=["k"]))

    def test_a_form_without_json_cannot_be_read(self) -> None:
        with pytest.raises(Unreadable):
            self.webhook.items(posted(b"mandrill_events=GARBAGE"))


def test_a_send_is_sent() -> None:
    assert said({}) == Event(
        "sent",
        datetime(2016, 4, 19, 19, 47, 26, tzinfo=UTC),
        "recipient@example.com",
        "abcdef012345789abcdef012345789",
        {"lr_campaign": "spring"},
        ["tag1", "tag2"],
        {"domain": "example.com"},
    )


def test_the_answer_of_the_server_classes_a_bounce() -> None:
    event = said({"event": "hard_bounce"}, diag=DIAG, bounce_description="bad_mailbox")
    assert event.dimensions == {"reason": "5.1.1", "category": "hard", "domain": "example.com"}
    bare = said({"event": "soft_bounce"}, bounce_description="mailbox_full")
    assert bare.dimensions["reason"] == "mailbox_full"
    assert bare.dimensions["category"] == "soft"


def test_a_delivery_has_its_answer_beside_the_message() -> None:
    assert said({"event": "delivered", "diag": "250 OK"}).type == "delivered"


def test_a_click_has_its_link() -> None:
    event = said({"event": "click", "url": "http://example.com", "user_agent": "Mozilla/5.0"})
    assert (event.type, event.link) == ("clicked", "http://example.com")


def test_what_was_rejected_never_left() -> None:
    assert said({"event": "reject"}).dimensions == {"reason": "EmailSuppressed"}
    assert said({"event": "reject"}, reject={"reason": "unsub"}).dimensions == {
        "reason": "EmailNoConsent"
    }


def test_sync_events_are_ignored() -> None:
    sync = {"type": "blacklist", "action": "add", "reject": {"email": "recipient@example.com"}}
    assert said_by(providers()["mandrill"].webhook, posted_form([sync])) == [Ignored("blacklist")]
