"""What Amazon SES says, by its published examples. Its signatures are in test_amazon_sns."""

import json
from typing import Any

import pytest

from liveReport.channels import Event, Ignored, moment_of, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# "Examples of event data that Amazon SES publishes to Amazon SNS" at docs.aws.amazon.com, but for
# fields that nobody reads
ID = "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000"
MAIL: dict[str, Any] = {
    "timestamp": "2017-08-05T00:40:02.012Z",
    "source": "Sender Name <sender@example.com>",
    "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/sender@example.com",
    "sendingAccountId": "123456789012",
    "messageId": ID,
    "destination": ["recipient@example.com"],
    "headersTruncated": False,
    "headers": [
        {"name": "From", "value": "Sender Name <sender@example.com>"},
        {"name": "To", "value": "recipient@example.com"},
        {"name": "Subject", "value": "Message sent from Amazon SES"},
    ],
    "tags": {
        "ses:configuration-set": ["ConfigSet"],
        "ses:source-ip": ["192.0.2.0"],
        "myCustomTag1": ["myCustomTagValue1"],
    },
}
TAGS = {
    "ses:configuration-set": "ConfigSet",
    "ses:source-ip": "192.0.2.0",
    "myCustomTag1": "myCustomTagValue1",
}
BOUNCE: dict[str, Any] = {
    "bounceType": "Permanent",
    "bounceSubType": "General",
    "bouncedRecipients": [
        {
            "emailAddress": "recipient@example.com",
            "action": "failed",
            "status": "5.1.1",
            "diagnosticCode": "smtp; 550 5.1.1 user unknown",
        }
    ],
    "timestamp": "2017-08-05T00:41:02.669Z",
    "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
    "reportingMTA": "dsn; mta.example.com",
}
COMPLAINT: dict[str, Any] = {
    "complainedRecipients": [{"emailAddress": "recipient@example.com"}],
    "timestamp": "2017-08-05T00:41:02.669Z",
    "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    "complaintFeedbackType": "abuse",
}
DELIVERY: dict[str, Any] = {
    "timestamp": "2016-10-19T23:21:04.133Z",
    "processingTimeMillis": 11893,
    "recipients": ["recipient@example.com"],
    "smtpResponse": "250 2.6.0 Message received",
    "reportingMTA": "mta.example.com",
}
DELAY: dict[str, Any] = {
    "timestamp": "2020-06-16T00:25:40.914Z",
    "delayType": "TransientCommunicationFailure",
    "expirationTime": "2020-06-16T00:25:40.914Z",
    "delayedRecipients": [
        {
            "emailAddress": "recipient@example.com",
            "status": "4.4.1",
            "diagnosticCode": "smtp; 421 4.4.1 Unable to connect to remote host",
        }
    ],
}
OPEN: dict[str, Any] = {
    "ipAddress": "192.0.2.1",
    "timestamp": "2017-08-09T22:00:19.652Z",
    "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 10_3_3 like Mac OS X) AppleWebKit/603.3.8",
}
CLICK: dict[str, Any] = {
    "ipAddress": "192.0.2.1",
    "link": "http://docs.aws.amazon.com/ses/latest/DeveloperGuide/send-email-smtp.html",
    "linkTags": {"samplekey0": ["samplevalue0"]},
    "timestamp": "2017-08-09T23:51:25.570Z",
    "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
}
SUBSCRIPTION: dict[str, Any] = {
    "contactList": "ContactListName",
    "timestamp": "2022-01-12T01:00:17.910Z",
    "source": "UnsubscribeHeader",
    "newTopicPreferences": {
        "unsubscribeAll": True,
        "topicSubscriptionStatus": [
            {"topicName": "ExampleTopicName", "subscriptionStatus": "OptOut"}
        ],
    },
    "oldTopicPreferences": {
        "unsubscribeAll": False,
        "topicSubscriptionStatus": [
            {"topicName": "ExampleTopicName", "subscriptionStatus": "OptOut"}
        ],
    },
}
BY_A_PERSON = {"verdict": "human", "domain": "example.com"}
PUBLISHED: list[tuple[str, str, dict[str, Any], str, str, dict[str, str]]] = [
    (
        "Bounce",
        "bounce",
        BOUNCE,
        "bounced",
        BOUNCE["timestamp"],
        {"reason": "5.1.1", "category": "hard", "domain": "example.com"},
    ),
    ("Complaint", "complaint", COMPLAINT, "complained", COMPLAINT["timestamp"], {}),
    (
        "Delivery",
        "delivery",
        DELIVERY,
        "delivered",
        DELIVERY["timestamp"],
        {"domain": "example.com"},
    ),
    ("Send", "send", {}, "sent", MAIL["timestamp"], {"domain": "example.com"}),
    (
        "Reject",
        "reject",
        {"reason": "Bad content"},
        "error",
        MAIL["timestamp"],
        {"reason": "Bad content"},
    ),
    ("Open", "open", OPEN, "opened", OPEN["timestamp"], BY_A_PERSON),
    ("Click", "click", CLICK, "clicked", CLICK["timestamp"], BY_A_PERSON),
    (
        "Rendering Failure",
        "failure",
        {"errorMessage": "Attribute 'attributeName' is not present.", "templateName": "MyTemplate"},
        "error",
        MAIL["timestamp"],
        {"reason": "RenderingFailure"},
    ),
    (
        "DeliveryDelay",
        "deliveryDelay",
        DELAY,
        "deferred",
        DELAY["timestamp"],
        {"reason": "4.4.1", "domain": "example.com"},
    ),
    (
        "Subscription",
        "subscription",
        SUBSCRIPTION,
        "unsubscribed",
        SUBSCRIPTION["timestamp"],
        {},
    ),
]
# As they come: in the envelope of a notification, which has a time of its own
PAYLOADS: list[Any] = [
    {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "Timestamp": "2017-08-09T23:59:59.000Z",
        "Message": json.dumps({"eventType": word, "mail": mail, name: details}),
    }
    for word, name, details, mail in [
        *((word, name, details, MAIL) for word, name, details, *_expected in PUBLISHED),
        ("Bounce", "bounce", BOUNCE | {"bounceSubType": "OnAccountSuppressionList"}, MAIL),
        ("Open", "open", OPEN, MAIL | {"destination": ["jane@example.com", "mary@example.com"]}),
        ("Teleport", "teleport", {}, MAIL),
    ]
]


def said(
    word: str, name: str, details: Any, mail: Any = MAIL, kind: str = "eventType"
) -> list[Event | Ignored | str]:
    text = json.dumps({kind: word, "mail": mail, name: details}) + "\n"
    body = json.dumps({"Type": "Notification", "Message": text}).encode()
    return said_by(providers()["amazon_ses"].webhook, posted(body))


def events(word: str, name: str, details: Any, **rest: Any) -> list[Event]:
    found = said(word, name, details, **rest)
    return [one for one in found if isinstance(one, Event)]


class TestAmazonSES(ProviderCases):
    provider = "amazon_ses"


@pytest.mark.parametrize(("word", "name", "details", "kind", "at", "dimensions"), PUBLISHED)
def test_the_published_events_are_understood(
    word: str, name: str, details: dict[str, Any], kind: str, at: str, dimensions: dict[str, str]
) -> None:
    link = details.get("link", "")
    expected = Event(kind, moment_of(at), "recipient@example.com", ID, TAGS, (), dimensions, link)
    assert said(word, name, details) == [expected]
    assert said(word, name, details, kind="notificationType") == [expected]


def test_a_notification_may_be_of_several_recipients() -> None:
    people = [
        {"emailAddress": "Jane@example.com", "status": "5.1.1"},
        {"emailAddress": "richard@example.org", "status": "4.2.2"},
        {"emailAddress": "mary@example.net"},
    ]
    found = events("Bounce", "bounce", BOUNCE | {"bouncedRecipients": people})
    assert [(one.recipient, dict(one.dimensions)) for one in found] == [
        ("jane@example.com", {"reason": "5.1.1", "category": "hard", "domain": "example.com"}),
        ("richard@example.org", {"reason": "4.2.2", "category": "soft", "domain": "example.org"}),
        ("mary@example.net", {"reason": "General", "category": "hard", "domain": "example.net"}),
    ]


def test_an_open_of_one_of_several_recipients_is_of_nobody() -> None:
    several = MAIL | {"destination": ["jane@example.com", "mary@example.com"]}
    for word, details in (("Open", OPEN), ("Click", CLICK)):
        (event,) = events(word, word.lower(), details, mail=several)
        assert (event.recipient, event.message, event.dimensions) == ("", ID, {"verdict": "human"})
    assert len(events("Send", "send", {}, mail=several)) == 2


@pytest.mark.parametrize(
    ("kind", "subtype", "status", "dimensions"),
    [
        ("Permanent", "NoEmail", "", {"reason": "NoEmail", "category": "hard"}),
        ("Transient", "MailboxFull", "", {"reason": "MailboxFull", "category": "soft"}),
        ("Transient", "General", "5.4.4", {"reason": "5.4.4", "category": "hard"}),
        ("Permanent", "General", "5.2.2", {"reason": "5.2.2", "category": "soft"}),
        ("Undetermined", "Undetermined", "", {"reason": "Undetermined", "category": "soft"}),
    ],
)
def test_a_bounce_is_hard_by_its_code_first(
    kind: str, subtype: str, status: str, dimensions: dict[str, str]
) -> None:
    who = [{"emailAddress": "a@b.example", "status": status}]
    details = {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": who}
    (event,) = events("Bounce", "bounce", details)
    assert event.dimensions == dimensions | {"domain": "b.example"}
    assert event.at is None


@pytest.mark.parametrize(
    ("subtype", "reason"),
    [
        ("Suppressed", "EmailSuppressed"),
        ("OnAccountSuppressionList", "EmailSuppressed"),
        ("UnsubscribedRecipient", "EmailNoConsent"),
    ],
)
def test_what_never_left_amazon_was_excluded(subtype: str, reason: str) -> None:
    (bounced,) = events("Bounce", "bounce", BOUNCE | {"bounceSubType": subtype})
    (complained,) = events("Complaint", "complaint", COMPLAINT | {"complaintSubType": subtype})
    for event in (bounced, complained):
        assert (event.type, event.dimensions) == ("excluded", {"reason": reason})


def test_delays_end_in_a_delivery_of_the_same_message() -> None:
    later = DELAY | {"timestamp": "2020-06-16T01:25:40.914Z", "delayType": "MailboxFull"}
    plain = later | {"delayedRecipients": [{"emailAddress": "recipient@example.com"}]}
    found = [
        *events("DeliveryDelay", "deliveryDelay", DELAY),
        *events("DeliveryDelay", "deliveryDelay", plain),
        *events("Delivery", "delivery", DELIVERY),
    ]
    assert [event.type for event in found] == ["deferred", "deferred", "delivered"]
    assert [event.dimensions.get("reason") for event in found] == ["4.4.1", "MailboxFull", None]
    assert {(event.message, event.recipient) for event in found} == {(ID, "recipient@example.com")}


def test_keys_are_tags_of_the_message_or_headers_of_the_mail() -> None:
    headers = [
        {"name": "X-LR-Campaign", "value": "autumn"},
        {"name": "x-lr-profile", "value": "p-1"},
        {"name": "X-LR-Other", "value": "x"},
    ]
    (event,) = events("Send", "send", {}, mail=MAIL | {"headers": headers})
    assert event.keys == TAGS | {"lr_campaign": "autumn", "lr_profile": "p-1"}
    tagged = MAIL | {"headers": headers, "tags": {"lr_campaign": ["spring"]}}
    (event,) = events("Send", "send", {}, mail=tagged)
    assert event.keys == {"lr_campaign": "spring", "lr_profile": "p-1"}


def test_an_open_by_a_crawler_says_so() -> None:
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1)"
    (event,) = events("Open", "open", OPEN | {"userAgent": agent})
    assert event.dimensions == {"signal": "crawler", "domain": "example.com"}


def test_only_who_leaves_a_list_unsubscribes() -> None:
    back = {"unsubscribeAll": False, "topicSubscriptionStatus": []}
    assert said("Subscription", "subscription", SUBSCRIPTION | {"newTopicPreferences": back}) == [
        Ignored("Subscription")
    ]
    topic = SUBSCRIPTION["newTopicPreferences"] | {"unsubscribeAll": False}
    one_more = {"newTopicPreferences": topic, "oldTopicPreferences": back}
    (event,) = events("Subscription", "subscription", SUBSCRIPTION | one_more)
    assert event.type == "unsubscribed"


@pytest.mark.parametrize("word", ["Received", "Teleport", None])
def test_a_kind_that_nobody_knows_is_odd(word: Any) -> None:
    assert said(word, "x", {}) == ["unknown_type"]
