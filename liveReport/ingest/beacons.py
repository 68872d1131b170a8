"""The entrance of pages and apps: events under a public key, which anybody may read.

The key says whose they are. Whoever sends them is a stranger with a clock of their own, so
that little is believed: neither the campaign, nor any channel but those that pages and apps
have, nor that something happened later than now.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone

from liveReport.engines.outage import AWAY, RETRY_SECONDS
from liveReport.engines.sources import Apart, HookSource
from liveReport.models import Source

from .body import JSON, BodyError, plain_text, split
from .coding import decompress
from .hook_sources import NobodyKnows, known_beacons
from .hooks import note
from .intake import HookPoint
from .media import media_type
from .receiving import Receipt, receive

MOST = 100
"""Events in a request."""
NOT_OF_PAGES = "not_of_pages"
"""Why events are refused that are no objects, or of channels that pages and apps do not have."""
PLAIN = "text/plain"
"""What a page says of JSON: of anything else a browser asks first whether it may send it."""

_members = msgspec.json.Decoder(dict[str, Any])


def beacon_point(key: str) -> HookPoint | None:
    """Whose public key it is, if it is switched on and its events have a campaign to go to.

    ``BodyError`` (503) while nobody knows.
    """
    try:
        point = HookPoint.of(known_beacons().find(key, timezone.now()))
    except NobodyKnows as error:
        raise BodyError(503, "database", str(AWAY), RETRY_SECONDS) from error
    return point if point and point.source.campaign else None


def receive_beacon(
    point: HookPoint,
    body: bytes,
    *,
    content_type: str = PLAIN,
    encoding: str = "",
    sent_at: datetime | None = None,
) -> Receipt:
    """Store the good events of a page or an app; durable on return.

    ``sent_at`` is when it sent them, by its own clock. Raises ``BodyError`` as ``receive`` does.
    """
    _check_media(content_type)
    plain = plain_text(decompress(body, encoding, settings.INGEST_MAX_BYTES))
    said = split(plain, JSON, MOST)
    now = timezone.now()
    wording = _Wording(point.source, (point.provider.channel, *point.provider.webhook.others), now)
    events = list(wording.worded(said, now - sent_at if sent_at else timedelta()))
    receipt = receive(
        Source(pk=point.source.pk),
        msgspec.json.encode(events),
        allowed=frozenset({point.source.campaign}),
        now=now,
    )
    refused = Counter(rejection.code for rejection in receipt.rejected)
    refused += Counter({NOT_OF_PAGES: len(said) - len(events)})
    for why, count in sorted(refused.items()):
        note(Apart(point.source.pk, now, refused=count, why=why))
    return receipt


def _check_media(content_type: str) -> None:
    name, _, parameters = content_type.partition(";")
    if name.strip().lower() in (PLAIN, ""):
        content_type = f"{JSON};{parameters}"
    if media_type(content_type) != JSON:
        raise BodyError(415, "media_type", f"Send {PLAIN} or {JSON}.")


@dataclass(frozen=True)
class _Wording:
    """How what strangers say becomes events of the contract. Of ``channels`` the first is meant
    where they name none."""

    source: HookSource
    channels: Sequence[str]
    now: datetime

    def worded(self, said: Iterable[msgspec.Raw], late: timedelta) -> Iterator[dict[str, Any]]:
        """The events that can be any; ``late`` is by how much the sender's clock is."""
        for raw in said:
            try:
                event = _members.decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            channel = event.get("channel", self.channels[0])
            if channel in self.channels:
                event |= {"campaign": self.source.campaign, "channel": channel}
                yield event | {"occurred_at": self._at(event, late)}

    def _at(self, event: Mapping[str, Any], late: timedelta) -> Any:
        """When it was by our clock, at the latest now. What is no instant is left as it is, for
        the contract to refuse."""
        said = event.get("occurred_at", self.now.isoformat())
        try:
            at = datetime.fromisoformat(said)
            return said if at.tzinfo is None else min(at.astimezone(UTC) + late, self.now)
        except (TypeError, ValueError, OverflowError):
            return said
