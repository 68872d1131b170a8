"""MailerSend's events, by what it publishes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from liveReport.channels import Event, Ignored, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# The first version: anymail, tests/test_mailersend_webhooks.py
EMAIL: dict[str, Any] = {
    "object": "email",
    "id": "63fd1c1de225707fa905f0a8",
    "status": "sent",
    "tags": ["lr_campaign=spring&lr_profile=p-1", "Tag 2"],
    "message": {"object": "message", "id": "63fd1c1d5f010335ed07066b"},
    "recipient": {"object": "recipient", "email": "recipient@example.com"},
}
CREATED = "2023-02-27T21:09:49.506000Z"
PAYLOADS: list[Any] = [
    {
        "type": f"activity.{word}",
        "created_at": "2023-02-27T21:09:49Z",
        "data": {"type": word, "created_at": CREATED, "email": EMAIL, "morph": morph},
    }
    for word, morph in [
        ("sent", None),
        ("delivered", None),
        ("deferred", None),
        ("hard_bounced", {"object": "recipient_bounce", "reason": "550 5.1.1 unknown"}),
        ("soft_bounced", {"object": "recipient_bounce", "reason": "Unknown reason"}),
        ("opened", {"object": "open", "ip": "255.255.255.255"}),
        ("opened_unique", None),
        ("clicked", {"object": "click", "url": "https://example.com/a"}),
        ("clicked_unique", {"object": "click", "url": "https://example.com/a"}),
        ("unsubscribed", {"object": "recipient_unsubscribe", "reason": "option_3"}),
        ("spam_complaint", {"object": "spam_complaint", "reason": None}),
    ]
]
# The second: developers.mailersend.com/api/v1/account/webhooks, payload examples; anymail's main
# branch, tests/test_mailersend_webhooks.py
SENT: dict[str, Any] = {
    "id": "6aa59d304ab3f14ef03ccf50",
    "domain_id": "yv69oxl5kl785kw2",
    "message_id": "6aa59d2fbf35297925087058",
    "email_id": "6aa59d3037403a10c4d4d18e",
    "type": "sent",
    "subject": "Test webhooks",
    "recipient": "recipient@example.com",
    "tags": ["lr_campaign=spring&lr_profile=p-1", "Tag 2"],
    "meta": [],
}
VISIT = {"ip": "333.1.2.3", "country": "US", "device_type": "desktop", "browser": "Chrome"}
AGENT = "Mozilla/5.0 (Macintosh) AppleWebKit/537.36"
GMAIL = "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"
HARD = {
    "bounce_reason": "Host or domain name not found",
    "bounce_code": 550,
    "bounce_type": "hard",
}
FULL = {"bounce_reason": "Mailbox full", "bounce_code": 452, "bounce_type": "soft"}
PING = {
    "type": "webhook.test",
    "message": "This is a ping test message",
    "created_at": "2026-09-12T18:39:57.604840Z",
}


def second(word: str, inner: str = "", **data: Any) -> dict[str, Any]:
    whole = SENT | {"type": inner or word} | data
    return {"type": f"activity.{word}", "created_at": "2026-09-12T18:42:56.000000Z", "data": whole}


PAYLOADS += [
    second("sent"),
    second("delivered"),
    second("hard_bounced", recipient="invalid@example.com", meta=HARD),
    second("soft_bounced", meta=FULL),
    second("deferred"),
    second("spam_complaint", "spam_complaints"),
    second("unsubscribed", meta={"unsubscribe_reason": "NO_LONGER_WANT"}),
    second("opened", meta=VISIT | {"user_agent": GMAIL}),
    second("opened_unique", "opened"),
    second("clicked", meta=VISIT | {"user_agent": AGENT, "url": "https://example.com/test"}),
    second("clicked_unique", "clicked"),
    second("suppressed", meta={"suppression_reason": "on_hold"}),
    PING,
]


def said(word: str, morph: Any = None, **email: Any) -> Any:
    data = {"type": word, "created_at": CREATED, "email": EMAIL | email, "morph": morph}
    whole = {"type": f"activity.{word}", "created_at": "2023-02-27T21:09:49Z", "data": data}
    return said_of(whole)


def said_of(whole: dict[str, Any]) -> Any:
    body = json.dumps(whole).replace("/", "\\/").encode()  # as MailerSend writes it
    (event,) = said_by(providers()["mailersend"].webhook, posted(body))
    return event


class TestMailerSend(ProviderCases):
    provider = "mailersend"


def test_an_activity_is_an_event() -> None:
    assert said("sent") == Event(
        "sent",
        datetime(2023, 2, 27, 21, 9, 49, 506000, tzinfo=UTC),
        "recipient@example.com",
        "63fd1c1d5f010335ed07066b",
        labels=EMAIL["tags"],
        dimensions={"domain": "example.com"},
    )


@pytest.mark.parametrize(
    ("word", "text", "reason", "category"),
    [
        ("hard_bounced", "Host or domain name not found", "hard_bounced", "hard"),
        ("hard_bounced", "550 5.7.1 blocked", "5.7.1", "soft"),
        ("soft_bounced", "Unknown reason", "soft_bounced", "soft"),
    ],
)
def test_a_bounce_says_why(word: str, text: str, reason: str, category: str) -> None:
    event = said(word, {"object": "recipient_bounce", "reason": text}, tags=None)
    assert (event.dimensions["reason"], event.dimensions["category"]) == (reason, category)


def test_a_click_has_its_link() -> None:
    morph = {"object": "click", "url": "https://example.com/a"}
    assert said("clicked", morph).link == "https://example.com/a"


def test_what_repeats_another_activity_is_ignored() -> None:
    assert said("opened_unique") == Ignored("opened_unique")


def test_an_activity_of_the_second_version_is_the_same_event() -> None:
    assert said_of(second("sent")) == Event(
        "sent",
        datetime(2026, 9, 12, 18, 42, 56, tzinfo=UTC),
        "recipient@example.com",
        "6aa59d2fbf35297925087058",
        labels=SENT["tags"],
        dimensions={"domain": "example.com"},
    )


def test_the_recipient_may_be_called_email_as_the_documentation_has_it() -> None:
    whole = second("sent", email="recipient@example.com")
    del whole["data"]["recipient"]
    assert said_of(whole).recipient == "recipient@example.com"


@pytest.mark.parametrize(
    ("word", "meta", "reason", "category"),
    [
        ("hard_bounced", HARD, "550", "hard"),
        ("soft_bounced", FULL, "452", "soft"),
        ("hard_bounced", HARD | {"bounce_reason": "552 5.2.2 over quota"}, "5.2.2", "soft"),
        ("soft_bounced", FULL | {"bounce_reason": "5.1.1 no such user"}, "5.1.1", "hard"),
        ("hard_bounced", [], "hard_bounced", "hard"),
    ],
)
def test_a_bounce_of_the_second_version_says_why(
    word: str, meta: Any, reason: str, category: str
) -> None:
    details = said_of(second(word, meta=meta)).dimensions
    assert (details["reason"], details["category"]) == (reason, category)


def test_a_message_deferred_and_then_delivered_keeps_its_name() -> None:
    words = ["sent", "deferred", "deferred", "delivered"]
    events = [said_of(second(word)) for word in words]
    assert [event.type for event in events] == words
    assert {event.message for event in events} == {"6aa59d2fbf35297925087058"}


@pytest.mark.parametrize("word", ["opened", "clicked"])
@pytest.mark.parametrize(
    ("agent", "signal"),
    [
        ("curl/8.5.0", {"signal": "crawler"}),
        (GMAIL, {"signal": "proxy"}),
        (AGENT, {"verdict": "human"}),
    ],
)
def test_an_agent_that_crawls_says_so_and_gmail_s_proxy_too(
    word: str, agent: str, signal: dict[str, str]
) -> None:
    event = said_of(second(word, meta=VISIT | {"user_agent": agent}))
    assert event.dimensions == signal | {"domain": "example.com"}


def test_a_click_of_the_second_version_has_its_link() -> None:
    assert said_of(second("clicked", meta={"url": "https://example.com/a"})).link == (
        "https://example.com/a"
    )


def test_a_complaint_has_another_name_inside() -> None:
    assert said_of(second("spam_complaint", "spam_complaints")).type == "complained"


@pytest.mark.parametrize(
    ("why", "reason"), [("on_hold", "EmailSuppressed"), ("unsubscribed", "EmailNoConsent")]
)
def test_what_is_suppressed_never_left(why: str, reason: str) -> None:
    event = said_of(second("suppressed", meta={"suppression_reason": why}))
    assert (event.type, event.dimensions) == ("excluded", {"reason": reason})


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        (second("opened_unique", "opened"), "opened_unique"),
        (second("survey_submitted"), "survey_submitted"),
        (PING, "webhook.test"),
        (PING | {"type": "maintenance.start"}, "maintenance.start"),
    ],
)
def test_what_is_known_and_not_counted_is_ignored(whole: dict[str, Any], why: str) -> None:
    assert said_of(whole) == Ignored(why)
