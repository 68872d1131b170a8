"""OneSignal: an event in each request, in a form of the customer's own, with our password."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    KEYS,
    Event,
    HookRequest,
    Ignored,
    Rehearsal,
    Said,
    Secret,
    SetUp,
    Unreadable,
    Webhook,
    instant_of_epoch,
    moment_of,
)

KINDS = {
    "message.push.sent": "sent",
    "message.push.received": "delivered",
    "message.push.failed": "error",
    "message.push.clicked": "opened",
}
IGNORED = frozenset({"message.push.unsubscribed", "message.push.displayed"})
ELSEWHERE = ("message.email.", "message.sms.", "message.iam.", "user.", "journey.")


class OneSignalRehearsal(Rehearsal):
    """Plays OneSignal with the template that the set-up tells."""

    types = tuple(KINDS.values())
    most = 1
    words = {ours: theirs for theirs, ours in KINDS.items()}

    def item(self, said: Said) -> Any:
        return {
            **said.keys,
            "kind": self.words[said.type],
            "id": f"{said.message}-{said.type}",
            "timestamp": str(int(said.at.timestamp())),
            "message": said.message,
            "profile": said.recipient,
            "platform": "AndroidPush",
        }

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"kind": "message.push.teleported"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        return HookRequest("POST", url, self._headers(), msgspec.json.encode(items[0]), now)


class OneSignal(Webhook):
    """OneSignal's event streams. Their body is written by the customer; values are text."""

    provider = "onesignal"
    label = "OneSignal"
    secret = Secret.BASIC
    rehearsal = OneSignalRehearsal
    set_up = SetUp(
        where=_("Data → Event Streams → New event stream"),
        events=_("Choose the push events: sent, received, failed, clicked."),
        keys=_(
            "As the body, a JSON object with kind, timestamp, message, profile and platform, and "
            "with lr_campaign and the others."
        ),
    )

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        kind = item["kind"]
        if kind in IGNORED or kind.startswith(ELSEWHERE):
            return [Ignored(kind)]
        ours = KINDS.get(kind)
        if ours is None:
            raise Unreadable("unknown_type")
        platform, why = item.get("platform"), item.get("reason")
        dimensions = {"platform": str(platform)} if platform else {}
        if ours == "error" and why:
            dimensions["reason"] = str(why)
        return [
            Event(
                ours,
                _at(item["timestamp"]),
                str(item.get("profile") or ""),
                str(item.get("message") or ""),
                {key: item[key] for key in KEYS if key in item},
                dimensions=dimensions,
            )
        ]


def _at(text: object) -> datetime:
    written = str(text)
    return (
        instant_of_epoch(written) if written.replace(".", "", 1).isdecimal() else moment_of(written)
    )
