"""What the providers of email have in common."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import Any

import msgspec

from liveReport.channels import (
    NO_CREDENTIALS,
    Credentials,
    Event,
    HookRequest,
    Rehearsal,
    Secret,
    Unauthorised,
    Webhook,
    signed_with,
)


def address(text: object) -> str:
    """The address of ``text``, in lower case and without a name around it; ``""`` for none."""
    found = str(text or "").strip()
    if "<" in found or " " in found:
        found = parseaddr(found)[1]
    return found.lower()


def mail(event: Event) -> Event:
    """An event with its recipient's domain among the dimensions of the types that take one."""
    domain = event.recipient.rpartition("@")[2]
    if not domain or event.type not in WITH_DOMAIN:
        return event
    return event._replace(dimensions={**event.dimensions, "domain": domain})


WITH_DOMAIN = frozenset({"sent", "deferred", "delivered", "bounced", "opened", "clicked"})


def handed_over(event: Event) -> Event:
    """That the message was sent, for providers that don't say it: of the first event of a message,
    and counted once whatever follows."""
    return mail(event._replace(type="sent", dimensions={}, link="", attempt="", derived=True))


def object_in(text: object) -> Mapping[str, Any]:
    """The JSON object that a text holds, or is already; nothing else is metadata."""
    if isinstance(text, str):
        try:
            text = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return {}
    return text if isinstance(text, dict) else {}


class BodySigned(Webhook):
    """A provider whose signature is the HMAC-SHA256 of the body, in a header of its own."""

    secret = Secret.SIGNATURE
    header: str

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        signature = request.header(self.header)
        if not signature:
            raise Unauthorised(NO_CREDENTIALS)
        credentials.check(lambda key: signed_with(key.encode(), signature, request.body))


class BodySigning(Rehearsal):
    """Plays such a provider."""

    def wrapped(self, items: Sequence[Any]) -> Any:
        """What is around the items of a request."""
        return items[0]

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        assert isinstance(self.webhook, BodySigned)  # noqa: S101 (for the type checker)
        body = msgspec.json.encode(self.wrapped(items))
        signature = hmac.digest(self.secret.encode(), body, "sha256").hex()
        headers = {"content-type": "application/json", self.webhook.header: signature}
        return HookRequest("POST", url, headers, body, now)
