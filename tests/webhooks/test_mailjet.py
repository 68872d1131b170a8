"""Mailjet's events, by what it publishes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from liveReport.channels import Event, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# dev.mailjet.com/email/guides/webhooks; anymail, tests/test_mailjet_webhooks.py
SENT: dict[str, Any] = {
    "event": "sent",
    "time": 1498093527,
    "MessageID": 12345678901234567,
    "email": "recipient@example.com",
    "mj_campaign_id": 1234567890,
    "mj_contact_id": 9876543210,
    "customcampaign": "tag1",
    "mj_message_id": "12345678901234567",
    "smtp_reply": "sent (250 2.0.0 OK 1498093527 a67bc12345def.22 - gsmtp)",
    "Payload": '{"lr_campaign": "spring", "meta2": 2}',
}
CHANGES: list[dict[str, Any]] = [
    {"event": "open", "agent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"},
    {"event": "click", "url": "http://example.com"},
    {"event": "bounce", "hard_bounce": True, "error": "invalid domain"},
    {"event": "bounce", "hard_bounce": False, "error": "greylisted"},
    {"event": "blocked", "hard_bounce": True, "error": "typofix"},
    {"event": "blocked", "error": "preblocked"},
    {"event": "blocked", "error": "spam reporter"},
    {"event": "blocked", "error": "policy issue"},
    {"event": "spam"},
    {"event": "unsub"},
    {"event": "sent", "Payload": ""},
    {"event": "sent", "customcampaign": "", "CustomID": "an-id"},
]
PAYLOADS: list[Any] = [[SENT], SENT, *([SENT | changes] for changes in CHANGES)]


def said(*items: dict[str, Any]) -> Any:
    body = [SENT | item for item in items]
    return said_by(providers()["mailjet"].webhook, posted(json.dumps(body).encode()))


class TestMailjet(ProviderCases):
    provider = "mailjet"
    body_is_signed = False


def test_sent_is_delivered_and_implies_the_hand_over() -> None:
    delivered = Event(
        "delivered",
        datetime(2017, 6, 22, 1, 5, 27, tzinfo=UTC),
        "recipient@example.com",
        "12345678901234567",
        {"lr_campaign": "spring", "meta2": 2},
        ["tag1"],
        {"domain": "example.com"},
    )
    assert said({}) == [delivered._replace(type="sent", derived=True), delivered]


def test_one_object_is_as_good_as_a_list() -> None:
    body = json.dumps(SENT).encode()
    assert said_by(providers()["mailjet"].webhook, posted(body)) == said({})


@pytest.mark.parametrize(
    ("changes", "kind", "details"),
    [
        (
            {"event": "bounce", "hard_bounce": True, "error": "invalid domain"},
            "bounced",
            {"reason": "invalid domain", "category": "hard"},
        ),
        (
            {"event": "bounce", "hard_bounce": True, "error": "quota", "comment": "552 5.2.2 full"},
            "bounced",
            {"reason": "5.2.2", "category": "soft"},
        ),
        (
            {"event": "bounce", "hard_bounce": False, "error": "greylisted"},
            "deferred",
            {"reason": "greylisted"},
        ),
        ({"event": "blocked", "error": "typofix"}, "excluded", {"reason": "EmailMalformedAddress"}),
        ({"event": "blocked", "error": "preblocked"}, "excluded", {"reason": "EmailSuppressed"}),
        ({"event": "blocked", "error": "policy issue"}, "error", {"reason": "policy issue"}),
        ({"event": "spam"}, "complained", {}),
        ({"event": "unsub", "agent": "List-Unsubscribe"}, "unsubscribed", {}),
    ],
)
def test_an_error_says_what_became_of_it(
    changes: dict[str, Any], kind: str, details: dict[str, str]
) -> None:
    event = said(changes)[-1]
    found = {key: text for key, text in event.dimensions.items() if key != "domain"}
    assert (event.type, found) == (kind, details)


# dev.mailjet.com/email/guides/webhooks, "Possible values for errors"; those of templates and
# "spam preblocked" are also in its reference of messages, as states
@pytest.mark.parametrize(
    ("related_to", "error"),
    [
        ("spam", "sender blocked"),
        ("spam", "content blocked"),
        ("spam", "policy issue"),
        ("system", "system issue"),
        ("system", "protocol issue"),
        ("system", "connection issue"),
        ("content", "bad or empty template"),
        ("content", "error in template language"),
        ("mailjet", "duplicate in campaign"),
        ("mailjet", "spam preblocked"),
    ],
)
def test_a_block_for_the_sender_s_sake_is_an_error(related_to: str, error: str) -> None:
    (event,) = said({"event": "blocked", "error_related_to": related_to, "error": error})
    assert (event.type, event.dimensions) == ("error", {"reason": error})


@pytest.mark.parametrize("error", ["user unknown", "blacklisted", "spam reporter", "preblocked"])
def test_a_block_for_the_recipient_s_sake_is_an_exclusion(error: str) -> None:
    (event,) = said({"event": "blocked", "error_related_to": "recipient", "error": error})
    assert (event.type, event.dimensions) == ("excluded", {"reason": "EmailSuppressed"})


@pytest.mark.parametrize(
    ("hard", "category"),
    [(True, "hard"), ("true", "hard"), (False, "soft"), ("false", "soft"), (None, "soft")],
)
def test_whether_a_bounce_is_hard_may_be_a_text(hard: Any, category: str) -> None:
    event = said({"event": "bounce", "hard_bounce": hard, "error": "user unknown"})[-1]
    assert event.dimensions["category"] == category


def test_of_a_batch_each_recipient_has_its_own_sequence() -> None:
    greylisted = {"event": "bounce", "hard_bounce": "false", "error": "greylisted"}
    full = {"event": "bounce", "hard_bounce": False, "error": "quota exceeded"}
    unknown = {"event": "bounce", "hard_bounce": True, "error": "user unknown"}
    events = said(
        greylisted,
        greylisted,
        {},
        full | {"email": "ada@example.com"},
        unknown | {"email": "ada@example.com"},
    )
    told = [one for one in events if not one.derived]
    assert [(one.type, one.recipient[:3], one.dimensions.get("category")) for one in told] == [
        ("deferred", "rec", None),
        ("deferred", "rec", None),
        ("delivered", "rec", None),
        ("bounced", "ada", "soft"),
        ("bounced", "ada", "hard"),
    ]
    derived = {(one.type, one.recipient) for one in events if one.derived}
    assert derived == {("sent", "recipient@example.com"), ("sent", "ada@example.com")}


def test_an_agent_that_crawls_says_so() -> None:
    (event,) = said({"event": "click", "url": "https://mailjet.com", "agent": "curl/8.5.0"})
    assert (event.link, event.dimensions["signal"]) == ("https://mailjet.com", "crawler")


def test_gmail_s_proxy_says_so() -> None:
    (event,) = said({"event": "open", "agent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"})
    assert event.dimensions == {"signal": "proxy", "domain": "example.com"}
