"""SparkPost's events, by what it publishes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from liveReport.channels import Event, Ignored, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# SparkPost's sample events; anymail, tests/test_sparkpost_webhooks.py
INJECTION: dict[str, Any] = {
    "type": "injection",
    "campaign_id": "Example Campaign Name",
    "customer_id": "1",
    "event_id": "92356927693813856",
    "friendly_from": "sender@example.com",
    "message_id": "000443ee14578172be22",
    "msg_size": "1337",
    "rcpt_meta": {"lr_campaign": "spring"},
    "rcpt_tags": ["male", "US"],
    "rcpt_to": "recipient@example.com",
    "raw_rcpt_to": "Recipient@example.com",
    "rcpt_type": "cc",
    "timestamp": "1454442600",
    "transmission_id": "65832150921904138",
}
BOUNCE = {
    "type": "bounce",
    "bounce_class": "10",
    "error_code": "550",
    "raw_reason": "550 5.1.1 <bounce@example.com>: Recipient address rejected: User unknown",
    "reason": "550 5.1.1 ...@... Recipient address rejected: ...",
}
GENERATED_AT = "2018-10-11T23:24:45.000+00:00"
PAYLOADS: list[Any] = [
    [{"msys": {}}],
    *(
        [{"msys": {group: INJECTION | changes}}]
        for group, changes in [
            ("message_event", {}),
            ("message_event", {"type": "delivery"}),
            ("message_event", {"type": "delay", "bounce_class": "21", "raw_reason": "454 4.4.4"}),
            ("message_event", BOUNCE),
            ("message_event", BOUNCE | {"bounce_class": "60"}),
            ("message_event", BOUNCE | {"bounce_class": "80"}),
            ("message_event", BOUNCE | {"bounce_class": "90"}),
            ("message_event", BOUNCE | {"type": "out_of_band"}),
            ("message_event", {"type": "policy_rejection", "bounce_class": "25"}),
            ("message_event", {"type": "spam_complaint"}),
            ("gen_event", {"type": "generation_failure", "timestamp": GENERATED_AT}),
            ("gen_event", {"type": "generation_rejection", "reason": "554 5.7.1 policy"}),
            ("gen_event", {"type": "generation_rejection", "reason": "address suppressed"}),
            ("track_event", {"type": "open"}),
            ("track_event", {"type": "initial_open"}),
            ("track_event", {"type": "amp_open"}),
            ("track_event", {"type": "click", "target_link_url": "https://example.com/a"}),
            ("track_event", {"type": "amp_click", "target_link_url": "https://example.com/a"}),
            ("unsubscribe_event", {"type": "list_unsubscribe"}),
            ("unsubscribe_event", {"type": "link_unsubscribe"}),
        ]
    ),
]


def said(changes: dict[str, Any], group: str = "message_event") -> Any:
    body = [{"msys": {group: INJECTION | changes}, "cust": {"id": "00000"}}]
    (event,) = said_by(providers()["sparkpost"].webhook, posted(json.dumps(body).encode()))
    return event


class TestSparkPost(ProviderCases):
    provider = "sparkpost"
    body_is_signed = False


def test_an_injection_is_sent() -> None:
    assert said({}) == Event(
        "sent",
        datetime(2016, 2, 2, 19, 50, tzinfo=UTC),
        "recipient@example.com",
        "65832150921904138",
        {"lr_campaign": "spring"},
        ("Example Campaign Name",),
        {"domain": "example.com"},
    )


def test_a_ping_is_ignored() -> None:
    webhook = providers()["sparkpost"].webhook
    assert said_by(webhook, posted(b'[{"msys": {}}]')) == [Ignored("ping")]


@pytest.mark.parametrize(
    ("changes", "kind", "details"),
    [
        (BOUNCE, "bounced", {"reason": "5.1.1", "category": "hard"}),
        (
            {"type": "bounce", "bounce_class": "30", "reason": "no"},
            "bounced",
            {"reason": "30", "category": "hard"},
        ),
        (
            {"type": "bounce", "bounce_class": "60"},
            "bounced",
            {"reason": "60", "category": "ignored"},
        ),
        (
            {"type": "delay", "raw_reason": "454 4.4.4 [internal] no MX or A for domain"},
            "deferred",
            {"reason": "4.4.4"},
        ),
        (
            {
                "type": "generation_rejection",
                "reason": "554 5.7.1 recipient address suppressed due to customer policy",
            },
            "excluded",
            {"reason": "EmailSuppressed"},
        ),
        (
            {"type": "generation_failure", "reason": "554 5.3.3 [internal] Error while rendering"},
            "error",
            {"reason": "5.3.3"},
        ),
        ({"type": "list_unsubscribe"}, "unsubscribed", {}),
        ({"type": "bounce", "bounce_class": "90"}, "unsubscribed", {}),
        ({"type": "open", "is_prefetched": True}, "opened", {"signal": "prefetch"}),
        ({"type": "open", "user_agent": "Mozilla/5.0 (Macintosh)"}, "opened", {"verdict": "human"}),
    ],
)
def test_what_it_means(changes: dict[str, Any], kind: str, details: dict[str, str]) -> None:
    event = said(changes)
    found = {key: text for key, text in event.dimensions.items() if key != "domain"}
    assert (event.type, found) == (kind, details)


def test_a_first_open_is_reported_as_an_open_too() -> None:
    assert said({"type": "initial_open"}, "track_event") == Ignored("initial_open")


def test_some_times_are_text() -> None:
    event = said({"type": "generation_failure", "timestamp": GENERATED_AT})
    assert event.at == datetime(2018, 10, 11, 23, 24, 45, tzinfo=UTC)
