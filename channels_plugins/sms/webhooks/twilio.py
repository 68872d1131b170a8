"""Twilio: a form for each status of a message, signed over the public URL and the form."""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

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
    phone,
)

from .base import keys_of, number_of

SIGNATURE = "x-twilio-signature"
ALGORITHM = "x-twilio-webhooks-signature-settings"

STATUSES = {"sent": "sent", "delivered": "delivered", "undelivered": "", "failed": ""}
"""What a status is here; the code tells of those that are empty."""
IGNORED = frozenset(
    {
        *("accepted", "scheduled", "queued", "sending", "read", "partially_delivered"),
        *("canceled", "receiving", "received"),
    }
)
ERRORS = frozenset({"30001", "30002", "30009", "30010", "30034", "21408", "20429"})
"""Codes of what is the sender's to mend; of all others the recipient's side refused."""
NO_CONSENT = "21610"
PORTS = {"https": 443, "http": 80}


class TwilioRehearsal(Rehearsal):
    """Plays Twilio, whose keys of a sender come back in the query of its own URL."""

    types = ("sent", "delivered", "bounced", "error", "excluded")
    most = 1
    codes = {"bounced": "30003", "error": "30034", "excluded": NO_CONSENT}

    def item(self, said: Said) -> Any:
        code = said.reason or self.codes.get(said.type, "")
        failed = "undelivered" if said.type == "bounced" else "failed"
        form = {
            "MessageSid": said.message,
            "MessageStatus": failed if said.type in self.codes else said.type,
            "To": number_of(said),
            "From": "+15005550006",
        }
        return {**said.keys, **form} | ({"ErrorCode": code} if code else {})

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"MessageStatus": "teleported"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        (item,) = items
        keys = keys_of(item)
        form = [pair for pair in item.items() if pair[0] not in keys]
        whole = f"{url}?{urlencode(keys)}" if keys else url
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            SIGNATURE: signature(self.secret, whole, form, "sha1"),
        }
        return HookRequest("POST", whole, headers, urlencode(form).encode(), now)


class Twilio(Webhook):
    """Twilio's status callbacks of messages. They say no time."""

    provider = "twilio"
    label = "Twilio"
    secret = Secret.SIGNATURE
    rehearsal = TwilioRehearsal
    set_up = SetUp(
        where=_("The StatusCallback of the message, or that of the messaging service"),
        events=_("All statuses are sent; there is nothing to tick."),
        keys=_("Append lr_campaign and the others to the query of the URL."),
        secret=_("The primary auth token of the account; a secondary one signs nothing."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        given = request.header(SIGNATURE)
        if not given:
            raise Unauthorised(NO_CREDENTIALS)
        algorithm = "sha256" if "sha256" in request.header(ALGORITHM).lower() else "sha1"
        form = _form(request)
        credentials.check(lambda key: _is_signed(key, given, request.url, form, algorithm))

    def items(self, request: HookRequest) -> Iterable[Any]:
        return [dict(request.query) | dict(request.form)]

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        status = item.get("MessageStatus") or item.get("SmsStatus")
        if status in IGNORED:
            return [Ignored(status)]
        if status not in STATUSES:
            raise Unreadable("unknown_type")
        code = str(item.get("ErrorCode") or "")
        kind = STATUSES[status] or _type_of(code, status)
        return [
            Event(
                kind,
                None,
                phone(item["To"]),
                item.get("MessageSid") or item.get("SmsSid") or "",
                keys_of(item),
                dimensions=_dimensions(kind, code),
            )
        ]


def _type_of(code: str, status: str) -> str:
    if code == NO_CONSENT:
        return "excluded"
    if code in ERRORS or (status == "failed" and not code):
        return "error"
    return "bounced"


def _dimensions(kind: str, code: str) -> Mapping[str, str]:
    if kind == "excluded":
        return {"reason": "SMSNoConsent"}
    return {"reason": code} if code and kind in ("bounced", "error") else {}


def _form(request: HookRequest) -> list[tuple[str, str]]:
    try:
        return request.form
    except Unreadable:
        return []


def _is_signed(
    key: str, given: str, url: str, form: Sequence[tuple[str, str]], algorithm: str
) -> bool:
    """Twilio signs the URL as it was given, or with its port, or without: each of them is good."""
    wanted = [signature(key, one, form, algorithm) for one in _spellings(url)]
    return any(
        hmac.compare_digest(one.encode(), given.encode("utf-8", "replace")) for one in wanted
    )


def _spellings(url: str) -> Iterable[str]:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    bare = f"[{host}]" if ":" in host else host
    for netloc in {parts.netloc, bare, f"{bare}:{port}"}:
        yield urlunsplit(parts._replace(netloc=netloc))


def signature(key: str, url: str, form: Iterable[tuple[str, str]], algorithm: str) -> str:
    """Over the URL and all fields by name, value after name; a pair that repeats counts once."""
    signed = url + "".join(f"{name}{value}" for name, value in sorted(set(form)))
    return b64encode(hmac.digest(key.encode(), signed.encode(), algorithm)).decode()
