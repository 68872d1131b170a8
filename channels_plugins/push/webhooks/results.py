"""What push services answered, posted by the sender itself: an envelope around their results."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from liveReport.channels import (
    KEYS,
    Event,
    HookRequest,
    Ignored,
    Rehearsal,
    Said,
    Secret,
    Unreadable,
    Webhook,
    moment_of,
)


class ResultsRehearsal(Rehearsal):
    """Plays a sender that posts what it was answered."""

    types = ("sent", "bounced", "error")
    bodies: Mapping[str, tuple[int, Any]] = {}
    """Status and body of an answer of each type."""

    def item(self, said: Said) -> Any:
        status, body = self.bodies[said.type]
        return {
            **said.keys,
            "profile": said.recipient,
            "message": said.message,
            "platform": "android",
            "at": said.at.isoformat(),
            "status": status,
            "body": body,
        }

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"status": 302}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        body = msgspec.json.encode({"results": items})
        return HookRequest("POST", url, self._headers(), body, now)


class Results(Webhook):
    """A push service whose answers come in as our own sender got them.

    A subclass says what an answer that is not 200 means (``failure``).
    """

    secret = Secret.BEARER

    def items(self, request: HookRequest) -> Iterable[Any]:
        """Each result, with what the envelope says of all of them."""
        envelope = request.json()
        if not isinstance(envelope, dict) or not isinstance(envelope.get("results"), list):
            raise Unreadable
        shared = {key: envelope[key] for key in KEYS if key in envelope}
        return [shared | one if isinstance(one, dict) else one for one in envelope["results"]]

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        status = int(item["status"])
        if status == 200:
            kind, dimensions = "sent", {}
        elif status >= 400:
            kind, why = self.failure(item)
            dimensions = {"reason": why or str(status)}
        else:
            raise Unreadable("unknown_type")
        if platform := item.get("platform"):
            dimensions["platform"] = str(platform)
        return [
            Event(
                kind,
                moment_of(item["at"]),
                str(item["profile"]),
                self.message_of(item),
                item,
                dimensions=dimensions,
            )
        ]

    def message_of(self, item: Any) -> str:
        """The id of a message: the sender's, or that of the service."""
        return str(item.get("message") or "")

    def failure(self, item: Any) -> tuple[str, str]:
        """The type of an event, and its reason (maybe ``""``), that an answer means."""
        raise NotImplementedError


def body_of(item: Any) -> Mapping[str, Any]:
    """The body of an answer, which senders post as it is or as text."""
    body = item.get("body")
    if isinstance(body, str):
        try:
            body = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return {}
    return body if isinstance(body, dict) else {}
