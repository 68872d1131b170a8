"""Where we differ from django-anymail on the same requests, and why.

Compared are the type of each event, its time, recipient, message, link, labels and keys, and why
it was excluded. Not compared is what anymail does not say: whether a bounce is hard, a robot's
verdicts, attempts. Its views are asked without being set up, so that they need neither settings
nor the packages by which they verify.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib import import_module
from typing import Any, NamedTuple

import msgspec
import pytest
from django.test import RequestFactory

from channels_plugins.email.webhooks import WEBHOOKS
from liveReport.channels import KEYS, Event, Ignored, Webhook, providers
from tests.webhooks.cases import posted, said_by

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
VIEWS = {
    "amazon_ses": "AmazonSESTrackingWebhookView",
    "brevo": "BrevoTrackingWebhookView",
    "mailersend": "MailerSendTrackingWebhookView",
    "mailgun": "MailgunTrackingWebhookView",
    "mailjet": "MailjetTrackingWebhookView",
    "mailtrap": "MailtrapTrackingWebhookView",
    "mandrill": "MandrillCombinedWebhookView",
    "postal": "PostalTrackingWebhookView",
    "postmark": "PostmarkTrackingWebhookView",
    "resend": "ResendTrackingWebhookView",
    "sendgrid": "SendGridTrackingWebhookView",
    "sparkpost": "SparkPostTrackingWebhookView",
    "unisender_go": "UnisenderGoTrackingWebhookView",
}
TELLS = {
    "amazon_ses": ("eventType", "bounceSubType"),
    "brevo": ("event",),
    "mailersend": ("type",),
    "mailgun": ("event", "severity", "reason"),
    "mailjet": ("event", "error"),
    "mailtrap": ("event",),
    "mandrill": ("event", "type"),
    "postal": ("event",),
    "postmark": ("RecordType", "Type", "SuppressionReason"),
    "resend": ("type",),
    "sendgrid": ("event", "reason"),
    "sparkpost": ("type", "bounce_class"),
    "unisender_go": ("status", "delivery_status", "event_name"),
}
"""The fields whose words, one after the other, are the name of a payload."""
IGNORED, UNKNOWN = "ignored", "unknown_type"
WORDS = {"rejected": "excluded", "failed": "error", "subscribed": IGNORED, "unknown": UNKNOWN}
"""What is but another word for the same. All other words are the same."""
REASONS = {"unsubscribed": "EmailNoConsent", "invalid": "EmailMalformedAddress"}
"""Why anymail says that somebody was rejected. All other reasons are lists of addresses."""
HAND_OVER = "no word of the hand-over: the first that follows from it says so, once"
QUEUED = "handed over to the provider is what sent means in a report"
SUPPRESSED = "it never left the provider: the recipient is on a list of addresses"
OURS_TO_MEND = "refused for a reason of the sender's own, not for the recipient's sake"
AUTOMATIC = "what answers by itself is a bounce of the category ignored"
NEWER = "a kind that anymail does not know"
KNOWN = "known here, and not counted"
DIFFERENCES: dict[str, dict[str, tuple[str, ...]]] = {
    "amazon_ses": {
        "the event's own time, not when Amazon published it": (
            *("Bounce General: at", "Bounce OnAccountSuppressionList: at", "Click: at"),
            *("Complaint: at", "Delivery: at", "Open: at", "Reject: at"),
            *("Rendering Failure: at", "Send: at"),
        ),
        "nobody knows which of several opened it, so one of them did": ("Open: events 2 → 1",),
        SUPPRESSED: ("Bounce OnAccountSuppressionList: type bounced → excluded",),
        OURS_TO_MEND: ("Reject: type excluded → error",),
        NEWER: (
            "DeliveryDelay: type unknown_type → deferred",
            "Subscription: type unknown_type → unsubscribed",
        ),
    },
    "brevo": {
        "an event without a time is counted when it is received; anymail fails the request": (
            "complaint: type raises TypeError → complained",
        ),
        "seconds are told from milliseconds": ("error: at",),
        "an address that is none never left the provider": (
            "invalid_email: type bounced → excluded",
        ),
        "a block says whether it is for an unsubscribe": ("blocked: reason",),
        "of a proxy's open, the time has a name and the tag a form of its own": (
            "proxy_open: at",
            "proxy_open: labels",
        ),
        QUEUED: ("request: type queued → sent",),
    },
    "mailersend": {
        "repeats another activity": (
            "activity.clicked_unique: type clicked → ignored",
            "activity.clicked_unique: type unknown_type → ignored",
            "activity.opened_unique: type opened → ignored",
            "activity.opened_unique: type unknown_type → ignored",
        ),
        NEWER: (
            "activity.deferred: type unknown_type → deferred",
            "activity.suppressed: type unknown_type → excluded",
        ),
        "the second version of payloads, of which this release of anymail finds the type only": (
            *("activity.clicked: at", "activity.clicked: labels", "activity.clicked: link"),
            *("activity.clicked: message", "activity.clicked: recipient"),
            *("activity.delivered: at", "activity.delivered: labels"),
            *("activity.delivered: message", "activity.delivered: recipient"),
            *("activity.hard_bounced: at", "activity.hard_bounced: labels"),
            *("activity.hard_bounced: message", "activity.hard_bounced: recipient"),
            *("activity.opened: at", "activity.opened: labels"),
            *("activity.opened: message", "activity.opened: recipient"),
            *("activity.sent: at", "activity.sent: labels"),
            *("activity.sent: message", "activity.sent: recipient"),
            *("activity.soft_bounced: at", "activity.soft_bounced: labels"),
            *("activity.soft_bounced: message", "activity.soft_bounced: recipient"),
            *("activity.unsubscribed: at", "activity.unsubscribed: labels"),
            *("activity.unsubscribed: message", "activity.unsubscribed: recipient"),
            "activity.spam_complaint: type unknown_type → complained",
            "webhook.test: type raises KeyError → ignored",
        ),
    },
    "mailgun": {
        "the id as Mailgun writes it, without brackets around it": (
            *("accepted: message", "clicked: message", "complained: message"),
            *("delivered: message", "opened: message", "unsubscribed: message"),
            "failed permanent bounce: message",
            "failed permanent suppress-bounce: message",
            "failed permanent suppress-unsubscribe: message",
            "failed temporary generic: message",
        ),
        QUEUED: ("accepted: type queued → sent",),
        SUPPRESSED: (
            "failed permanent suppress-bounce: type bounced → excluded",
            "failed permanent suppress-unsubscribe: type bounced → excluded",
        ),
        OURS_TO_MEND: (
            "rejected Sandbox subdomains are for test purposes only.: type excluded → error",
        ),
    },
    "mailjet": {
        HAND_OVER: (
            *("bounce greylisted: also sent", "bounce invalid domain: also sent"),
            "sent: also sent",
        ),
        OURS_TO_MEND: ("blocked policy issue: type excluded → error",),
        "CustomID may say of which campaign it is, too": ("sent: labels",),
    },
    "mailtrap": {
        HAND_OVER: (
            "bounce: also sent",
            "delivery: also sent",
            "soft bounce: also sent",
            "suspension: also sent",
        ),
        "a rejection says whether it is for an unsubscribe": ("reject: reason",),
    },
    "mandrill": {
        KNOWN: (
            "blacklist: type unknown_type → ignored",
            "whitelist: type unknown_type → ignored",
        ),
        NEWER: ("delivered: type unknown_type → delivered",),
        OURS_TO_MEND: ("reject: type excluded → error",),
    },
    "postal": {
        HAND_OVER: (
            *("MessageBounced: also sent", "MessageDelayed: also sent"),
            *("MessageDeliveryFailed: also sent", "MessageSent: also sent"),
        ),
        "the fraction of the second is kept": (
            *("MessageBounced: at", "MessageDelayed: at", "MessageDeliveryFailed: at"),
            *("MessageHeld: at", "MessageLinkClicked: at", "MessageSent: at"),
        ),
        "the receiving server refused it for good": (
            "MessageDeliveryFailed: type error → bounced",
        ),
        SUPPRESSED: ("MessageHeld: type queued → excluded",),
        OURS_TO_MEND: ("MessageHeld: type queued → error",),
        NEWER: ("MessageLoaded: type unknown_type → opened",),
        KNOWN: ("DomainDNSError: type unknown_type → ignored",),
        "a message without a tag has no label, where anymail has None": ("MessageSent: labels",),
    },
    "postmark": {
        HAND_OVER: (
            *("Bounce AddressChange: also sent", "Bounce AutoResponder: also sent"),
            *("Bounce Blocked: also sent", "Bounce ChallengeVerification: also sent"),
            *("Bounce DMARCPolicy: also sent", "Bounce DnsError: also sent"),
            *("Bounce HardBounce: also sent", "Bounce OpenRelayTest: also sent"),
            *("Bounce SoftBounce: also sent", "Bounce SpamNotification: also sent"),
            *("Bounce Transient: also sent", "Bounce Unknown: also sent"),
            *("Bounce VirusNotification: also sent", "Delivery: also sent"),
        ),
        AUTOMATIC: (
            "Bounce AddressChange: type autoresponded → bounced",
            "Bounce AutoResponder: type autoresponded → bounced",
            "Bounce ChallengeVerification: type autoresponded → bounced",
            "Bounce OpenRelayTest: type deferred → bounced",
        ),
        "the receiving server refused it: by its policy, not by a list of the provider's": (
            "Bounce Blocked: type excluded → bounced",
            "Bounce DMARCPolicy: type excluded → bounced",
        ),
        "a filter refused it: nobody complained": (
            "Bounce SpamNotification: type complained → bounced",
        ),
        "a type of a bounce that nobody knows is a bounce": (
            "Bounce Unknown: type unknown_type → bounced",
        ),
        OURS_TO_MEND: ("Bounce Unconfirmed: type excluded → error",),
        KNOWN: ("Bounce InboundError: type inbound_failed → ignored",),
        "the bounce that led to it has a record of its own": (
            "SubscriptionChange HardBounce: type bounced → ignored",
        ),
    },
    "resend": {
        "tags are the keys, where anymail writes headers of its own and reads them": (
            *("email.bounced: keys", "email.clicked: keys", "email.complained: keys"),
            *("email.delivered: keys", "email.delivery_delayed: keys", "email.opened: keys"),
            "email.sent: keys",
        ),
        "nobody knows of which of several it is, so not of the first": (
            "email.delivered: recipient",
        ),
        SUPPRESSED: ("email.bounced: type bounced → excluded",),
        NEWER: (
            "email.failed: type unknown_type → error",
            "email.suppressed: type unknown_type → excluded",
        ),
        KNOWN: ("email.scheduled: type unknown_type → ignored",),
    },
    "sendgrid": {
        "the id that SendGrid gives, rather than that of SMTP": (
            *("bounce 500 unknown recipient: message", "click: message", "deferred: message"),
            *("delivered: message", "dropped Bounced Address: message"),
            *("dropped Invalid: message", "dropped Spam Content: message"),
            *("dropped Spam Reporting Address: message", "dropped Unsubscribed Address: message"),
            *("group_unsubscribe: message", "open: message", "processed: message"),
            *("spamreport: message", "unsubscribe: message"),
        ),
        "only a click has a link": ("group_unsubscribe: link",),
        "a category that is one text is one label, where anymail leaves the text": (
            "open: labels",
        ),
        QUEUED: ("processed: type queued → sent",),
        OURS_TO_MEND: ("dropped Spam Content: type excluded → error",),
    },
    "sparkpost": {
        AUTOMATIC: (
            "bounce 60: type autoresponded → bounced",
            "bounce 80: type ignored → bounced",
        ),
        "times of generation are ISO 8601": ("generation_failure: at",),
        OURS_TO_MEND: ("generation_rejection: type excluded → error",),
        "the same open comes as an open, too": ("initial_open: type unknown_type → ignored",),
        QUEUED: ("injection: type queued → sent",),
    },
    "unisender_go": {
        "only a click has a link": (
            *("delivered err_delivery_failed: link", "hard_bounced err_skip_letter: link"),
            *("hard_bounced err_unsubscribed: link", "hard_bounced err_user_unknown: link"),
            *("opened err_delivery_failed: link", "sent err_delivery_failed: link"),
            *("soft_bounced err_will_retry: link", "spam err_delivery_failed: link"),
            "unsubscribed err_delivery_failed: link",
        ),
        SUPPRESSED: (
            "hard_bounced err_skip_letter: type bounced → excluded",
            "hard_bounced err_unsubscribed: type bounced → excluded",
        ),
    },
}
"""Of each provider, why we differ and where: anymail's value and ours, of types and numbers."""


class Seen(NamedTuple):
    """What both can say of an event."""

    type: str
    at: datetime | None = None
    recipient: str = ""
    message: str = ""
    link: str = ""
    labels: tuple[str, ...] = ()
    keys: tuple[tuple[str, Any], ...] = ()
    reason: str = ""


def payloads(provider: str) -> Iterable[Any]:
    """The published examples in the test file of a provider."""
    return getattr(import_module(f"tests.webhooks.test_{provider}"), "PAYLOADS", ())


def encoded(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else msgspec.json.encode(payload)


def asked_of_anymail(provider: str, body: bytes) -> list[Seen]:
    view = getattr(import_module(f"anymail.webhooks.{provider}"), VIEWS[provider])
    kind = FORM if body.startswith(b"mandrill_events=") else JSON
    request = RequestFactory().post("/", data=body, content_type=kind)
    try:
        events = view.__new__(view).parse_events(request)
    except (
        LookupError,
        TypeError,
        ValueError,
    ) as error:  # an odd item: the whole request fails, and is repeated
        return [Seen(f"raises {type(error).__name__}")]
    return [theirs(event) for event in events] or [Seen(IGNORED)]


def theirs(event: Any) -> Seen:
    kind = WORDS.get(event.event_type, event.event_type)
    return Seen(
        kind,
        event.timestamp,
        (event.recipient or "").lower(),
        str(event.message_id or ""),
        event.click_url or "",
        tuple(event.tags or ()),
        ours_among(event.metadata),
        REASONS.get(event.reject_reason, "EmailSuppressed") if kind == "excluded" else "",
    )


def ours(event: Event | Ignored | str) -> Seen:
    if not isinstance(event, Event):
        return Seen(event if isinstance(event, str) else IGNORED)
    return Seen(
        event.type,
        event.at,
        event.recipient,
        event.message,
        event.link,
        tuple(event.labels),
        ours_among(event.keys),
        event.dimensions["reason"] if event.type == "excluded" else "",
    )


def ours_among(metadata: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((key, metadata[key]) for key in KEYS if key in (metadata or {}))


def named(provider: str, webhook: Webhook, body: bytes) -> str:
    (item, *_others) = webhook.items(posted(body))
    words = (first(item, field) for field in TELLS[provider])
    return " ".join(word for word in words if word) or "nothing"


def first(item: Any, field: str) -> str:
    """The text in a field of an object, or of those in it."""
    if not isinstance(item, dict):
        return ""
    if isinstance(item.get(field), str):
        return str(item[field])
    return next((word for one in item.values() if (word := first(one, field))), "")


def differing(their: list[Seen], our: list[Event | Ignored | str]) -> Iterator[str]:
    """The names of what differs; of types, and of how many events there are, also the values."""
    told = [one for one in our if not (isinstance(one, Event) and one.derived)]
    if len(told) < len(our):
        yield "also sent"
    if len(told) != len(their):
        yield f"events {len(their)} → {len(told)}"
        return
    for one, another in zip(their, map(ours, told), strict=True):
        yield from differing_fields(one, another)


def differing_fields(their: Seen, our: Seen) -> Iterator[str]:
    if their.type != our.type:
        yield f"type {their.type} → {our.type}"
    if {their.type, our.type} & {IGNORED, UNKNOWN} or their.type.startswith("raises"):
        return  # of which nothing else is said
    fields = Seen._fields[1:] if their.type == our.type else Seen._fields[1:-1]
    yield from (field for field in fields if getattr(their, field) != getattr(our, field))


def found(provider: str) -> set[str]:
    webhook = providers()[provider].webhook
    names = set()
    for body in map(encoded, payloads(provider)):
        name, said = named(provider, webhook, body), said_by(webhook, posted(body))
        names |= {f"{name}: {what}" for what in differing(asked_of_anymail(provider, body), said)}
    return names


def listed(provider: str) -> set[str]:
    return {name for names in DIFFERENCES.get(provider, {}).values() for name in names}


@pytest.mark.parametrize("provider", VIEWS)
def test_each_difference_is_listed(provider: str) -> None:
    assert sorted(found(provider) - listed(provider)) == []


@pytest.mark.parametrize("provider", VIEWS)
def test_nothing_is_listed_that_does_not_differ(provider: str) -> None:
    assert sorted(listed(provider) - found(provider)) == []


def test_a_difference_has_one_reason() -> None:
    for reasons in DIFFERENCES.values():
        names = [name for some in reasons.values() for name in some]
        assert len(names) == len(set(names))


def test_every_provider_of_email_is_compared_by_what_it_publishes() -> None:
    assert set(VIEWS) == {webhook.provider for webhook in WEBHOOKS}
    assert [provider for provider in VIEWS if not payloads(provider)] == []
