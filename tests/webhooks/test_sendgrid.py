"""SendGrid's events, by what it publishes."""

import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels_plugins.email.robots import reaction
from channels_plugins.email.webhooks.sendgrid import SIGNATURE, TIMESTAMP
from liveReport.channels import Credentials, Event, Ignored, Unauthorised, instant, providers
from tests.webhooks.cases import KEYS, NOW, URL, ProviderCases, flipped, posted, said_by

# The example of the "Event Webhook Reference" at twilio.com, of one recipient
AGENT = "Mozilla/4.0 (compatible; MSIE 6.1; Windows XP; .NET CLR 1.1.4322; .NET CLR 2.0.50727)"
COMMON: dict[str, Any] = {
    "email": "example@test.com",
    "timestamp": 1513299569,
    "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
    "category": ["cat facts"],
    "sg_event_id": "sg_event_id",
    "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
}
AT = instant(1513299569)
SEEN = {"useragent": AGENT, "ip": "255.255.255.255"}
PUBLISHED: list[tuple[dict[str, Any], str, dict[str, str], dict[str, str]]] = [
    ({"event": "processed"}, "sent", {"domain": "test.com"}, {}),
    (
        {"event": "deferred", "response": "400 try again later", "attempt": "5"},
        "deferred",
        {"reason": "400", "domain": "test.com"},
        {"attempt": "5"},
    ),
    ({"event": "delivered", "response": "250 OK"}, "delivered", {"domain": "test.com"}, {}),
    ({"event": "open"} | SEEN, "opened", {"verdict": "human", "domain": "test.com"}, {}),
    (
        {"event": "click", "url": "http://www.sendgrid.com/"} | SEEN,
        "clicked",
        {"verdict": "human", "domain": "test.com"},
        {"link": "http://www.sendgrid.com/"},
    ),
    (
        {"event": "bounce", "reason": "500 unknown recipient", "status": "5.0.0"},
        "bounced",
        {"reason": "500", "category": "soft", "domain": "test.com"},
        {},
    ),
    (
        {"event": "dropped", "reason": "Bounced Address", "status": "5.0.0"},
        "excluded",
        {"reason": "EmailSuppressed"},
        {},
    ),
    ({"event": "spamreport"}, "complained", {}, {}),
    ({"event": "unsubscribe"}, "unsubscribed", {}, {}),
    (
        {"event": "group_unsubscribe", "url": "http://www.sendgrid.com/", "asm_group_id": 10}
        | SEEN,
        "unsubscribed",
        {},
        {},
    ),
]
# The signed request in the tests of sendgrid-python (test/unit/test_eventwebhook.py), whose body
# ends in a line break that is signed
KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62"
    "gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
SIGNED = (
    b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":'
    b'"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofS'
    b'm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A'
    b'@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
)
HEADERS = {
    "X-Twilio-Email-Event-Webhook-Signature": (
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15Tlu"
        "LtEZtM="
    ),
    "X-Twilio-Email-Event-Webhook-Timestamp": "1600112502",
}
PEM = f"-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----\n"
PAYLOADS: list[Any] = [
    SIGNED,
    *([COMMON | item] for item, *_expected in PUBLISHED),
    *(
        [COMMON | {"event": "dropped", "reason": reason}]
        for reason in ("Invalid", "Unsubscribed Address", "Spam Reporting Address", "Spam Content")
    ),
    [COMMON | {"event": "group_resubscribe", "asm_group_id": 10}],
    [COMMON | {"event": "delivered"} | KEYS],
    [{name: one for name, one in COMMON.items() if name != "smtp-id"} | {"event": "open"}],
    [COMMON | {"event": "open", "category": "cat facts"}],
]


def said(*items: Any) -> list[Event | Ignored | str]:
    webhook = providers()["sendgrid"].webhook
    return said_by(webhook, posted(json.dumps(items).encode()))


def only(item: dict[str, Any]) -> Event:
    (event,) = said(COMMON | item)
    assert isinstance(event, Event)
    return event


class TestSendGrid(ProviderCases):
    provider = "sendgrid"

    @pytest.mark.parametrize("key", [KEY, PEM])
    def test_the_published_signature_is_right(self, key: str) -> None:
        request = posted(SIGNED, HEADERS)
        self.webhook.verify(request, Credentials(secrets=["not a key", key]))
        (event,) = said_by(self.webhook, request)
        assert isinstance(event, Event)
        assert (event.type, event.recipient) == ("excluded", "hello@world.com")

    def test_a_signed_body_keeps_its_line_break(self) -> None:
        with pytest.raises(Unauthorised, match="wrong_credentials"):
            self.webhook.verify(posted(SIGNED.strip(), HEADERS), Credentials(secrets=[KEY]))

    def test_another_time_is_refused(self) -> None:
        headers = HEADERS | {"X-Twilio-Email-Event-Webhook-Timestamp": "1600112503"}
        with pytest.raises(Unauthorised, match="wrong_credentials"):
            self.webhook.verify(posted(SIGNED, headers), Credentials(secrets=[KEY]))

    @pytest.mark.parametrize("junk", ["é", "====", "AAAA", "\ud800"])
    def test_junk_for_a_signature_is_refused(self, junk: str) -> None:
        for headers in ({SIGNATURE: junk, TIMESTAMP: "1"}, {SIGNATURE: "AAAA", TIMESTAMP: junk}):
            with pytest.raises(Unauthorised):
                self.webhook.verify(posted(SIGNED, headers), Credentials(secrets=[KEY]))

    def test_a_key_of_another_kind_is_no_key(self) -> None:
        key = rsa.generate_private_key(65_537, 2_048).public_key()
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        other = Credentials(secrets=[b64encode(der).decode(), b64encode(der[:40]).decode()])
        with pytest.raises(Unauthorised):
            self.webhook.verify(posted(SIGNED, HEADERS), other)

    def test_the_signature_of_text_beyond_ascii_is_right(self) -> None:
        rehearsal = self.rehearsal()
        item = rehearsal.item(self.said("sent", keys=KEYS | {"name": "Zoë\r\n→"}))
        request = rehearsal.request([item], URL, NOW)
        self.webhook.verify(request, rehearsal.credentials)
        changed = posted(flipped(request.body, len(request.body) - 3), request.headers)
        with pytest.raises(Unauthorised):
            self.webhook.verify(changed, rehearsal.credentials)

    def test_two_thousand_events_are_one_request(self) -> None:
        rehearsal = self.rehearsal()
        assert rehearsal.most == 2_000
        item = rehearsal.item(self.said("delivered"))
        request = rehearsal.request([item] * rehearsal.most, URL, NOW)
        assert len(said_by(self.webhook, request)) == 2_000


@pytest.mark.parametrize(("item", "kind", "dimensions", "rest"), PUBLISHED)
def test_the_published_events_are_understood(
    item: dict[str, Any], kind: str, dimensions: dict[str, str], rest: dict[str, str]
) -> None:
    message = COMMON["sg_message_id"]
    expected = Event(kind, AT, "example@test.com", message, COMMON | item, ["cat facts"])
    assert only(item) == expected._replace(dimensions=dimensions, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "dimensions"),
    [
        # anymail, tests/test_sendgrid_webhooks.py
        (
            {
                "status": "5.1.1",
                "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
                "type": "bounce",
            },
            {"reason": "5.1.1", "category": "hard"},
        ),
        ({"status": "5.2.2", "type": "bounce"}, {"reason": "5.2.2", "category": "soft"}),
        (
            {"status": "5.0.0", "reason": "550 5.7.1 blocked", "type": "blocked"},
            {"reason": "5.7.1", "category": "soft"},
        ),
        ({"reason": "no such host", "type": "bounce"}, {"reason": "bounce", "category": "hard"}),
        ({"reason": "unhappy", "type": "blocked"}, {"reason": "blocked", "category": "soft"}),
    ],
)
def test_a_bounce_is_hard_by_its_code_first(
    item: dict[str, Any], dimensions: dict[str, str]
) -> None:
    assert only({"event": "bounce"} | item).dimensions == dimensions | {"domain": "test.com"}


@pytest.mark.parametrize(
    ("why", "kind", "reason"),
    [
        ("Invalid", "excluded", "EmailMalformedAddress"),
        ("Unsubscribed Address", "excluded", "EmailNoConsent"),
        ("Spam Reporting Address", "excluded", "EmailSuppressed"),
        ("Spam Content", "error", "Spam Content"),
        ("Recipient List over Package Quota", "error", "Recipient List over Package Quota"),
    ],
)
def test_what_is_dropped_was_excluded_or_is_ours_to_mend(why: str, kind: str, reason: str) -> None:
    event = only({"event": "dropped", "reason": why})
    assert (event.type, event.dimensions) == (kind, {"reason": reason})


def test_a_message_that_is_deferred_until_it_arrives_keeps_its_name() -> None:
    items: list[dict[str, Any]] = [
        {"event": "deferred", "response": "421 4.7.0 slow down", "attempt": "1"},
        {"event": "deferred", "response": "IPs were throttled", "attempt": "2", "timestamp": 2e9},
        {"event": "delivered"},
    ]
    events = [only(item) for item in items]
    assert [event.type for event in events] == ["deferred", "deferred", "delivered"]
    assert [event.attempt for event in events] == ["1", "2", ""]
    assert events[0].dimensions["reason"] == "4.7.0"
    assert "reason" not in events[1].dimensions
    assert len({event.message for event in events}) == 1


def test_metadata_lies_beside_the_fields_and_categories_may_be_one_text() -> None:
    event = only({"event": "open", "category": "lr_campaign=spring"} | KEYS)
    assert KEYS.items() <= event.keys.items()
    assert event.labels == ("lr_campaign=spring",)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"sg_machine_open": True}, {"signal": "provider"}),
        ({"sg_machine_open": False}, {"verdict": "human"}),
        ({"useragent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, {"signal": "crawler"}),
        ({"useragent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"}, {"signal": "proxy"}),
        (
            {"useragent": "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy"},
            {"signal": "proxy"},
        ),
        ({"useragent": None}, {"verdict": "human"}),
    ],
)
def test_an_open_by_a_machine_says_so(item: dict[str, Any], expected: dict[str, str]) -> None:
    assert only({"event": "open"} | item).dimensions == expected | {"domain": "test.com"}
    assert reaction(item.get("useragent"), flagged=item.get("sg_machine_open")) == expected


def test_an_odd_item_spoils_no_other() -> None:
    good, *rest = said(
        COMMON | {"event": "delivered"},
        COMMON | {"event": "group_resubscribe"},
        {"event": "account_status_change", "type": "compliance_suspend"},
        COMMON | {"event": "teleported"},
        COMMON | {"event": "open", "timestamp": "soon"},
    )
    assert isinstance(good, Event)
    ignored = [Ignored("group_resubscribe"), Ignored("account_status_change")]
    assert rest == [*ignored, "unknown_type", "not_a_time"]


def test_a_message_without_an_id_has_that_of_smtp() -> None:
    event = only({"event": "unsubscribe", "sg_message_id": None})
    assert event.message == "<14c5d75ce93.dfd.64b469@ismtpd-555>"
