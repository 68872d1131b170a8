"""MessageBird: a status report in the query of each request, with a signed token about it."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    NO_CREDENTIALS,
    STALE,
    WRONG,
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

TOKEN = "messagebird-signature-jwt"  # noqa: S105 (the name of a header)
STATUSES = {
    "sent": "sent",
    "delivered": "delivered",
    "expired": "bounced",
    "delivery_failed": "bounced",
}
IGNORED = frozenset({"scheduled", "buffered"})


class MessageBirdRehearsal(Rehearsal):
    """Plays MessageBird."""

    types = ("sent", "delivered", "bounced")
    most = 1

    def item(self, said: Said) -> Any:
        return {
            "id": said.message,
            "reference": said.label,
            "recipient": number_of(said).lstrip("+"),
            "status": "delivery_failed" if said.type == "bounced" else said.type,
            "statusDatetime": said.at.isoformat(),
            "statusErrorCode": "9" if said.type == "bounced" else "",
        }

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"status": "teleported"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        whole = f"{url}?{urlencode(items[0])}"
        seconds = int(now.timestamp())
        claims = {"iss": "MessageBird", "nbf": seconds - 1, "exp": seconds + 60}
        claims["url_hash"] = sha256(whole.encode()).hexdigest()
        parts = [_text(msgspec.json.encode(one)) for one in ({"alg": "HS256"}, claims)]
        token = f"{'.'.join(parts)}.{_signature(self.secret, '.'.join(parts))}"
        return HookRequest("GET", whole, {TOKEN: token}, b"", now)


class MessageBird(Webhook):
    """MessageBird's status reports of text messages."""

    provider = "messagebird"
    label = "MessageBird"
    secret = Secret.SIGNATURE
    rehearsal = MessageBirdRehearsal
    get_delivers = True
    set_up = SetUp(
        where=_("Developers → API settings → Status reports, or reportUrl of the message"),
        events=_("All statuses are sent; there is nothing to tick."),
        keys=_("Pass lr_campaign=…&lr_profile=… as reference of the message."),
        secret=_("The signing key of the API settings."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        """The token has the digests of the URL and the body."""
        token = request.header(TOKEN)
        if not token:
            raise Unauthorised(NO_CREDENTIALS)
        signed, _dot, given = token.rpartition(".")

        def is_signed(key: str) -> bool:
            made = _signature(key, signed).encode()
            return hmac.compare_digest(made, given.encode("utf-8", "replace"))

        credentials.check(is_signed)
        _check(_claims(signed), request)

    def items(self, request: HookRequest) -> Iterable[Any]:
        return [dict(request.query) | (dict(request.form) if request.body else {})]

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        status = item["status"]
        if status in IGNORED:
            return [Ignored(status)]
        kind = STATUSES.get(status)
        if kind is None:
            raise Unreadable("unknown_type")
        label, code = item.get("reference"), item.get("statusErrorCode")
        return [
            Event(
                kind,
                moment_of(item["statusDatetime"]),
                phone(item["recipient"]),
                str(item.get("id") or ""),
                keys_of(item),
                (label,) if label else (),
                {"reason": f"messagebird:{code}"} if kind == "bounced" and code else {},
            )
        ]


def _check(claims: Mapping[str, Any], request: HookRequest) -> None:
    """Raise ``Unauthorised`` unless a token is of this request, and of now."""
    seconds = request.received_at.timestamp()
    expires, begins = (claims.get(name, 0) for name in ("exp", "nbf"))
    if not (isinstance(expires, int | float) and isinstance(begins, int | float)):
        raise Unauthorised(STALE)
    if not begins - 60 <= seconds < expires + 60:
        raise Unauthorised(STALE)
    body = sha256(request.body).hexdigest() if request.body else None
    url = sha256(request.url.encode()).hexdigest()
    if claims.get("url_hash") != url or claims.get("payload_hash") != body:
        raise Unauthorised(WRONG)


def _claims(signed: str) -> Mapping[str, Any]:
    """What a token says whose signature is right. Only HMAC-SHA256 is one."""
    try:
        head, claims = (msgspec.json.decode(_bytes(part)) for part in signed.split("."))
        if head["alg"] != "HS256" or not isinstance(claims, dict):
            raise Unauthorised(WRONG)
    except (ValueError, LookupError, TypeError) as error:
        raise Unauthorised(WRONG) from error
    return claims


def _signature(key: str, signed: str) -> str:
    return _text(hmac.digest(key.encode(), signed.encode("utf-8", "replace"), "sha256"))


def _text(plain: bytes) -> str:
    return urlsafe_b64encode(plain).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
