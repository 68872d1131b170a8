"""Unisender Go's events, by what it publishes."""

import json
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

import pytest

from liveReport.channels import Credentials, Event, Ignored, Unauthorised, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# godocs.unisender.ru/web-api-ref#callback-format; anymail, tests/test_unisender_go_webhooks.py
DATA: dict[str, Any] = {
    "job_id": "1a3Q2V-0000OZ-S0",
    "metadata": {"lr_campaign": "spring"},
    "email": "recipient.email@example.com",
    "status": "sent",
    "event_time": "2015-11-30 15:09:42",
    "url": "http://some.url.com",
    "delivery_info": {
        "delivery_status": "err_delivery_failed",
        "destination_response": "550 Spam rejected",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
        "ip": "111.111.111.111",
    },
}
BLOCK = {
    "event_name": "transactional_spam_block",
    "event_data": {"block_type": "one_smtp", "domain": "domain_name", "SMTP_blocks_count": 8},
}
CHANGES: list[dict[str, Any]] = [
    *({"status": word} for word in ("sent", "delivered", "opened", "clicked")),
    *({"status": word} for word in ("spam", "unsubscribed", "subscribed")),
    {"status": "soft_bounced", "delivery_info": {"delivery_status": "err_will_retry"}},
    *(
        {"status": "hard_bounced", "delivery_info": {"delivery_status": word}}
        for word in ("err_user_unknown", "err_unsubscribed", "err_skip_letter")
    ),
]
EVENTS: list[dict[str, Any]] = [
    BLOCK,
    *(
        {"event_name": "transactional_email_status", "event_data": DATA | changes}
        for changes in CHANGES
    ),
]
PAYLOADS: list[Any] = [
    {"auth": "x", "events_by_user": [{"user_id": 456, "events": [event]}]} for event in EVENTS
]


def said(*others: Any, **changes: Any) -> Any:
    event = {"event_name": "transactional_email_status", "event_data": DATA | changes}
    whole = {"auth": "x", "events_by_user": [{"user_id": 456, "events": [event, *others]}]}
    return said_by(providers()["unisender_go"].webhook, posted(json.dumps(whole).encode()))


class TestUnisenderGo(ProviderCases):
    provider = "unisender_go"

    def test_the_digest_is_over_the_body_with_the_key_in_it(self) -> None:
        plain = b'{"auth":"api_key","key":"value"}'
        auth = md5(plain, usedforsecurity=False).hexdigest().encode()
        body = plain.replace(b"api_key", auth)
        self.webhook.verify(posted(body), Credentials(secrets=["api_key"]))
        with pytest.raises(Unauthorised):
            self.webhook.verify(posted(body.replace(b":", b": ")), Credentials(secrets=["api_key"]))

    @pytest.mark.parametrize("body", [b"", b"[]", b"3", b'{"auth": 3}', b'{"auth": ""}', b"\xff"])
    def test_junk_is_refused(self, body: bytes) -> None:
        with pytest.raises(Unauthorised):
            self.webhook.verify(posted(body), Credentials(secrets=["api_key"]))


def test_times_are_utc() -> None:
    (event,) = said()
    assert event == Event(
        "sent",
        datetime(2015, 11, 30, 15, 9, 42, tzinfo=UTC),
        "recipient.email@example.com",
        "1a3Q2V-0000OZ-S0",
        {"lr_campaign": "spring"},
        dimensions={"domain": "example.com"},
    )


def test_blocks_of_the_account_are_ignored() -> None:
    assert said(BLOCK)[1:] == [Ignored("transactional_spam_block")]


@pytest.mark.parametrize(
    ("status", "delivery", "answer", "kind", "details"),
    [
        (
            "hard_bounced",
            "err_user_unknown",
            "no",
            "bounced",
            {"reason": "err_user_unknown", "category": "hard"},
        ),
        (
            "hard_bounced",
            "err_spam_rejected",
            "550 Spam rejected",
            "bounced",
            {"reason": "550", "category": "soft"},
        ),
        ("soft_bounced", "err_will_retry", "", "deferred", {"reason": "err_will_retry"}),
        ("hard_bounced", "err_unsubscribed", "", "excluded", {"reason": "EmailNoConsent"}),
    ],
)
def test_the_delivery_status_says_why(
    status: str, delivery: str, answer: str, kind: str, details: dict[str, str]
) -> None:
    info = {"delivery_status": delivery, "destination_response": answer}
    (event,) = said(status=status, delivery_info=info)
    found = {key: text for key, text in event.dimensions.items() if key != "domain"}
    assert (event.type, found) == (kind, details)
