"""Mailgun's events, by what it publishes."""

import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from liveReport.channels import Credentials, Event, Ignored, Unauthorised, providers
from tests.webhooks.cases import KEYS, NOW, URL, ProviderCases, posted, said_by

# anymail, tests/test_mailgun_webhooks.py: "an actual, complete (sanitized) event as received"
DELIVERED: dict[str, Any] = {
    "tags": [],
    "timestamp": 1534108637.153125,
    "storage": {
        "url": "https://sw.api.mailgun.net/v3/domains/example.org/messages/eyJwI...",
        "key": "eyJwI...",
    },
    "recipient-domain": "example.com",
    "id": "hTWCTD81RtiDN-...",
    "campaigns": [],
    "user-variables": {},
    "flags": {"is-routed": False, "is-authenticated": True, "is-test-mode": False},
    "log-level": "info",
    "envelope": {
        "sending-ip": "333.123.123.200",
        "sender": "test@example.org",
        "transport": "smtp",
        "targets": "recipient@example.com",
    },
    "message": {
        "headers": {
            "to": "recipient@example.com",
            "message-id": "20180812211713.1.DF5966851B4BAA99@example.org",
            "from": "test@example.org",
            "subject": "Testing",
        },
        "attachments": [],
        "size": 809,
    },
    "recipient": "recipient@example.com",
    "event": "delivered",
    "delivery-status": {
        "tls": True,
        "mx-host": "smtp-in.example.com",
        "attempt-no": 1,
        "description": "",
        "utf8": True,
        "code": 250,
        "message": "OK",
        "certificate-verified": True,
    },
}
AT = datetime(2018, 8, 12, 21, 17, 17, 153125, UTC)
MESSAGE = "20180812211713.1.DF5966851B4BAA99@example.org"
OPENED: dict[str, Any] = {
    "event": "opened",
    "timestamp": 1534109600.089676,
    "recipient": "recipient@example.com",
    "tags": ["welcome", "variation-A"],
    "user-variables": {"cohort": "2018-08-B", "user_id": "123456"},
    "message": {"headers": {"message-id": "20180812213139.1.BC6694A917BB7E6A@example.org"}},
    "geolocation": {"country": "US", "region": "CA", "city": "San Francisco"},
    "ip": "888.222.444.111",
    "client-info": {
        "client-type": "browser",
        "client-os": "OS X",
        "device-type": "desktop",
        "client-name": "Chrome",
        "user-agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_6)...",
    },
}
DOMAIN = {"domain": "example.com"}
Status = dict[str, Any]
PAYLOADS: list[Any] = [
    {"signature": {"timestamp": "1534108637", "token": "t", "signature": "s"}, "event-data": item}
    for item in [
        DELIVERED,
        OPENED,
        OPENED | {"event": "clicked", "url": "https://example.com/test"},
        OPENED | {"event": "unsubscribed"},
        OPENED | {"event": "complained", "user-variables": KEYS},
        DELIVERED | {"event": "accepted"},
        DELIVERED | {"event": "failed", "severity": "permanent", "reason": "bounce"},
        DELIVERED | {"event": "failed", "severity": "temporary", "reason": "generic"},
        *(
            DELIVERED
            | {"event": "failed", "severity": "permanent", "reason": reason}
            | {"delivery-status": {"code": code, "attempt-no": 1}}
            for reason, code in [("suppress-bounce", 605), ("suppress-unsubscribe", 606)]
        ),
        {
            "event": "rejected",
            "timestamp": 1529704976.104692,
            "reject": {"reason": "Sandbox subdomains are for test purposes only."},
            "message": {"headers": {"to": "Recipient Name <recipient@example.org>"}},
        },
    ]
]


def failed(severity: str, reason: str, **status: Any) -> dict[str, Any]:
    words = {"event": "failed", "severity": severity, "reason": reason}
    return DELIVERED | words | {"delivery-status": {"attempt-no": 1} | status}


def said(item: Any) -> list[Event | Ignored | str]:
    body = json.dumps({"signature": {}, "event-data": item}).encode()
    return said_by(providers()["mailgun"].webhook, posted(body))


def only(item: dict[str, Any]) -> Event:
    (event,) = said(item)
    assert isinstance(event, Event)
    return event


def signed(key: str, now: datetime, token: str = "t") -> bytes:
    time = str(int(now.timestamp()))
    text = hmac.digest(key.encode(), (time + token).encode(), "sha256").hex()
    return json.dumps(
        {
            "signature": {"timestamp": time, "token": token, "signature": text},
            "event-data": DELIVERED,
        }
    ).encode()


class TestMailgun(ProviderCases):
    provider = "mailgun"
    body_is_signed = False

    def test_a_token_is_good_for_one_body(self) -> None:
        rehearsal = self.rehearsal()
        requests = [rehearsal.request([DELIVERED], URL, NOW) for _ in range(2)]
        tokens = [self.webhook.one_time(request) for request in requests]
        assert all(tokens)
        assert tokens[0] != tokens[1]
        assert tokens[0].encode() in requests[0].body

    def test_what_is_kept_of_a_request_holds_no_token(self) -> None:
        request = posted(signed("key", NOW, "a-token"))
        assert list(self.webhook.items(request)) == [DELIVERED]

    def test_the_time_and_the_token_are_signed(self) -> None:
        body = signed("key", NOW, "a-token")
        self.webhook.verify(posted(body), Credentials(secrets=["former", "key"]))
        for changed in (body.replace(b"a-token", b"b-token"), body.replace(b'"17', b'"16')):
            assert changed != body
            with pytest.raises(Unauthorised, match="wrong_credentials"):
                self.webhook.verify(posted(changed), Credentials(secrets=["key"]))

    def test_a_repeat_of_yesterday_is_good_and_one_of_last_week_is_stale(self) -> None:
        credentials = Credentials(secrets=["key"])
        self.webhook.verify(posted(signed("key", NOW - timedelta(hours=9))), credentials)
        with pytest.raises(Unauthorised, match="stale"):
            self.webhook.verify(posted(signed("key", NOW - timedelta(days=7))), credentials)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"nonsense",
            b"\xff\xfe",
            b'{"signature": null}',
            b'{"signature": "x"}',
            b'{"signature": {"timestamp": [], "token": {}, "signature": 1}}',
            '{"signature": {"timestamp": "é", "token": "é", "signature": "é"}}'.encode(),
            b"[" * 100_000,
        ],
    )
    def test_junk_is_refused(self, body: bytes) -> None:
        with pytest.raises(Unauthorised):
            self.webhook.verify(posted(body), Credentials(secrets=["key"]))


def test_the_published_delivery_is_understood() -> None:
    assert said(DELIVERED) == [
        Event("delivered", AT, "recipient@example.com", MESSAGE, {}, (), DOMAIN, attempt="1")
    ]


def test_what_was_accepted_was_handed_over() -> None:
    accepted = {k: v for k, v in DELIVERED.items() if k != "delivery-status"}
    assert only(accepted | {"event": "accepted"}) == Event(
        "sent", AT, "recipient@example.com", MESSAGE, {}, (), DOMAIN
    )


def test_an_open_carries_what_the_sender_passed() -> None:
    assert only(OPENED) == Event(
        "opened",
        datetime(2018, 8, 12, 21, 33, 20, 89676, UTC),
        "recipient@example.com",
        "20180812213139.1.BC6694A917BB7E6A@example.org",
        {"cohort": "2018-08-B", "user_id": "123456"},
        ["welcome", "variation-A"],
        DOMAIN | {"verdict": "human"},
    )
    assert only(OPENED | {"user-variables": KEYS}).keys == KEYS


# The values of "bot" are in documentation.mailgun.com, open-click-bot-detect
@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ({"bot": "apple"}, {"signal": "provider"}),
        ({"bot": "generic"}, {"signal": "provider"}),
        ({"bot": ""}, {"verdict": "human"}),
        ({"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, {"signal": "crawler"}),
        ({"user-agent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"}, {"signal": "proxy"}),
        (None, {"verdict": "human"}),
    ],
)
def test_an_open_by_a_machine_says_so(client: Any, expected: dict[str, str]) -> None:
    assert only(OPENED | {"client-info": client}).dimensions == expected | DOMAIN


def test_a_click_has_its_link() -> None:
    event = only(OPENED | {"event": "clicked", "url": "https://example.com/test"})
    assert (event.type, event.link) == ("clicked", "https://example.com/test")


@pytest.mark.parametrize("kind", ["complained", "unsubscribed"])
def test_complaints_and_unsubscriptions_have_no_dimensions(kind: str) -> None:
    event = only(OPENED | {"event": kind})
    assert (event.type, event.dimensions) == (kind, {})


# anymail's failures, with the codes of Mailgun's own (498, 602, 605 to 607)
@pytest.mark.parametrize(
    ("severity", "why", "status", "kind", "dimensions"),
    [
        (
            "permanent",
            "bounce",
            {"code": 550, "message": "5.1.1 The email account does not exist.\n5.1.1 typos"},
            "bounced",
            {"reason": "5.1.1", "category": "hard"},
        ),
        (
            "permanent",
            "bounce",
            {"code": 552, "message": "full", "enhanced-code": "5.2.2"},
            "bounced",
            {"reason": "5.2.2", "category": "soft"},
        ),
        (
            "permanent",
            "bounce",
            {"code": 550, "message": "no such user"},
            "bounced",
            {"reason": "550", "category": "hard"},
        ),
        (
            "permanent",
            "old",
            {"code": 602, "message": "Too old"},
            "bounced",
            {"reason": "602", "category": "soft"},
        ),
        (
            "permanent",
            "suppress-bounce",
            {"code": 605, "description": "Not delivering to previously bounced address"},
            "excluded",
            {"reason": "EmailSuppressed"},
        ),
        ("permanent", "", {"code": 605}, "excluded", {"reason": "EmailSuppressed"}),
        ("permanent", "", {"code": 606}, "excluded", {"reason": "EmailNoConsent"}),
        ("permanent", "suppress-unsubscribe", {}, "excluded", {"reason": "EmailNoConsent"}),
        ("permanent", "suppress-complaint", {}, "excluded", {"reason": "EmailSuppressed"}),
        (
            "temporary",
            "generic",
            {"code": 498, "message": "No MX for nomx.example.com"},
            "deferred",
            {"reason": "498"},
        ),
        (
            "temporary",
            "greylisted",
            {"code": 450, "message": "Recipient address rejected: Greylisted"},
            "deferred",
            {"reason": "450"},
        ),
        ("temporary", "generic", {}, "deferred", {"reason": "generic"}),
    ],
)
def test_a_failure_is_what_it_says(
    severity: str, why: str, status: Status, kind: str, dimensions: dict[str, str]
) -> None:
    event = only(failed(severity, why, **status))
    domain = {} if kind == "excluded" else DOMAIN
    assert (event.type, event.dimensions) == (kind, dimensions | domain)


def test_attempts_of_a_message_are_told_apart() -> None:
    attempts: Iterable[Event] = [
        only(failed("temporary", "generic", code=450, **{"attempt-no": n})) for n in (1, 2)
    ]
    events = [*attempts, only(DELIVERED | {"delivery-status": {"code": 250, "attempt-no": 3}})]
    assert [(e.type, e.attempt) for e in events] == [
        ("deferred", "1"),
        ("deferred", "2"),
        ("delivered", "3"),
    ]
    assert {event.message for event in events} == {MESSAGE}


def test_a_rejection_names_its_recipient_in_the_headers_only() -> None:
    rejected = {
        "event": "rejected",
        "timestamp": 1529704976.104692,
        "reject": {"reason": "Sandbox subdomains are for test purposes only.", "description": ""},
        "message": {"headers": {"to": "Recipient Name <recipient@example.org>"}},
    }
    event = only(rejected)
    assert (event.type, event.recipient) == ("error", "recipient@example.org")
    assert event.dimensions == {"reason": "Sandbox subdomains are for test purposes only."}


def test_lists_and_stored_messages_are_ignored() -> None:
    assert said({"event": "list_member_uploaded"}) == [Ignored("list_member_uploaded")]
    assert said({"event": "stored"}) == [Ignored("stored")]


def test_a_time_that_is_none_is_odd() -> None:
    assert said(OPENED | {"timestamp": "soon"}) == ["not_a_time"]
