"""A provider of nobody's, as small as one can be, and requests of it."""

import json
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from liveReport.channels import (
    WRONG,
    Credentials,
    Event,
    HookRequest,
    Ignored,
    Secret,
    SetUp,
    Unauthorised,
    Unreadable,
    Webhook,
    moment_of,
    signed_with,
)
from liveReport.site.sources import Wanted, set_up

DIMENSIONS = {"why": "reason", "mood": "mood"}
TYPES = {"sent": "sent", "hit": "delivered", "late": "deferred", "gone": "bounced"}


class Pigeon(Webhook):
    """Says what became of letters; we have a secret for it."""

    provider = "pigeon"
    label = "Pigeon"
    secret = Secret.BASIC
    set_up = SetUp("Loft", "All", "Ring")

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        if item["kind"] == "hello":
            return [Ignored("hello")]
        if item["kind"] not in TYPES:
            raise Unreadable("unknown_type")
        at = moment_of(item["at"]) if "at" in item else None
        return [
            Event(
                TYPES[item["kind"]],
                at,
                recipient=to,
                message=item.get("id", ""),
                keys=item.get("ring", {}),
                labels=item.get("tags", []),
                dimensions={DIMENSIONS[key]: item[key] for key in DIMENSIONS if key in item},
                derived=item.get("derived", False),
            )
            for to in item["to"]
        ]


class Raven(Pigeon):
    """Signs a token, not what it carries; the key is its own."""

    provider = "raven"
    secret = Secret.SIGNATURE

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        token, signature = request.header("x-token"), request.header("x-signature")
        if not token:
            raise Unauthorised(WRONG)
        credentials.check(lambda key: signed_with(key.encode(), signature, token.encode()))

    def one_time(self, request: HookRequest) -> str:
        return request.header("x-token")


def pigeon(name: str = "loft", **wanted: Any) -> str:
    """A source of pigeons; the header that lets them in."""
    _source, secret = set_up(name, "pigeon", Wanted(**wanted))
    return basic(secret)


def basic(secret: str, user: str = "livereport") -> str:
    return f"Basic {b64encode(f'{user}:{secret}'.encode()).decode()}"


def flight(kind: str = "hit", *to: str, at: datetime | None = None, **more: Any) -> dict[str, Any]:
    """What a pigeon says."""
    item = {"kind": kind, "to": list(to) or ["ada@example.com"], "id": "m-1", **more}
    return item | ({"at": at.isoformat()} if at else {})


def posted(client: Any, items: Any, header: str, name: str = "loft", **more: Any) -> Any:
    body = items if isinstance(items, bytes) else json.dumps(items).encode()
    return client.post(
        f"/hooks/{name}/", body, "application/json", headers={"authorization": header}, **more
    )
