"""Infobip: batches of delivery reports, with a password of ours in the URL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
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
    phone,
)

from .base import number_of

GROUPS = {
    "PENDING": "sent",
    "DELIVERED": "delivered",
    "UNDELIVERABLE": "bounced",
    "EXPIRED": "bounced",
    "REJECTED": "bounced",
}
"""The group of a status, and what it is here."""


class InfobipRehearsal(Rehearsal):
    """Plays Infobip."""

    types = ("sent", "delivered", "bounced")
    words = {"sent": "PENDING", "delivered": "DELIVERED", "bounced": "UNDELIVERABLE"}

    def item(self, said: Said) -> Any:
        return self._report(said, self.words[said.type])

    def unknown(self, said: Said) -> Any:
        return self._report(said, "TELEPORTED")

    def _report(self, said: Said, group: str) -> dict[str, Any]:
        return {
            "messageId": said.message,
            "to": number_of(said).lstrip("+"),
            "doneAt": said.at.isoformat(),
            "callbackData": said.label,
            "status": {"groupName": group},
            "error": {"id": 27, "name": "EC_ABSENT_SUBSCRIBER"},
        }

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        body = msgspec.json.encode({"results": items})
        return HookRequest("POST", url, self._headers(), body, now)


class Infobip(Webhook):
    """Infobip's delivery reports of text messages."""

    provider = "infobip"
    label = "Infobip"
    secret = Secret.BASIC
    rehearsal = InfobipRehearsal
    set_up = SetUp(
        where=_("Subscriptions → Delivery reports, or notifyUrl of the message"),
        events=_("All reports are sent; choose JSON."),
        keys=_("Pass lr_campaign=…&lr_profile=… as callbackData of the message."),
    )

    def items(self, request: HookRequest) -> Iterable[Any]:
        found = request.json()
        if not isinstance(found, dict) or not isinstance(found.get("results"), list):
            raise Unreadable
        reports: list[Any] = found["results"]
        return reports

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        kind = GROUPS.get(item["status"]["groupName"])
        if kind is None:
            raise Unreadable("unknown_type")
        label = item.get("callbackData")
        return [
            Event(
                kind,
                moment_of(item.get("doneAt") or item["sentAt"]),
                phone(item["to"]),
                str(item.get("messageId") or ""),
                labels=(label,) if label else (),
                dimensions=_dimensions(item, kind),
            )
        ]


def _dimensions(item: Any, kind: str) -> Mapping[str, str]:
    code = (item.get("error") or {}).get("id")
    return {"reason": f"infobip:{code}"} if kind == "bounced" and code else {}
