"""Sending the demo's events: what is past through ingest, what comes over HTTP.

What was sent is remembered beside the data, so that a restart fills the gap and
goes on. When in doubt an event is sent again; its id makes that harmless.
"""

import heapq
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from liveReport.channels import HookRequest
from liveReport.ingest import BodyError, receive
from liveReport.models import Source

from .traffic import Delivery, Event, World

logger = logging.getLogger(__name__)

BATCH = 5_000
DAY = 24 * 60
"""Minutes of history."""
SHORTEST, PATIENCE = 0.5, 5.0
"""Seconds between the first two tries while the site does not take events, and later on."""
LONGEST = 60.0
"""Seconds that the site may ask to wait."""

T = TypeVar("T")


class Progress(msgspec.Struct):
    """What was sent: of the minutes from ``oldest`` on, all that was due until ``until``."""

    anchor: datetime
    until: datetime
    oldest: int

    @classmethod
    def load(cls, path: Path, now: datetime) -> "Progress":
        """The progress of an earlier run, or that of a first one."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (FileNotFoundError, msgspec.DecodeError):
            return cls(now.replace(second=0, microsecond=0), now, 1)

    def save(self, path: Path) -> None:
        draft = path.with_suffix(".draft")
        draft.write_bytes(msgspec.json.encode(self))
        draft.replace(path)


@dataclass
class Feed:
    """Which events to send next. ``live`` and ``backlog`` may be called in turns."""

    world: World
    progress: Progress
    next_minute: int
    waiting: list[tuple[datetime, int, Event]] = field(default_factory=list)
    number: Iterator[int] = field(default_factory=count)

    def live(self, now: datetime) -> list[Event]:
        """The events that are due by now, of minutes begun and of journeys under way."""
        current = self.world.minute_of(now)
        for minute in range(max(self.next_minute, current - DAY), current + 1):
            for delivery in self.world.deliveries(minute):
                self._wait(delivery)
        self.next_minute = current + 1
        due = []
        while self.waiting and self.waiting[0][0] <= now:
            due.append(heapq.heappop(self.waiting)[2])
        return due

    def backlog(self, clock: Callable[[], datetime]) -> Iterator[tuple[int, list[Event]]]:
        """Batches of what is past and was not sent, the latest minutes first.

        With each batch comes the oldest minute that it completes.
        """
        newest = self.next_minute - 1
        first = max(newest - DAY, -DAY)
        batch: list[Event] = []
        for minute in range(newest, first - 1, -1):
            now = clock()
            for delivery in self.world.deliveries(minute):
                if delivery.sent_at > now:
                    self._wait(delivery)
                elif minute < self.progress.oldest or delivery.sent_at > self.progress.until:
                    batch.append(delivery.event)
            if len(batch) >= BATCH or minute == first:
                yield minute, batch
                batch = []

    def _wait(self, delivery: Delivery) -> None:
        heapq.heappush(self.waiting, (delivery.sent_at, next(self.number), delivery.event))


def batches(events: list[Event]) -> Iterator[bytes]:
    """Bodies of requests, none with more events than one may have."""
    for start in range(0, len(events), BATCH):
        yield msgspec.json.encode(events[start : start + BATCH])


def append(source: Source, events: list[Event]) -> None:
    """Send events through ingest in this process, however long it takes."""
    for body in batches(events):
        receipt = until_taken(partial(receive, source, body))
        if receipt and receipt.rejected:
            logger.warning("Refused: %s", receipt.rejected[0])


def until_taken(take: Callable[[], T]) -> T | None:
    """What becomes of something that this process takes in; nothing if it never will."""
    while True:
        try:
            return take()
        except BodyError as error:
            if error.retry_after is None:
                logger.warning("Refused, left out: %s %s", error.status, error.message)
                return None
            time.sleep(error.retry_after)


class Refused(Exception):
    """The site does not take what somebody sends who is not known."""


@dataclass
class Sender:
    """Sends events over HTTP until the site has taken them, or has said that it never will."""

    client: httpx.Client
    _told: set[int] = field(default_factory=set)

    def post(self, events: list[Event]) -> None:
        """Raises ``Refused`` where another token is needed. What else is refused is left out."""
        for body in batches(events):
            self._until_taken("/api/v1/events/", body, {"Content-Type": "application/json"})

    def deliver(self, requests: Iterable[HookRequest]) -> None:
        """The same for what a provider sends."""
        for request in requests:
            parts = urlsplit(request.url)
            self._until_taken(f"{parts.path}?{parts.query}", request.body, request.headers)

    def _until_taken(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        pause = SHORTEST
        while (wait := self._send(path, body, headers)) is not None:
            time.sleep(max(wait, pause))
            pause = min(2 * pause, PATIENCE)

    def _send(self, path: str, body: bytes, headers: Mapping[str, str]) -> float | None:
        """Seconds to wait at least before the next try, if there must be one."""
        try:
            answer = self.client.post(path, content=body, headers=dict(headers))
        except httpx.TransportError:
            return 0
        if answer.status_code in (401, 403):
            raise Refused(f"The site does not know who sends this ({answer.status_code}).")
        if answer.status_code in (408, 429) or answer.is_server_error:
            return _seconds(answer.headers.get("Retry-After", ""))
        if not answer.is_success:
            self._tell_once(answer)
        return None

    def _tell_once(self, answer: httpx.Response) -> None:
        """To wait makes nothing of this good. The live stream would say it every second."""
        if answer.status_code not in self._told:
            self._told.add(answer.status_code)
            logger.warning("Refused, left out: %s %s", answer.status_code, answer.text[:200])


def _seconds(retry_after: str) -> float:
    return min(float(retry_after), LONGEST) if retry_after[:9].isdecimal() else 0.0
