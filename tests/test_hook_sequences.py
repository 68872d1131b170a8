"""What providers say of a message one after the other, and what is counted in the end.

Their published payloads, of a message of today: signed, posted and folded step by step.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from channels_plugins.email.webhooks.amazon_ses import AmazonSESRehearsal
from liveReport import rollup
from liveReport.channels import Rehearsal, providers
from liveReport.models import Campaign
from liveReport.report import every, tab_report
from liveReport.site.sources import Wanted, set_up
from tests.test_hooks_of_providers import INTERNAL, playing, sent
from tests.webhooks import test_amazon_ses as ses
from tests.webhooks import test_mailgun as mailgun
from tests.webhooks import test_postmark as postmark
from tests.webhooks import test_sendgrid as sendgrid

pytestmark = pytest.mark.django_db

ADA, BEN = "ada@example.com", "ben@example.com"
RING = {"lr_campaign": "summer"}
BUSY, FULL, UNKNOWN = (
    "421 4.7.0 try again later",
    "452 4.2.2 mailbox full",
    "550 5.1.1 user unknown",
)

Item = dict[str, Any]


def of_sendgrid(word: str, at: datetime, attempt: int, to: str = ADA) -> Item:
    said = {
        "sent": {"event": "processed"},
        "deferred": {"event": "deferred", "response": BUSY, "attempt": str(attempt)},
        "soft": {"event": "bounce", "type": "blocked", "status": "4.2.2", "reason": FULL},
        "hard": {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": UNKNOWN},
        "delivered": {"event": "delivered", "response": "250 OK"},
    }
    own = {"email": to, "timestamp": int(at.timestamp()), "sg_event_id": uuid4().hex}
    return sendgrid.COMMON | RING | own | said[word]


def of_mailgun(word: str, at: datetime, attempt: int, to: str = ADA) -> Item:
    def failed(severity: str, text: str) -> Item:
        status = {"code": int(text[:3]), "message": text, "attempt-no": attempt}
        return {"event": "failed", "severity": severity, "reason": "bounce"} | {
            "delivery-status": status
        }

    said: dict[str, Item] = {
        "sent": {"event": "accepted"},
        "deferred": failed("temporary", BUSY),
        "soft": failed("permanent", FULL),
        "hard": failed("permanent", UNKNOWN),
        "delivered": {"event": "delivered"},
    }
    own = {"recipient": to, "timestamp": at.timestamp(), "id": uuid4().hex}
    return mailgun.DELIVERED | {"user-variables": RING} | own | said[word]


def of_postmark(word: str, at: datetime, attempt: int, to: str = ADA) -> Item:
    """It has no word for the hand-over, which is derived."""
    common = {"Metadata": RING, "MessageID": postmark.DELIVERY["MessageID"]}
    if word == "delivered":
        return postmark.DELIVERY | common | {"Recipient": to, "DeliveredAt": at.isoformat()}
    kind, text = {
        "deferred": ("Transient", BUSY),
        "soft": ("SoftBounce", FULL),
        "hard": ("HardBounce", UNKNOWN),
    }[word]
    own = {"Email": to, "BouncedAt": at.isoformat(), "ID": uuid4().int % 10**9}
    return postmark.BOUNCE | common | own | {"Type": kind, "Details": f"smtp;{text}"}


def of_ses(word: str, at: datetime, attempt: int, *to: str) -> Item:
    people = to or (ADA,)
    shapes: dict[str, tuple[str, str, Item]] = {
        "sent": ("Send", "send", {}),
        "deferred": (
            "DeliveryDelay",
            "deliveryDelay",
            {"delayType": "TransientCommunicationFailure"},
        ),
        "soft": ("Bounce", "bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}),
        "hard": ("Bounce", "bounce", {"bounceType": "Permanent", "bounceSubType": "General"}),
        "delivered": ("Delivery", "delivery", {"recipients": list(people)}),
    }
    kind, name, details = shapes[word]
    text = {"deferred": BUSY, "soft": FULL, "hard": UNKNOWN}.get(word, "")
    if text:
        who = {"status": text.split()[1], "diagnosticCode": f"smtp; {text}"}
        key = "delayedRecipients" if word == "deferred" else "bouncedRecipients"
        details = details | {key: [{"emailAddress": one} | who for one in people]}
    tags = ses.MAIL["tags"] | {key: [value] for key, value in RING.items()}
    mail = ses.MAIL | {"destination": [*people], "tags": tags, "timestamp": at.isoformat()}
    return {"eventType": kind, "mail": mail, name: details | {"timestamp": at.isoformat()}}


Words = Callable[..., Item]
WORDS: dict[str, Words] = {
    "sendgrid": of_sendgrid,
    "mailgun": of_mailgun,
    "postmark": of_postmark,
    "amazon_ses": of_ses,
}


@pytest.fixture(params=sorted(WORDS))
def provider(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def teller(
    provider: str, client: Client, campaign: Campaign, settings: Any, tmp_path: Path
) -> "Teller":
    settings.DATA_DIR = tmp_path
    if provider != "amazon_ses":
        return Teller(client, playing(provider), WORDS[provider])
    rehearsal = AmazonSESRehearsal(providers()[provider].webhook)
    set_up("ours", provider, Wanted(topics=[rehearsal.topic]))
    host, file = rehearsal.url.removeprefix("https://").split("/")
    (tmp_path / "sns" / host).mkdir(parents=True)
    (tmp_path / "sns" / host / file).write_bytes(rehearsal.credentials.certificates[rehearsal.url])
    return Teller(client, rehearsal, of_ses)


class Teller:
    """A provider that tells of one message."""

    def __init__(self, client: Client, rehearsal: Rehearsal, words: Words) -> None:
        self.client = client
        self.rehearsal = rehearsal
        self.words = words
        self.began = timezone.now() - timedelta(minutes=30)

    def item(self, word: str, step: int, *to: str) -> Item:
        return self.words(word, self.began + timedelta(minutes=step), step + 1, *to)

    def posts(self, *items: Item) -> None:
        """A request each, and the fold after it."""
        for item in items:
            url = f"{INTERNAL}/hooks/ours/"
            answer = sent(self.client, self.rehearsal.request([item], url, timezone.now()))
            assert answer.status_code == 200
            assert answer.json()["accepted"] == answer.json()["received"] > 0
            rollup.fold_pending()

    def tells(self, *words: str) -> list[Item]:
        """What came of it, a minute after another, as items. A hand-over that it has no word for
        is left out."""
        known = [(step, word) for step, word in enumerate(words) if self.knows(word)]
        return [self.item(word, step) for step, word in known]

    def knows(self, word: str) -> bool:
        return not (word == "sent" and self.words is of_postmark)


def counted(campaign: Campaign) -> dict[str, int]:
    """The counts of the Email tab that a message's way touches; 0 is left out."""
    report = tab_report(campaign, "email", [], timezone.now(), wanted=every)
    totals: dict[str, Any] = {}
    for widget in report.widgets:
        assert widget.frame
        totals |= widget.frame.totals
    keys = ("sent", "delivered", "retries", "bounces", "soft_bounces", "hard_bounces", "errors")
    return {key: totals[key] for key in keys if totals.get(key)}


def reasons(campaign: Campaign) -> set[str]:
    report = tab_report(campaign, "email", [], timezone.now(), wanted=every)
    frames = {widget.slug: widget.frame for widget in report.widgets}
    frame = frames["email.bounce_reasons"]
    assert frame
    return {str(row["reason"]) for row in frame.rows}


def test_deferrals_wait_until_the_message_arrives(teller: Teller, campaign: Campaign) -> None:
    *before, delivered = teller.tells("sent", *["deferred"] * 4, "delivered")
    for number, item in enumerate(before):
        teller.posts(item)
        is_handed_over = number == 0 and teller.knows("sent")
        assert counted(campaign) == {"sent": 1} | ({} if is_handed_over else {"retries": 1})
    teller.posts(delivered)
    assert counted(campaign) == {"sent": 1, "delivered": 1}


@pytest.mark.parametrize("first", range(4))
def test_the_order_of_arrival_does_not_matter(
    teller: Teller, campaign: Campaign, first: int
) -> None:
    items = teller.tells("sent", "deferred", "deferred", "delivered")
    teller.posts(*reversed(items[first:] + items[:first]))
    assert counted(campaign) == {"sent": 1, "delivered": 1}


@pytest.mark.parametrize("backwards", [False, True])
def test_soft_and_then_hard_are_one_of_each(
    teller: Teller, campaign: Campaign, *, backwards: bool
) -> None:
    items = teller.tells("sent", "deferred", "soft", "hard")
    teller.posts(*(items[::-1] if backwards else items))
    expected = {"sent": 1, "bounces": 2, "soft_bounces": 1, "hard_bounces": 1}
    assert counted(campaign) == expected
    assert reasons(campaign) == {"4.2.2", "5.1.1"}


def test_what_is_said_again_counts_once(teller: Teller, campaign: Campaign) -> None:
    """Under other ids: the same of the same message, recipient and second."""
    words = ("sent", "deferred", "soft")
    teller.posts(*teller.tells(*words), *teller.tells(*words), *teller.tells(*words)[::-1])
    assert counted(campaign) == {"sent": 1, "bounces": 1, "soft_bounces": 1}


def test_a_message_that_bounced_waits_no_more(teller: Teller, campaign: Campaign) -> None:
    teller.posts(*teller.tells("sent", "deferred", "hard"))
    assert counted(campaign) == {"sent": 1, "bounces": 1, "hard_bounces": 1}


@pytest.mark.parametrize("provider", ["amazon_ses"])
def test_recipients_of_one_notification_are_counted_apart(
    teller: Teller, campaign: Campaign
) -> None:
    teller.posts(teller.item("sent", 0, ADA, BEN), teller.item("deferred", 1, ADA, BEN))
    assert counted(campaign) == {"sent": 2, "retries": 2}
    teller.posts(teller.item("delivered", 2, ADA))
    assert counted(campaign) == {"sent": 2, "delivered": 1, "retries": 1}
    both = teller.item("soft", 3, ADA, BEN)
    both["bounce"]["bouncedRecipients"] = [
        {"emailAddress": ADA, "status": "4.2.2", "diagnosticCode": f"smtp; {FULL}"},
        {"emailAddress": BEN, "status": "5.1.1", "diagnosticCode": f"smtp; {UNKNOWN}"},
    ]
    teller.posts(both)
    expected = {"sent": 2, "delivered": 1, "bounces": 2, "soft_bounces": 1, "hard_bounces": 1}
    assert counted(campaign) == expected


@pytest.mark.parametrize("provider", ["mailgun", "postmark", "sendgrid"])
def test_recipients_of_one_message_are_told_apart(teller: Teller, campaign: Campaign) -> None:
    """The same message id, another recipient in each notification."""
    for to in (ADA, BEN):
        teller.posts(teller.item("deferred", 1, to))
    assert counted(campaign)["retries"] == 2
    teller.posts(teller.item("delivered", 2, ADA))
    assert counted(campaign)["retries"] == 1
    teller.posts(teller.item("hard", 3, BEN))
    assert "retries" not in counted(campaign)
    assert counted(campaign)["hard_bounces"] == 1
