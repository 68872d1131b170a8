"""Brevo's events, by what it publishes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from liveReport.channels import Event, Ignored, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# developers.brevo.com/docs/transactional-webhooks; anymail, tests/test_brevo_webhooks.py
REQUEST: dict[str, Any] = {
    "event": "request",
    "email": "recipient@example.com",
    "id": 9999999,
    "message-id": "<201803062010.27287306012@smtp-relay.mailin.fr>",
    "subject": "Test subject",
    "date": "2018-03-06 11:10:23",
    "ts": 1520331023,
    "ts_event": 1520331023,
    "ts_epoch": 1520363423000,
    "X-Mailin-custom": '{"lr_campaign": "spring"}',
    "tag": '["tag1","tag2"]',
    "tags": ["tag1", "tag2"],
    "template_id": 12,
    "sending_ip": "333.33.33.33",
}
PAYLOADS: list[Any] = [
    REQUEST,
    REQUEST | {"event": "delivered", "ts_epoch": 1520363423000},
    REQUEST | {"event": "hard_bounce", "reason": "550 5.5.0 mailbox unavailable."},
    REQUEST | {"event": "soft_bounce", "reason": "undefined Unable to find MX of domain"},
    REQUEST | {"event": "deferred", "reason": "550 5.1.1 <notauser@example.com>: rejected"},
    REQUEST | {"event": "error", "reason": "Unexpected", "ts_epoch": 1604933623},
    REQUEST | {"event": "complaint", "ts_epoch": None},
    *(
        REQUEST | {"event": word}
        for word in (
            *("blocked", "invalid_email", "opened", "unique_opened", "proxy_open"),
            *("unique_proxy_open", "spam", "unsubscribe", "list_addition"),
        )
    ),
    REQUEST | {"event": "click", "link": "https://example.com/click/me"},
    {name: one for name, one in REQUEST.items() if name != "tags"} | {"tag": "header-tag"},
    REQUEST | {"event": "blocked", "reason": "blocked : due to blacklist user"},
    # symfony/symfony, Mailer/Bridge/Brevo/Tests/Webhook/Fixtures/blocked.php
    REQUEST | {"event": "blocked", "reason": "blocked : due to unsubscribed user"},
]
# anymail, tests/test_brevo_webhooks.py: of a proxy's open, the tag is a list
PROXY_OPEN: dict[str, Any] = {
    "event": "proxy_open",
    "email": "example@domain.com",
    "id": 1,
    "date": "2020-10-09 00:00:00",
    "message-id": "201798300811.5787683@relay.domain.com",
    "subject": "My first Transactional",
    "tag": ["transactionalTag"],
    "sending_ip": "xxx.xxx.xxx.xxx",
    "s_epoch": 1534486682000,
    "template_id": 1,
}
PAYLOADS.append(PROXY_OPEN)


def said(**changes: Any) -> Any:
    return said_of(REQUEST | changes)


def said_of(item: dict[str, Any]) -> Any:
    (event,) = said_by(providers()["brevo"].webhook, posted(json.dumps(item).encode()))
    return event


class TestBrevo(ProviderCases):
    provider = "brevo"
    body_is_signed = False


def test_a_request_is_a_message_that_was_sent() -> None:
    assert said() == Event(
        "sent",
        datetime(2018, 3, 6, 19, 10, 23, tzinfo=UTC),
        "recipient@example.com",
        "<201803062010.27287306012@smtp-relay.mailin.fr>",
        {"lr_campaign": "spring"},
        ["tag1", "tag2"],
        {"domain": "example.com"},
    )


def test_seconds_are_told_from_milliseconds() -> None:
    assert said(event="error", ts_epoch=1604933623).at == datetime(
        2020, 11, 9, 14, 53, 43, tzinfo=UTC
    )


def test_without_an_epoch_no_other_time_is_believed() -> None:
    assert said(event="complaint", ts_epoch=None).at is None


@pytest.mark.parametrize(
    ("word", "text", "reason", "category"),
    [
        ("hard_bounce", " RecipientError: 550 5.5.0 mailbox unavailable.", "5.5.0", "soft"),
        ("hard_bounce", "550 5.1.1 unknown", "5.1.1", "hard"),
        ("hard_bounce", "550 no such user", "550", "hard"),
        ("soft_bounce", "undefined Unable to find MX of domain", "soft_bounce", "soft"),
    ],
)
def test_the_code_decides_before_the_word(word: str, text: str, reason: str, category: str) -> None:
    details = said(event=word, reason=text).dimensions
    assert (details["reason"], details["category"]) == (reason, category)


def test_a_deferral_stays_one_whatever_its_code() -> None:
    event = said(event="deferred", reason="550 5.1.1 <notauser@example.com>: rejected")
    assert (event.type, event.dimensions["reason"]) == ("deferred", "5.1.1")


@pytest.mark.parametrize(
    ("word", "reason"),
    [("blocked", "EmailSuppressed"), ("invalid_email", "EmailMalformedAddress")],
)
def test_what_never_left_is_excluded(word: str, reason: str) -> None:
    event = said(event=word)
    assert (event.type, event.dimensions) == ("excluded", {"reason": reason})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("blocked : due to blacklist user", "EmailSuppressed"),
        ("blocked : due to unsubscribed user", "EmailNoConsent"),
    ],
)
def test_a_block_says_whether_it_is_the_recipient_s_wish(text: str, reason: str) -> None:
    assert said(event="blocked", reason=text).dimensions == {"reason": reason}


@pytest.mark.parametrize("word", ["proxy_open", "unique_proxy_open"])
def test_an_open_by_a_proxy_was_fetched_in_advance(word: str) -> None:
    assert said(event=word).dimensions["signal"] == "prefetch"
    assert "signal" not in said(event="unique_opened").dimensions


def test_a_proxy_s_open_has_its_time_and_tags_in_fields_of_its_own() -> None:
    assert said_of(PROXY_OPEN) == Event(
        "opened",
        datetime(2018, 8, 17, 6, 18, 2, tzinfo=UTC),
        "example@domain.com",
        "201798300811.5787683@relay.domain.com",
        {},
        ["transactionalTag"],
        {"domain": "domain.com", "signal": "prefetch"},
    )


@pytest.mark.parametrize("word", ["opened", "unique_opened", "click"])
def test_an_agent_that_crawls_says_so_and_gmail_s_proxy_too(word: str) -> None:
    assert said(event=word, user_agent="curl/8.5.0").dimensions["signal"] == "crawler"
    gmail = (
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
    )
    assert said(event=word, user_agent=gmail).dimensions["signal"] == "proxy"


@pytest.mark.parametrize(
    ("tag", "labels"),
    [
        ("header-tag", ["header-tag"]),
        ('["tag1","tag2"]', ["tag1", "tag2"]),
        (["tag1"], ["tag1"]),
        ("[Spring] welcome", ["[Spring] welcome"]),
        ("[1]", ["[1]"]),
        ("", []),
    ],
)
def test_a_tag_is_one_text_or_a_list(tag: Any, labels: list[str]) -> None:
    assert list(said(tags=None, tag=tag).labels) == labels


def test_a_message_deferred_and_then_delivered_keeps_its_name() -> None:
    words = ["request", "deferred", "deferred", "delivered"]
    events = [said(event=word, reason="421 4.7.0 Try again later") for word in words]
    assert [event.type for event in events] == ["sent", "deferred", "deferred", "delivered"]
    assert [event.dimensions.get("reason") for event in events] == [None, "4.7.0", "4.7.0", None]
    assert len({event.message for event in events}) == 1


def test_lists_are_ignored() -> None:
    assert said(event="list_addition") == Ignored("list_addition")
