"""Postal's events, by what it publishes."""

import json
from typing import Any

import pytest

from liveReport.channels import Credentials, HookRequest, Ignored, Unauthorised, providers
from tests.webhooks.cases import NOW, URL, ProviderCases, posted, said_by

# docs.postalserver.io/developer/webhooks; anymail, tests/test_postal_webhooks.py
MESSAGE: dict[str, Any] = {
    "id": 1563,
    "token": "zw6psSlgo6ki",
    "direction": "outgoing",
    "message_id": "c462ad36-be49-469c-b7b2-dfd317eb40fa@rp.postal.example.com",
    "to": "recipient@example.com",
    "from": "test@example.com",
    "timestamp": 1606752104.699201,
    "tag": "welcome-email",
}
SENT: dict[str, Any] = {
    "event": "MessageSent",
    "timestamp": 1606753101.354368,
    "payload": {
        "message": MESSAGE,
        "status": "Sent",
        "details": "Message for recipient@example.com accepted",
        "output": "250 2.0.0 OK\n",
        "time": 0.89,
    },
    "uuid": "58e8d7ee-2cd5-4db2-9af3-3f436105795a",
}
BOUNCED = {"original_message": MESSAGE, "bounce": MESSAGE | {"id": 18930, "tag": None}}
OPENED = {"message": MESSAGE, "ip_address": "192.0.2.1", "user_agent": "Mozilla/5.0 (X11)"}
PAYLOADS: list[Any] = [
    SENT,
    *(
        SENT | {"event": event, "payload": payload}
        for event, payload in [
            ("MessageDelayed", SENT["payload"] | {"status": "SoftFail"}),
            ("MessageDeliveryFailed", SENT["payload"] | {"status": "HardFail"}),
            ("MessageHeld", SENT["payload"] | {"status": "Held"}),
            (
                "MessageHeld",
                SENT["payload"] | {"status": "Held", "details": "Server is in development mode."},
            ),
            ("MessageBounced", BOUNCED),
            ("MessageLoaded", OPENED),
            ("MessageLinkClicked", OPENED | {"url": "https://example.com/a"}),
            ("DomainDNSError", {"domain": "example.com", "dns_checked_at": 1606753101.3}),
        ]
    ),
    SENT
    | {
        "event": "MessageDeliveryFailed",
        "payload": {"status": "HardFail", "message": MESSAGE | {"direction": "incoming"}},
    },
    SENT | {"payload": SENT["payload"] | {"message": MESSAGE | {"tag": None}}},
]


def said(event: str, **payload: Any) -> Any:
    whole = SENT | {"event": event, "payload": SENT["payload"] | payload}
    return said_by(providers()["postal"].webhook, posted(json.dumps(whole).encode()))


class TestPostal(ProviderCases):
    provider = "postal"

    def test_the_older_signature_is_enough(self) -> None:
        rehearsal, request = self.requests()[0]
        older = {"x-postal-signature": request.header("x-postal-signature")}
        self.webhook.verify(
            HookRequest("POST", URL, older, request.body, NOW), rehearsal.credentials
        )

    @pytest.mark.parametrize("key", ["", "no key", "MFkwEwYHKoZIzj0CAQ==", "é"])
    def test_what_is_no_key_verifies_nothing(self, key: str) -> None:
        _rehearsal, request = self.requests()[0]
        with pytest.raises(Unauthorised):
            self.webhook.verify(request, Credentials(secrets=[key]))


def test_what_a_server_took_is_delivered_and_was_sent() -> None:
    sent, delivered = said("MessageSent")
    assert (sent.type, sent.derived, delivered.type) == ("sent", True, "delivered")
    assert (delivered.message, delivered.labels) == ("1563", ("welcome-email",))


def test_a_bounce_is_of_the_message_that_it_came_back_for() -> None:
    original = MESSAGE | {"id": 233843, "to": "bounce@example.com"}
    event = said("MessageBounced", original_message=original, bounce={"id": 1}, details="")[-1]
    assert (event.type, event.message, event.recipient) == (
        "bounced",
        "233843",
        "bounce@example.com",
    )


def test_a_failure_is_hard_only_for_want_of_a_code() -> None:
    failed = said("MessageDeliveryFailed", status="HardFail", details="", output="no")[-1]
    assert failed.dimensions["category"] == "hard"
    coded = said("MessageDeliveryFailed", status="HardFail", details="", output="552 5.2.2 full")
    assert (coded[-1].dimensions["reason"], coded[-1].dimensions["category"]) == ("5.2.2", "soft")


def test_what_is_held_never_left() -> None:
    (event,) = said("MessageHeld", status="Held", details="is on the suppression list")
    assert (event.type, event.dimensions["reason"]) == ("excluded", "EmailSuppressed")


# postalserver/postal, app/lib/message_dequeuer: what it says itself, before anything is sent
@pytest.mark.parametrize(
    ("event", "details"),
    [
        (
            "MessageHeld",
            "Credential is configured to hold all messages authenticated by it.",
        ),
        ("MessageHeld", "Message held because send limit (550) has been reached."),
        ("MessageHeld", "Server is in development mode."),
        (
            "MessageDeliveryFailed",
            "Message is likely spam. Threshold is 5.0 and the message scored 5.2.",
        ),
        ("MessageDeliveryFailed", "Message's domain no longer exist"),
        ("MessageDeliveryFailed", "Message doesn't have an RCPT to"),
    ],
)
def test_what_postal_itself_keeps_back_is_an_error(event: str, details: str) -> None:
    (found,) = said(event, status="HardFail", details=details, output="")
    assert (found.type, found.dimensions) == ("error", {"reason": event})


# anymail, tests/test_postal_webhooks.py: its example of a bounce is called MessageDelayed
def test_what_has_a_bounce_in_it_is_one() -> None:
    event = said("MessageDelayed", **BOUNCED, details="details", output="server output")[-1]
    assert (event.type, event.message) == ("bounced", "1563")
    assert event.dimensions == {
        "reason": "MessageBounced",
        "category": "soft",
        "domain": "example.com",
    }


def test_what_the_server_answered_comes_before_what_postal_says_of_it() -> None:
    details = "Permanent SMTP delivery error when sending to mx (attempt 450 of 500)"
    failed = said("MessageDeliveryFailed", status="HardFail", details=details, output="550 no")
    assert failed[-1].dimensions["reason"] == "550"


def test_of_a_sequence_each_is_told_and_the_hand_over_implied() -> None:
    delayed = said("MessageDelayed", status="SoftFail", details="", output="451 4.7.1 greylisted")
    events = [*delayed, *delayed, *said("MessageSent")]
    told = [(one.type, one.dimensions.get("reason")) for one in events if not one.derived]
    assert told == [("deferred", "4.7.1"), ("deferred", "4.7.1"), ("delivered", None)]
    assert {(one.type, one.message) for one in events if one.derived} == {("sent", "1563")}


def test_an_agent_that_crawls_is_a_machine_and_gmail_s_proxy_a_person() -> None:
    for event in ("MessageLoaded", "MessageLinkClicked"):
        (machine,) = said(event, user_agent="curl/8.5.0", url="https://example.com/a")
        assert machine.dimensions["signal"] == "crawler"
        (person,) = said(event, user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)")
        assert person.dimensions["signal"] == "proxy"


def test_a_loaded_message_is_opened() -> None:
    (event,) = said("MessageLoaded", user_agent="Mozilla/5.0")
    assert event.type == "opened"


def test_what_is_no_message_of_ours_is_ignored() -> None:
    assert said("DomainDNSError") == [Ignored("DomainDNSError")]
    incoming = MESSAGE | {"direction": "incoming"}
    assert said("MessageDeliveryFailed", message=incoming) == [Ignored("incoming")]
