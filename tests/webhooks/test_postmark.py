"""Postmark's events, by what it publishes."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from liveReport.channels import Credentials, Event, Ignored, Unauthorised, digest_of, providers
from tests.webhooks.cases import KEYS, ProviderCases, posted, said_by

NEW_YORK = timezone(timedelta(hours=-4))
# anymail, tests/test_postmark_webhooks.py; fields as in the developer pages of postmarkapp.com
BOUNCE: dict[str, Any] = {
    "RecordType": "Bounce",
    "ID": 901542550,
    "Type": "HardBounce",
    "TypeCode": 1,
    "ServerID": 23,
    "Name": "Hard bounce",
    "MessageID": "2706ee8a-737c-4285-b032-ccd317af53ed",
    "Description": "The server was unable to deliver your message (ex: unknown user).",
    "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
    "Email": "bounce@example.com",
    "From": "sender@example.com",
    "BouncedAt": "2016-04-27T16:28:50.3963933-04:00",
    "DumpAvailable": True,
    "Inactive": True,
    "CanActivate": True,
    "Subject": "Postmark event test",
    "Content": "...",
}
BOUNCED_AT = datetime(2016, 4, 27, 16, 28, 50, 396393, NEW_YORK)
DELIVERY: dict[str, Any] = {
    "RecordType": "Delivery",
    "ServerId": 23,
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Recipient": "recipient@example.com",
    "Tag": "welcome-email",
    "Metadata": {"cohort": "2014-08-A", "userid": "12345"},
    "DeliveredAt": "2014-08-01T13:28:10.2735393-04:00",
    "Details": "Test delivery webhook details",
}
OPEN: dict[str, Any] = {
    "RecordType": "Open",
    "FirstOpen": True,
    "Client": {"Name": "Gmail", "Company": "Google", "Family": "Gmail"},
    "OS": {"Name": "unknown", "Company": "unknown", "Family": "unknown"},
    "Platform": "Unknown",
    "UserAgent": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0",
    "ReadSeconds": 0,
    "Geo": {},
    "MessageID": "f4830d10-9c35-4f0c-bca3-3d9b459821f8",
    "ReceivedAt": "2016-04-27T16:21:41.2493688-04:00",
    "Recipient": "recipient@example.com",
}
CLICK: dict[str, Any] = {
    "RecordType": "Click",
    "ClickLocation": "HTML",
    "Platform": "Desktop",
    "UserAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_7_5) etc.",
    "OriginalLink": "https://example.com/click/me",
    "MessageID": "f4830d10-9c35-4f0c-bca3-3d9b459821f8",
    "ReceivedAt": "2017-10-25T15:21:11.9065619Z",
    "Tag": "welcome-email",
    "Recipient": "recipient@example.com",
}
CHANGE: dict[str, Any] = {
    "RecordType": "SubscriptionChange",
    "MessageID": "a4909a96-73d7-4c49-b148-a54522d3f7ac",
    "ServerID": 23,
    "MessageStream": "outbound",
    "ChangedAt": "2022-06-05T17:17:32Z",
    "Recipient": "john@example.com",
    "Origin": "Recipient",
    "SuppressSending": True,
    "SuppressionReason": "ManualSuppression",
    "Tag": "welcome-email",
    "Metadata": {"example": "value", "example_2": "value"},
}
DOMAIN = {"domain": "example.com"}
PAYLOADS: list[Any] = [
    BOUNCE,
    DELIVERY,
    OPEN,
    CLICK,
    CHANGE,
    CHANGE | {"SuppressionReason": "HardBounce"},
    CHANGE | {"SuppressSending": False, "SuppressionReason": None},
    BOUNCE | {"RecordType": "SpamComplaint", "Type": "SpamComplaint"},
    *(
        BOUNCE | {"Type": kind, "Details": ""}
        for kind in (
            *("Transient", "Unsubscribe", "Subscribe", "AutoResponder", "AddressChange"),
            *("DnsError", "SpamNotification", "OpenRelayTest", "Unknown", "SoftBounce"),
            *("VirusNotification", "ChallengeVerification", "BadEmailAddress", "SpamComplaint"),
            *("ManuallyDeactivated", "Unconfirmed", "Blocked", "SMTPApiError", "InboundError"),
            *("DMARCPolicy", "TemplateRenderingFailed"),
        )
    ),
]


def said(item: Any) -> list[Event | Ignored | str]:
    return said_by(providers()["postmark"].webhook, posted(json.dumps(item).encode()))


def last(item: dict[str, Any]) -> Event:
    event = said(item)[-1]
    assert isinstance(event, Event)
    return event


class TestPostmark(ProviderCases):
    provider = "postmark"
    body_is_signed = False

    def test_the_password_in_the_url_is_ours(self) -> None:
        ours = Credentials(digests=[digest_of("hunter2")])
        good = b64encode(b"livereport:hunter2").decode()
        self.webhook.verify(posted(b"{}", {"Authorization": f"Basic {good}"}), ours)
        for pair in (b"postmark:hunter2", b"livereport:hunter", b"livereport", b"\xff"):
            text = b64encode(pair).decode()
            with pytest.raises(Unauthorised):
                self.webhook.verify(posted(b"{}", {"Authorization": f"Basic {text}"}), ours)


def test_a_delivery_says_that_the_message_was_sent() -> None:
    at = datetime(2014, 8, 1, 13, 28, 10, 273539, NEW_YORK)
    delivered = Event(
        "delivered",
        at,
        "recipient@example.com",
        "883953f4-6105-42a2-a16a-77a8eac79483",
        {"cohort": "2014-08-A", "userid": "12345"},
        ("welcome-email",),
        DOMAIN,
    )
    assert said(DELIVERY) == [delivered._replace(type="sent", derived=True), delivered]


def test_a_hard_bounce_has_the_code_of_the_server() -> None:
    dimensions = {"reason": "5.1.1", "category": "hard"} | DOMAIN
    bounced = Event(
        "bounced", BOUNCED_AT, "bounce@example.com", BOUNCE["MessageID"], dimensions=dimensions
    )
    sent = bounced._replace(type="sent", dimensions=DOMAIN, derived=True)
    assert said(BOUNCE) == [sent, bounced]


def test_opens_and_clicks_are_of_one_recipient() -> None:
    opened = Event(
        "opened",
        datetime(2016, 4, 27, 16, 21, 41, 249368, NEW_YORK),
        "recipient@example.com",
        "f4830d10-9c35-4f0c-bca3-3d9b459821f8",
        dimensions=DOMAIN | {"verdict": "human"},
    )
    clicked = opened._replace(
        type="clicked",
        at=datetime(2017, 10, 25, 15, 21, 11, 906561, UTC),
        labels=("welcome-email",),
        link="https://example.com/click/me",
    )
    assert said(OPEN) + said(CLICK) == [opened, clicked]


def test_an_open_by_a_crawler_says_so() -> None:
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1)"
    assert last(OPEN | {"UserAgent": agent}).dimensions == {"signal": "crawler"} | DOMAIN


def test_a_complaint_is_no_bounce() -> None:
    spam = {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 512}
    expected = Event("complained", BOUNCED_AT, "bounce@example.com", BOUNCE["MessageID"])
    assert said(BOUNCE | spam | {"Details": "Test spam complaint details"}) == [expected]


def test_only_what_a_recipient_asks_for_is_an_unsubscription() -> None:
    (event,) = said(CHANGE)
    assert event == Event(
        "unsubscribed",
        datetime(2022, 6, 5, 17, 17, 32, tzinfo=UTC),
        "john@example.com",
        "a4909a96-73d7-4c49-b148-a54522d3f7ac",
        {"example": "value", "example_2": "value"},
        ("welcome-email",),
    )
    others: list[dict[str, Any]] = [
        {"SuppressionReason": "HardBounce"},
        {"SuppressionReason": "SpamComplaint"},
        {"SuppressSending": False, "SuppressionReason": None},
    ]
    assert [said(CHANGE | other) for other in others] == [
        [Ignored("SubscriptionChange: HardBounce")],
        [Ignored("SubscriptionChange: SpamComplaint")],
        [Ignored("SubscriptionChange: resubscribed")],
    ]


def test_a_suppression_by_hand_is_of_no_message() -> None:
    assert last(CHANGE | {"MessageID": "00000000-0000-0000-0000-000000000000"}).message == ""


# The types are those of postmarkapp.com/developer/api/bounce-api#bounce-types
@pytest.mark.parametrize(
    ("kind", "details", "expected", "dimensions"),
    [
        ("HardBounce", "no such user", "bounced", {"reason": "HardBounce", "category": "hard"}),
        ("HardBounce", "550 5.2.2 full", "bounced", {"reason": "5.2.2", "category": "soft"}),
        ("SoftBounce", "552 5.2.2 full", "bounced", {"reason": "5.2.2", "category": "soft"}),
        ("SoftBounce", "", "bounced", {"reason": "SoftBounce", "category": "soft"}),
        ("SpamNotification", "", "bounced", {"reason": "SpamNotification", "category": "soft"}),
        ("DMARCPolicy", "550 5.7.1", "bounced", {"reason": "5.7.1", "category": "soft"}),
        ("Blocked", "554 listed", "bounced", {"reason": "554", "category": "soft"}),
        ("Brandnew", "", "bounced", {"reason": "Brandnew", "category": "soft"}),
        ("AutoResponder", "", "bounced", {"reason": "AutoResponder", "category": "ignored"}),
        ("Transient", "421 4.4.1 later", "deferred", {"reason": "4.4.1"}),
        ("DnsError", "", "deferred", {"reason": "DnsError"}),
        ("BadEmailAddress", "", "excluded", {"reason": "EmailMalformedAddress"}),
        ("ManuallyDeactivated", "", "excluded", {"reason": "EmailSuppressed"}),
        ("SMTPApiError", "", "error", {"reason": "SMTPApiError"}),
        ("Unsubscribe", "", "unsubscribed", {}),
        ("SpamComplaint", "", "complained", {}),
    ],
)
def test_a_bounce_is_what_its_type_says(
    kind: str, details: str, expected: str, dimensions: dict[str, str]
) -> None:
    *before, event = said(BOUNCE | {"Type": kind, "Details": details})
    domain = DOMAIN if expected in ("bounced", "deferred") else {}
    assert isinstance(event, Event)
    assert (event.type, event.dimensions) == (expected, dimensions | domain)
    assert len(before) == bool(domain)


def test_a_message_may_bounce_softly_before_it_is_given_up() -> None:
    soft = {"Type": "SoftBounce", "Details": "452 4.2.2 full"}
    events = [*said(BOUNCE | soft), *said(BOUNCE)]
    bounces = [e for e in events if isinstance(e, Event) and e.type == "bounced"]
    assert [bounced.dimensions["category"] for bounced in bounces] == ["soft", "hard"]
    assert len({bounced.message for bounced in bounces}) == 1


def test_a_sender_passes_keys_in_the_metadata() -> None:
    for item in (BOUNCE, DELIVERY, OPEN, CLICK, CHANGE):
        assert last(item | {"Metadata": KEYS}).keys == KEYS


@pytest.mark.parametrize("kind", ["Subscribe", "InboundError"])
def test_what_is_no_part_of_a_send_is_ignored(kind: str) -> None:
    assert said(BOUNCE | {"Type": kind}) == [Ignored(kind)]


@pytest.mark.parametrize("item", [{"RecordType": "Inbound"}, {"FromFull": {"Email": "a@b.c"}}])
def test_a_message_that_came_in_is_no_event(item: Any) -> None:
    assert said(item) == ["unknown_type"]


def test_a_time_that_is_none_is_odd() -> None:
    assert said(OPEN | {"ReceivedAt": "soon"}) == ["not_a_time"]
