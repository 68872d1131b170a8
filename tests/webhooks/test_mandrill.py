"""Mandrill's events, by what it publishes."""

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from liveReport.channels import Credentials, Event, Ignored, Unauthorised, Unreadable, providers
from tests.webhooks.cases import NOW, URL, ProviderCases, posted, said_by

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
        SEND | {"event": "reject", "msg": SEND["msg"] | {"reject": {"reason": "unsigned"}}},
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

    def test_the_signature_is_what_mandrill_s_instructions_make_of_url_and_fields(self) -> None:
        # mailchimp.com/developer, "Authenticating webhook requests": the URL, then each field's
        # name and value in the order of names; HMAC-SHA1; Base64
        form = {"zeta": "é", "mandrill_events": '[{"event":"send"}]'}
        signed = f'{URL}mandrill_events[{{"event":"send"}}]zetaé'.encode()
        signature = b64encode(hmac.digest(b"key", signed, "sha1")).decode()
        headers = {"X-Mandrill-Signature": signature}
        credentials = Credentials(secrets=["former", "key"])
        self.webhook.verify(posted(urlencode(form).encode(), headers), credentials)
        for body in (b"mandrill_events=[]", urlencode(form | {"a": ""}).encode()):
            with pytest.raises(Unauthorised):
                self.webhook.verify(posted(body, headers), credentials)

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


# mailchimp.com/developer, messages/send: the reasons of a rejection
@pytest.mark.parametrize(
    ("why", "kind", "reason"),
    [
        ("hard-bounce", "excluded", "EmailSuppressed"),
        ("soft-bounce", "excluded", "EmailSuppressed"),
        ("spam", "excluded", "EmailSuppressed"),
        ("custom", "excluded", "EmailSuppressed"),
        ("unsub", "excluded", "EmailNoConsent"),
        ("invalid", "excluded", "EmailMalformedAddress"),
        ("invalid-sender", "error", "invalid-sender"),
        ("test-mode-limit", "error", "test-mode-limit"),
        ("unsigned", "error", "unsigned"),
        ("rule", "error", "rule"),
    ],
)
def test_a_rejection_is_the_recipient_s_or_the_sender_s_to_mend(
    why: str, kind: str, reason: str
) -> None:
    for reject in ({"reason": why, "detail": "…"}, why):
        event = said({"event": "reject"}, state="rejected", reject=reject)
        assert (event.type, event.dimensions) == (kind, {"reason": reason})


def test_a_state_is_the_reason_where_nothing_more_is_said() -> None:
    for state, reason in (("invalid", "EmailMalformedAddress"), ("rejected", "EmailSuppressed")):
        event = said({"event": "reject"}, state=state, reject=None)
        assert event.dimensions == {"reason": reason}


# gist.github.com/ramonsmits/7563502: Mandrill's own example of a deferral
def test_a_deferral_has_the_answer_of_the_last_attempt() -> None:
    attempt = {
        "destination_ip": "127.0.0.1",
        "diag": "451 4.3.5 Temporarily unavailable, try again later.",
        "source_ip": "127.0.0.1",
        "ts": 1365111111,
        "type": "deferred",
        "size": 0,
    }
    event = said({"event": "deferral"}, state="deferred", smtp_events=[attempt])
    assert (event.type, event.dimensions["reason"]) == ("deferred", "4.3.5")


def test_a_batch_tells_of_several_recipients_soft_then_hard() -> None:
    def of(word: str, email: str, **message: Any) -> dict[str, Any]:
        return SEND | {"event": word, "msg": SEND["msg"] | {"email": email} | message}

    batch = [
        of("deferral", "ada@example.com"),
        of("soft_bounce", "ada@example.com", diag="smtp;452 4.2.2 full"),
        of("hard_bounce", "ada@example.com", diag=DIAG),
        of("deferral", "bob@example.com"),
        of("delivered", "bob@example.com"),
        of("teleport", "bob@example.com"),
    ]
    *found, unknown = said_by(providers()["mandrill"].webhook, posted_form(batch))
    assert unknown == "unknown_type"
    events = [one for one in found if isinstance(one, Event)]
    assert [(one.type, one.recipient[:3], one.dimensions.get("category")) for one in events] == [
        ("deferred", "ada", None),
        ("bounced", "ada", "soft"),
        ("bounced", "ada", "hard"),
        ("deferred", "bob", None),
        ("delivered", "bob", None),
    ]


def test_what_was_rejected_never_left() -> None:
    assert said({"event": "reject"}).dimensions == {"reason": "EmailSuppressed"}
    assert said({"event": "reject"}, reject={"reason": "unsub"}).dimensions == {
        "reason": "EmailNoConsent"
    }


def test_sync_events_are_ignored() -> None:
    sync = {"type": "blacklist", "action": "add", "reject": {"email": "recipient@example.com"}}
    assert said_by(providers()["mandrill"].webhook, posted_form([sync])) == [Ignored("blacklist")]
