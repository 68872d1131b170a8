"""When journeys begin, and the stream of events that follows. Pure but for the random source."""

import heapq
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from .journeys import JOURNEYS
from .scenario import CAMPAIGNS, Campaign

Event = dict[str, Any]

DAY = 86_400
DUPLICATES = 0.004
LATE = 0.01
"""Shares of live events that are sent twice, and that arrive minutes after they occurred."""


def history(random: Random, until: datetime, scale: float = 1.0) -> tuple[list[Event], list[Event]]:
    """The events of the last 24 hours by time, and those of the same journeys yet to come."""
    past: list[Event] = []
    future: list[Event] = []
    for campaign in CAMPAIGNS:
        for _ in range(round(campaign.a_day * scale)):
            for event in journey(random, campaign, _start(random, campaign, until)):
                (past if event["occurred_at"] <= until else future).append(event)
    oldest = until - timedelta(seconds=DAY)
    return _by_time(event for event in past if event["occurred_at"] > oldest), _by_time(future)


def journey(random: Random, campaign: Campaign, start: datetime) -> Iterator[Event]:
    """What happens to one profile of a campaign that is reached at ``start``."""
    channel = campaign.channels[random.random() > 0.6] if campaign.channels[1:] else campaign.channels[0]  # fmt: skip  # noqa: E501
    common: Event = {
        "campaign": campaign.slug,
        "channel": channel,
        "profile": f"{campaign.slug}-{random.randrange(campaign.pool)}",
    }
    if campaign.every:
        common["execution"] = execution(campaign, start).isoformat()
    for delay, fields in JOURNEYS[channel](random, offers=campaign.offers):
        yield {
            "id": f"{random.getrandbits(80):020x}",
            **common,
            **fields,
            "occurred_at": start + timedelta(seconds=delay),
        }


def execution(campaign: Campaign, at: datetime) -> datetime:
    """The start of the run of a recurring campaign that is under way at a time."""
    hour = at.hour // campaign.every * campaign.every
    return at.replace(hour=hour, minute=0, second=0, microsecond=0)


class Stream:
    """Live traffic: new journeys from second to second, and what earlier ones still bring."""

    def __init__(self, random: Random, now: datetime, pending: list[Event], scale: float) -> None:
        self.random = random
        self.now = now
        self.scale = scale
        self._heap = [(event["occurred_at"], number, event) for number, event in enumerate(pending)]
        self._number = len(self._heap)
        heapq.heapify(self._heap)

    def advance(self, now: datetime) -> list[Event]:
        """The events to send now: all that occurred since the last call, and stragglers."""
        seconds = min((now - self.now).total_seconds(), 60)
        self.now = now
        for campaign in CAMPAIGNS:
            # Bursty: mostly a trickle, now and then a wave.
            rate = campaign.a_day * self.scale / DAY * seconds * self.random.choice((1, 1, 2, 6))
            for _ in range(_poisson(self.random, rate)):
                for event in journey(self.random, campaign, now):
                    self._push(event)
        due: list[Event] = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[2])
        return [event for event in due for event in self._delivered(event)]

    def _delivered(self, event: Event) -> Iterator[Event]:
        """Most events arrive at once and once, as producers' do."""
        if self.random.random() < LATE and "late" not in event:
            delay = timedelta(seconds=self.random.uniform(60, 900))
            self._number += 1
            heapq.heappush(self._heap, (self.now + delay, self._number, {**event, "late": True}))
            return
        sent = {key: value for key, value in event.items() if key != "late"}
        yield sent
        if self.random.random() < DUPLICATES:
            yield sent

    def _push(self, event: Event) -> None:
        self._number += 1
        heapq.heappush(self._heap, (event["occurred_at"], self._number, event))


def _start(random: Random, campaign: Campaign, until: datetime) -> datetime:
    """When a journey of the last 24 hours began, by the campaign's rhythm."""
    start = until - timedelta(seconds=random.uniform(0, DAY))
    if campaign.bursts:
        hour = random.choice(campaign.bursts) + random.expovariate(1 / 0.7)
        midnight = until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        start = midnight + timedelta(hours=hour)
    elif campaign.every:
        start = execution(campaign, start) + timedelta(seconds=random.expovariate(1 / 1_500))
    else:
        for _ in range(4):  # people sleep: most journeys of the night move to the day
            if random.random() < _wakefulness(start):
                break
            start = until - timedelta(seconds=random.uniform(0, DAY))
    return start - timedelta(days=math.ceil((start - until).total_seconds() / DAY) if start > until else 0)  # fmt: skip  # noqa: E501


def _wakefulness(at: datetime) -> float:
    return 0.55 - 0.45 * math.cos((at.hour + at.minute / 60 - 3) / 24 * 2 * math.pi)


def _poisson(random: Random, mean: float) -> int:
    """How many independent arrivals there are when ``mean`` are expected."""
    arrivals, passed = 0, random.expovariate(1.0)
    while passed < mean:
        arrivals += 1
        passed += random.expovariate(1.0)
    return arrivals


def _by_time(events: Any) -> list[Event]:
    return sorted(events, key=lambda event: event["occurred_at"])
