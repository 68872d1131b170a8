"""Amazon SES: events in the messages of an SNS topic, each of one mail and its recipients."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from secrets import token_hex
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    KEYS,
    Credentials,
    Event,
    HookRequest,
    Ignored,
    Rehearsal,
    Said,
    Secret,
    SetUp,
    Unreadable,
    Webhook,
    moment_of,
)

from .. import sns
from ..bounces import bounce, reason
from ..robots import reaction
from .base import address, mail

EVENTS = {
    "Send": ("sent", "send"),
    "Delivery": ("delivered", "delivery"),
    "DeliveryDelay": ("deferred", "deliveryDelay"),
    "Bounce": ("bounced", "bounce"),
    "Complaint": ("complained", "complaint"),
    "Reject": ("error", "reject"),
    "Rendering Failure": ("error", "failure"),
    "RenderingFailure": ("error", "failure"),
    "Open": ("opened", "open"),
    "Click": ("clicked", "click"),
    "Subscription": ("unsubscribed", "subscription"),
}
"""The word in ``eventType``: what it is here, and the object that has its details."""
RECIPIENTS = {
    "delivery": "recipients",
    "deliveryDelay": "delayedRecipients",
    "bounce": "bouncedRecipients",
    "complaint": "complainedRecipients",
}
"""Where an object names those that it is about. For the others it is the whole mail."""
OF_SOMEBODY = frozenset({"open", "click", "subscription"})
"""Objects of one recipient, of whom nobody knows which one it was."""
EXCLUSIONS = {
    "Suppressed": "EmailSuppressed",
    "OnAccountSuppressionList": "EmailSuppressed",
    "UnsubscribedRecipient": "EmailNoConsent",
}
"""Subtypes of bounces and complaints of mail that never left."""
VALIDATED = "Successfully validated SNS topic"
"""How the text begins that SES publishes when a topic is connected."""
NOTICE = "notice"
"""The key of an item that is SNS's own word and counts nothing."""
IGNORED = frozenset({"AmazonSnsSubscriptionSucceeded"})
HEADER = "x-lr-"

Item = Mapping[str, Any]


class AmazonSESRehearsal(Rehearsal):
    """Plays SES and SNS, with a topic and a certificate of its own."""

    words = {ours: theirs for theirs, (ours, _name) in reversed(EVENTS.items())} | {
        "excluded": "Bounce"
    }
    types = (*words,)
    most = 1
    url = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"

    def __init__(self, webhook: Webhook) -> None:
        super().__init__(webhook)
        self.topic = f"arn:aws:sns:us-east-1:123456789012:{token_hex(8)}"

    @property
    def credentials(self) -> Credentials:
        return Credentials(topics=frozenset({self.topic}), certificates={self.url: _pair()[1]})

    def item(self, said: Said) -> Any:
        word = self.words[said.type]
        return {
            "eventType": word,
            "mail": {
                "timestamp": said.at.isoformat(),
                "messageId": said.message,
                "destination": [said.recipient],
                "tags": {key: [value] for key, value in said.keys.items()},
            },
            EVENTS[word][1]: {"timestamp": said.at.isoformat()} | self._details(said),
        }

    def _details(self, said: Said) -> dict[str, Any]:
        who = {"emailAddress": said.recipient, "status": said.reason}
        kind = "Transient" if said.category == "soft" else "Permanent"
        details: dict[str, dict[str, Any]] = {
            "delivered": {"recipients": [said.recipient]},
            "deferred": {"delayType": "General", "delayedRecipients": [who]},
            "bounced": {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": [who]},
            "excluded": {"bounceSubType": "Suppressed", "bouncedRecipients": [who]},
            "complained": {"complainedRecipients": [who]},
            "error": {"reason": "Bad content"},
            "clicked": {"link": "https://example.com/"},
            "unsubscribed": {"newTopicPreferences": {"unsubscribeAll": True}},
        }
        return details.get(said.type, {})

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"eventType": "Teleport"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        (item,) = items
        envelope = {
            "Type": sns.NOTIFICATION,
            "MessageId": token_hex(16),
            "TopicArn": self.topic,
            "Message": msgspec.json.encode(item).decode(),
            "Timestamp": now.isoformat(),
            "SignatureVersion": "2",
            "SigningCertURL": self.url,
        }
        text = _pair()[0].sign(sns.signed_text(envelope), padding.PKCS1v15(), SHA256())
        body = msgspec.json.encode(envelope | {"Signature": b64encode(text).decode()})
        return HookRequest("POST", url, {"content-type": "text/plain; charset=UTF-8"}, body, now)


class AmazonSES(Webhook):
    """Amazon SES, by an SNS topic that is subscribed to the source's URL."""

    provider = "amazon_ses"
    label = "Amazon SES"
    secret = Secret.TOPIC
    rehearsal = AmazonSESRehearsal
    set_up = SetUp(
        where=_(
            "Amazon SES → Configuration sets → Event destinations → Amazon SNS; then subscribe "
            "the URL to the topic by HTTPS, without raw message delivery. It confirms itself."
        ),
        events=_("Tick all event types of the event destination."),
        keys=_(
            "Pass lr_campaign and the others as message tags, or as the mail headers "
            "X-LR-Campaign, X-LR-Execution, X-LR-Profile and X-LR-Message."
        ),
        secret=_("The ARN of the topic: messages of any other are refused."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        sns.verify(request, credentials)

    def items(self, request: HookRequest) -> Iterable[Any]:
        """The event in a message. A subscription, of a topic of ours by now, is confirmed here."""
        envelope = request.json()
        word, text = envelope["Type"], envelope["Message"]
        if word == sns.SUBSCRIPTION:
            sns.confirm(envelope.get("SubscribeURL"))
        if word != sns.NOTIFICATION:  # who cancels a subscription is not asked to renew it
            return [{NOTICE: word}]
        if text.startswith(VALIDATED):
            return [{NOTICE: VALIDATED}]
        try:
            return [msgspec.json.decode(text.encode("utf-8", "replace"))]
        except (ValueError, RecursionError) as error:
            raise Unreadable("not_json") from error

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        if NOTICE in item:
            return [Ignored(item[NOTICE])]
        word = item.get("eventType") or item.get("notificationType")
        if word in IGNORED:
            return [Ignored(word)]
        if word not in EVENTS:
            raise Unreadable("unknown_type")
        kind, name = EVENTS[word]
        details = item.get(name) or {}
        if name == "subscription" and not _opts_out(details):
            return [Ignored(word)]
        common = _event(item["mail"], kind, name, details)
        return [_of(common, details, one) for one in _recipients(item["mail"], name, details)]


def _event(sent: Item, kind: str, name: str, details: Item) -> Event:
    """What its events have in common, whoever they are of."""
    at = details.get("timestamp") or (sent.get("timestamp") if name not in RECIPIENTS else None)
    excluded = bool(_exclusion(details))
    return Event(
        type="excluded" if excluded else kind,
        at=moment_of(at) if at else None,
        message=sent.get("messageId") or "",
        keys=_keys(sent),
        link=details.get("link") or "",
    )


def _recipients(sent: Item, name: str, details: Item) -> Iterable[Item]:
    found = details.get(RECIPIENTS[name]) if name in RECIPIENTS else sent.get("destination")
    people = [one if isinstance(one, dict) else {"emailAddress": one} for one in found or ()]
    if name in OF_SOMEBODY and len(people) != 1:
        return [{}]
    return people


def _of(event: Event, details: Item, who: Item) -> Event:
    dimensions = DETAILS[event.type](details, who) if event.type in DETAILS else {}
    recipient = address(who.get("emailAddress"))
    return mail(event._replace(recipient=recipient, dimensions=dimensions))


def _exclusion(details: Item) -> str:
    word = details.get("bounceSubType") or details.get("complaintSubType")
    return EXCLUSIONS.get(word, "") if isinstance(word, str) else ""


def _bounced(details: Item, who: Item) -> Mapping[str, str]:
    hard = details.get("bounceType") == "Permanent"
    word = details.get("bounceSubType")
    return bounce(who.get("status"), who.get("diagnosticCode"), word, hard=hard)


def _deferred(details: Item, who: Item) -> Mapping[str, str]:
    return reason(who.get("status"), who.get("diagnosticCode"), details.get("delayType"))


def _failed(details: Item, who: Item) -> Mapping[str, str]:
    """Amazon's reason to reject it; that a template could not be filled has no word."""
    return {"reason": str(details.get("reason") or "RenderingFailure")}


def _seen(details: Item, who: Item) -> Mapping[str, str]:
    return reaction(details.get("userAgent"))


DETAILS: Mapping[str, Callable[[Item, Item], Mapping[str, str]]] = {
    "bounced": _bounced,
    "deferred": _deferred,
    "error": _failed,
    "excluded": lambda details, who: {"reason": _exclusion(details)},
    "opened": _seen,
    "clicked": _seen,
}
"""The dimensions of a type, but for the domain."""


def _keys(sent: Item) -> dict[str, Any]:
    """Tags of the message, of which each has a list of values; for want of them, its headers."""
    headers = {
        f"lr_{str(header.get('name')).lower().removeprefix(HEADER)}": header.get("value")
        for header in sent.get("headers") or ()
        if str(header.get("name")).lower().startswith(HEADER)
    }
    tags = sent.get("tags") or {}
    values = {key: one[0] if isinstance(one, list) and one else one for key, one in tags.items()}
    return {key: value for key, value in headers.items() if key in KEYS} | values


def _opts_out(details: Item) -> bool:
    """Whether somebody leaves the list, or one more of its topics."""
    new = details.get("newTopicPreferences") or {}
    return bool(new.get("unsubscribeAll") or _left(new) - _left(details.get("oldTopicPreferences")))


def _left(preferences: Item | None) -> set[str]:
    topics = (preferences or {}).get("topicSubscriptionStatus") or ()
    return {one["topicName"] for one in topics if one.get("subscriptionStatus") == "OptOut"}


@cache
def _pair() -> tuple[rsa.RSAPrivateKey, bytes]:
    """A key and its certificate as PEM, of rehearsals; topics tell them apart."""
    key = rsa.generate_private_key(65_537, 2_048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return key, builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
