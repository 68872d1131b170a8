"""Lob: an event in each request, signed over its time and the raw body."""

import hmac
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
    signed_with,
)

SIGNATURE, TIME = "lob-signature", "lob-signature-timestamp"
TOLERANCE = 5 * 60
STAGES = {
    "created": "sent",
    "delivered": "delivered",
    "returned_to_sender": "returned",
    "rejected": "error",
    "failed": "error",
}
"""The last word of an event's kind. ``letter.certified.`` stands before some of them."""
ON_THE_WAY = frozenset(
    {
        *("rendered_pdf", "rendered_thumbnails", "deleted", "mailed", "in_transit"),
        *("in_local_area", "processed_for_delivery", "re-routed", "re_routed"),
        *("international_exit", "viewed", "informed_delivery", "pickup_available", "issue"),
    }
)
PIECES = ("letter", "postcard", "self_mailer", "check", "snap_pack")


class LobRehearsal(Rehearsal):
    """Plays Lob."""

    types = ("sent", "delivered", "returned", "error")
    most = 1
    words = {"sent": "created", "returned": "returned_to_sender", "error": "failed"}

    def item(self, said: Said) -> Any:
        return self._event(said, self.words.get(said.type, said.type))

    def unknown(self, said: Said) -> Any:
        return self._event(said, "teleported")

    def _event(self, said: Said, word: str) -> dict[str, Any]:
        return {
            "id": f"evt_{said.message}_{word}",
            "date_created": said.at.isoformat(),
            "event_type": {"id": f"letter.{word}", "resource": "letters"},
            "reference_id": said.message,
            "body": {"id": said.message, "metadata": dict(said.keys), "to": {"name": "Ada"}},
        }

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        (item,) = items
        time, body = str(int(now.timestamp() * 1000)), msgspec.json.encode(item)
        signature = _signature(self.secret, time, body)
        headers = {"content-type": "application/json", TIME: time, SIGNATURE: signature}
        return HookRequest("POST", url, headers, body, now)


class Lob(Webhook):
    """Lob's events of letters, postcards and the like."""

    provider = "lob"
    label = "Lob"
    secret = Secret.SIGNATURE
    rehearsal = LobRehearsal
    set_up = SetUp(
        where=_("Dashboard → Webhooks → Create"),
        events=_("Tick created, delivered, returned to sender, rejected and failed of each piece."),
        keys=_("Pass lr_campaign and the others as metadata of the piece."),
        secret=_("The secret that the webhook’s page shows."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        signature, time = request.header(SIGNATURE), request.header(TIME)
        if not (signature and time):
            raise Unauthorised(NO_CREDENTIALS)
        signed = time.encode("utf-8", "replace") + b"." + request.body
        credentials.check(lambda key: signed_with(key.encode(), signature, signed))
        seconds = f"{time[:-3]}.{time[-3:]}" if len(time) > 12 else time
        if not is_lately(seconds, request.received_at, TOLERANCE):
            raise Unauthorised(STALE)

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        kind = item["event_type"]["id"]
        piece, _dot, rest = kind.partition(".")
        word = rest.rpartition(".")[2]
        if "return_envelope" in rest or word in ON_THE_WAY:
            return [Ignored(kind)]
        if piece not in PIECES or word not in STAGES:
            raise Unreadable("unknown_type")
        body = item.get("body") or {}
        message = str(body.get("id") or item.get("reference_id") or "")
        kind, why = STAGES[word], _reason(word, body)
        return [
            Event(
                kind,
                moment_of(item["date_created"]),
                "",
                message,
                body.get("metadata") or {},
                dimensions={"reason": why} if kind in ("error", "returned") else {},
            )
        ]


def _reason(word: str, body: Any) -> str:
    return str(body.get("rejection_reason") or body.get("failure_reason") or word)


def _signature(key: str, time: str, body: bytes) -> str:
    return hmac.digest(key.encode(), time.encode() + b"." + body, "sha256").hex()
