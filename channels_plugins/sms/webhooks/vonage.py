"""Vonage: a delivery receipt in each request, in the query or the body, signed field by field."""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import md5
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    NO_CREDENTIALS,
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
    moment_of,
    phone,
)

from .base import keys_of, number_of

STATUSES = {
    "accepted": "sent",
    "delivered": "delivered",
    "expired": "bounced",
    "failed": "bounced",
    "rejected": "bounced",
    "unknown": "bounced",
}
IGNORED = frozenset({"buffered"})
NO_CONSENT = frozenset({"9", "53"})
"""Error codes of a recipient who has opted out."""
ALGORITHMS = ("sha256", "sha512", "sha1", "md5")
"""Those that an account can choose from, besides a plain MD5 with the secret at its end."""


class VonageRehearsal(Rehearsal):
    """Plays Vonage, by GET."""

    types = ("sent", "delivered", "bounced", "excluded")
    most = 1
    words = {"sent": "accepted", "bounced": "failed", "excluded": "rejected"}
    codes = {"bounced": "6", "excluded": "9"}

    def item(self, said: Said) -> Any:
        return {
            "client-ref": said.label,
            "msisdn": number_of(said).lstrip("+"),
            "messageId": said.message,
            "status": self.words.get(said.type, said.type),
            "err-code": self.codes.get(said.type, "0"),
            "message-timestamp": f"{said.at:%Y-%m-%d %H:%M:%S}",
            "timestamp": str(int(said.at.timestamp())),
        }

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"status": "teleported"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        (item,) = items
        signed = {**item, "sig": next(iter(_signatures(self.secret, item)))}
        return HookRequest("GET", f"{url}?{urlencode(signed)}", {}, b"", now)


class Vonage(Webhook):
    """Vonage's delivery receipts of its SMS API."""

    provider = "vonage"
    label = "Vonage"
    secret = Secret.SIGNATURE
    rehearsal = VonageRehearsal
    get_delivers = True
    set_up = SetUp(
        where=_("Dashboard → API settings → Delivery receipts webhook"),
        events=_("All receipts are sent; switch signed webhooks on."),
        keys=_("Pass lr_campaign=…&lr_profile=… as client-ref of the message."),
        secret=_("The signature secret of the API settings."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        try:
            fields = _fields(request)
        except Unreadable as error:
            raise Unauthorised(NO_CREDENTIALS) from error
        given = str(fields.pop("sig", "")).lower().encode("utf-8", "replace")
        if not given:
            raise Unauthorised(NO_CREDENTIALS)

        def is_signed(key: str) -> bool:
            made = [one.encode() for one in _signatures(key, fields)]
            return any(hmac.compare_digest(one, given) for one in made)

        credentials.check(is_signed)

    def items(self, request: HookRequest) -> Iterable[Any]:
        fields = _fields(request)
        return [{name: text for name, text in fields.items() if name not in ("sig", "api-key")}]

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        status = item["status"]
        if status in IGNORED:
            return [Ignored(status)]
        if status not in STATUSES:
            raise Unreadable("unknown_type")
        kind, code = STATUSES[status], str(item.get("err-code") or "")
        kind = "excluded" if kind == "bounced" and code in NO_CONSENT else kind
        label = item.get("client-ref")
        return [
            Event(
                kind,
                moment_of(item["message-timestamp"]),
                phone(item["msisdn"]),
                str(item.get("messageId") or ""),
                keys_of(item),
                (label,) if label else (),
                _dimensions(kind, code),
            )
        ]


def _dimensions(kind: str, code: str) -> Mapping[str, str]:
    if kind == "excluded":
        return {"reason": "SMSNoConsent"}
    return {"reason": f"vonage:{code}"} if kind == "bounced" and code else {}


def _fields(request: HookRequest) -> dict[str, Any]:
    """Of the query, or of the body as a form or JSON."""
    if request.method == "GET":
        return dict(request.query)
    if "json" not in request.header("content-type"):
        return dict(request.query) | dict(request.form)
    found = request.json()
    if not isinstance(found, dict):
        raise Unreadable
    return dict(request.query) | found


def _signatures(key: str, fields: Mapping[str, Any]) -> Iterable[str]:
    """Over all fields by name, whose values cannot look like the next field."""
    plain = "".join(
        f"&{name}={str(fields[name]).replace('&', '_').replace('=', '_')}"
        for name in sorted(fields)
    ).encode("utf-8", "replace")
    for algorithm in ALGORITHMS:
        yield hmac.digest(key.encode(), plain, algorithm).hex()
    yield md5(plain + key.encode(), usedforsecurity=False).hexdigest()
