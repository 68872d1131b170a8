"""Sending the demo's events: what is past through ingest, what comes over HTTP.

What was sent is remembered beside the data, so that a restart fills the gap and
goes on. When in doubt an event is sent again; its id makes that harmless.
"""

import heapq
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

import httpx
import msgspec

from liveReport.ingest import BodyError, receive
from liveReport.models import Source

from .traffic import Delivery, Event, World

logger = logging.getLogger(__name__)

BATCH = 5_000
DAY = 24 * 60
"""Minutes of history."""
PATIENCE = 5.0
"""Seconds between two tries while the site does not take events."""


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
        while (pause := _receive(source, body)) is not None:
            time.sleep(pause)


def _receive(source: Source, body: bytes) -> float | None:
    """Seconds to wait before the next try, if there must be one."""
    try:
        receipt = receive(source, body)
    except BodyError as error:
        if error.retry_after is None:
            raise
        return error.retry_after
    if receipt.rejected:
        logger.warning("Refused: %s", receipt.rejected[0])
    return None


def post(client: httpx.Client, events: list[Event]) -> None:
    """Send events over HTTP until the site has taken them."""
    for body in batches(events):
        while not _taken(client, body):
            time.sleep(PATIENCE)


def _taken(client: httpx.Client, body: bytes) -> bool:
    """Whether the site has the events. A refused token is an error: a restart gets another."""
    try:
        answer = client.post(
            "/api/v1/events/", content=body, headers={"Content-Type": "application/json"}
        )
    except httpx.TransportError:
        return False
    if answer.status_code in (401, 403):
        answer.raise_for_status()
    return answer.status_code == 202
