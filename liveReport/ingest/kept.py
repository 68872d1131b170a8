"""Requests of providers that are kept as they came: to be read again, by nobody else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import zstandard

from liveReport.channels import HookRequest, Unreadable, Webhook
from liveReport.events.sealing import MARK, seal, unseal

_WHOLE = "__request__"
"""Marks an item that is a whole request, of which no items could be seen."""


class KeptRequest(msgspec.Struct):
    """What of a request is needed to read it again; it was the provider's, so no credentials."""

    method: str
    url: str
    content_type: str
    body: bytes

    @classmethod
    def of(cls, request: HookRequest) -> "KeptRequest":
        return cls(request.method, request.url, request.header("content-type"), request.body)

    def request(self, received_at: datetime) -> HookRequest:
        headers = {"content-type": self.content_type}
        return HookRequest(self.method, self.url, headers, self.body, received_at)

    def sealed(self) -> bytes:
        return seal(zstandard.compress(msgspec.msgpack.encode(self)))

    def as_item(self) -> dict[str, Any]:
        """It, as an item that waits among others."""
        return {_WHOLE: msgspec.to_builtins(self)}


def opened(sealed: bytes) -> KeptRequest:
    """The request that was sealed. Raises ``Unsealable``."""
    return msgspec.msgpack.decode(zstandard.decompress(unseal(sealed)), type=KeptRequest)


def is_sealed(payload: bytes) -> bool:
    """Whether a payload is a request that was kept, and not events."""
    return payload.startswith(MARK)


def items_of(webhook: Webhook, request: HookRequest) -> tuple[list[Any], list[Any]]:
    """The items of a request, or it as one that cannot be read: one of the lists is empty."""
    try:
        return list(webhook.items(request)), []
    except (Unreadable, ValueError, TypeError, LookupError, AttributeError):  # or odd otherwise
        return [], [KeptRequest.of(request).as_item()]


def read_again(
    webhook: Webhook, items: Sequence[Any], received_at: datetime
) -> tuple[list[Any], list[Any]]:
    """Items that wait; whole requests among them are read as they are by now."""
    readable: list[Any] = []
    unreadable: list[Any] = []
    for item in items:
        good, bad = _again(webhook, item, received_at)
        readable += good
        unreadable += bad
    return readable, unreadable


def _again(webhook: Webhook, item: Any, received_at: datetime) -> tuple[list[Any], list[Any]]:
    if not (isinstance(item, dict) and _WHOLE in item):
        return [item], []
    kept = msgspec.convert(item[_WHOLE], KeptRequest)
    return items_of(webhook, kept.request(received_at))
