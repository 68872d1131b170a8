"""Sinch: delivery reports, of a recipient or of a batch, signed over the body."""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    NO_CREDENTIALS,
    STALE,
    Credentials,
    Event,
    HookRequest,
    Ignored,
    Rehearsal,
    Said,
    Secret,
    SetUp,
    Unauthorised,
    Unreadable,
    Webhook,
    is_lately,
    moment_of,
    phone,
)

from .base import number_of

SIGNATURE, NONCE, TIME = (f"x-sinch-webhook-signature{end}" for end in ("", "-nonce", "-timestamp"))
TOLERANCE = 24 * 3600
"""Seconds for which a request is good: what could not be delivered is sent again for hours."""
REPORT, BATCH = "recipient_delivery_report_sms", "delivery_report_sms"
STATUSES = {
    "Dispatched": "sent",
    "Delivered": "delivered",
    "Aborted": "bounced",
    "Expired": "bounced",
    "Failed": "bounced",
    "Rejected": "bounced",
    "Unknown": "bounced",
}
IGNORED = frozenset({"Queued", "Cancelled", "Deleted"})


class SinchRehearsal(Rehearsal):
    """Plays Sinch."""

    types = ("sent", "delivered", "bounced")
    most = 1
    words = {ours: theirs for theirs, ours in STATUSES.items()} | {"bounced": "Failed"}

    def item(self, said: Said) -> Any:
        return {
            "type": REPORT,
            "batch_id": said.message,
            "recipient": number_of(said),
            "code": 402 if said.type == "bounced" else 0,
            "status": self.words[said.type],
            "at": said.at.isoformat(),
            "client_reference": said.label,
        }

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"status": "Teleported"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        body, time = msgspec.json.encode(items[0]), str(int(now.timestamp()))
        made = _signature(self.secret, body, "nonce", time)
        return HookRequest("POST", url, {SIGNATURE: made, NONCE: "nonce", TIME: time}, body, now)


class Sinch(Webhook):
    """Sinch's delivery reports of text messages."""

    provider = "sinch"
    label = "Sinch"
    secret = Secret.SIGNATURE
    rehearsal = SinchRehearsal
    set_up = SetUp(
        where=_("SMS → Service APIs → your service → Callback URL"),
        events=_("Ask for delivery_report “per_recipient” with each batch."),
        keys=_("Pass lr_campaign=…&lr_profile=… as client_reference of the batch."),
        secret=_("The secret for webhooks that Sinch has set for the service."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        given, nonce, time = (request.header(name) for name in (SIGNATURE, NONCE, TIME))
        if not (given and nonce and time):
            raise Unauthorised(NO_CREDENTIALS)
        signed = given.encode("utf-8", "replace")

        def is_signed(key: str) -> bool:
            return hmac.compare_digest(_signature(key, request.body, nonce, time).encode(), signed)

        credentials.check(is_signed)
        if not is_lately(time, request.received_at, TOLERANCE):
            raise Unauthorised(STALE)

    def items(self, request: HookRequest) -> Iterable[Any]:
        """A report of a batch is an item for each status: an odd one keeps no other back."""
        report = request.json()
        statuses = report.get("statuses") if isinstance(report, dict) else None
        if not isinstance(statuses, list):
            return [report]
        return [report | {"statuses": [status]} for status in statuses]

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        if item["type"] == BATCH:
            return [one for status in item["statuses"] for one in _of_batch(item, status)]
        if item["type"] != REPORT:
            raise Unreadable("unknown_type")
        return [_event(item, item["recipient"], item["status"], item.get("code"))]


def _of_batch(item: Any, status: Any) -> Iterable[Event | Ignored]:
    """A report of the type “full” names the recipients of each status."""
    if not isinstance(status, dict):
        raise Unreadable
    for recipient in status.get("recipients") or ():
        yield _event(item, recipient, status["status"], status.get("code"))


def _event(item: Any, recipient: str, status: str, code: object) -> Event | Ignored:
    if status in IGNORED:
        return Ignored(status)
    kind = STATUSES.get(status)
    if kind is None:
        raise Unreadable("unknown_type")
    label, at = item.get("client_reference"), item.get("at") or item.get("created_at")
    return Event(
        kind,
        moment_of(at) if at else None,
        phone(recipient),
        str(item.get("batch_id") or ""),
        labels=(label,) if label else (),
        dimensions={"reason": f"sinch:{code}"} if kind == "bounced" and code else {},
    )


def _signature(key: str, body: bytes, nonce: str, time: str) -> str:
    signed = b".".join((body, nonce.encode("utf-8", "replace"), time.encode("utf-8", "replace")))
    return b64encode(hmac.digest(key.encode(), signed, "sha256")).decode()
