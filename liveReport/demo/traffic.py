"""The world of the demo: which events occur when, and when their producer sends them.

A pure function of the seed and the minute, so that a restart goes on in the same
world, and an event that is sent again has the id that it had.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from .campaigns import CAMPAIGNS, Demo, Stream
from .chance import about
from .journeys import Journey

Event = dict[str, Any]

MINUTE = timedelta(minutes=1)
HALF_AN_HOUR = 30
"""Minutes in which all of an execution's journeys begin."""
STRIDE = 7_919
"""How many profiles further the next execution begins for each minute that it is later."""
LATE = 0.008
"""Share of the events that are sent minutes after they occurred."""
PUNCTUAL = frozenset({"targeted", "sent"})
"""Events of the producer's own doing: it never tells of them after what they led to."""
TWICE = 0.004
"""Share of the events that are sent a second time, with the same id."""


class Delivery(NamedTuple):
    """An event, and when its producer sends it."""

    sent_at: datetime
    event: Event


@dataclass(frozen=True)
class World:
    """Everything that ever happens in the demo, minute by minute.

    ``anchor`` is the full minute in which the demo was first started.
    """

    anchor: datetime
    scale: float = 1.0
    seed: str = "demo"

    def minute_of(self, at: datetime) -> int:
        """The number of the minute, counted from the anchor."""
        return (at - self.anchor) // MINUTE

    def deliveries(self, minute: int) -> Iterator[Delivery]:
        """What the journeys that begin in this minute bring, then and later."""
        for campaign in CAMPAIGNS:
            for stream in campaign.streams:
                yield from self._stream(campaign, stream, minute)

    def _stream(self, campaign: Demo, stream: Stream, minute: int) -> Iterator[Delivery]:
        name = f"{stream.key}.{self.anchor:%y%m%d%H%M}.{minute}"
        random = Random(f"{self.seed} {name}")  # noqa: S311 (a demo, not a secret)
        start = self.anchor + minute * MINUTE
        common: Event = {"campaign": campaign.slug}
        began = stream.rhythm.execution(minute)
        if began is not None:
            common["execution"] = self.anchor + began * MINUTE
        for number in range(about(random, stream.rhythm.rate(minute, start) * self.scale)):
            common["profile"] = _profile(random, stream, minute, began, number)
            second = random.uniform(0, 60)
            first = start + timedelta(seconds=second)
            passed = 60 * (minute - (minute if began is None else began)) + second
            journey = Journey(stream.channel, stream.flow, stream.trouble, passed)
            for after, fields in journey.events(random, f"{name}.{number}"):
                at = first + timedelta(seconds=after)
                yield from _deliver(random, {**common, **fields, "occurred_at": at})


def _profile(random: Random, stream: Stream, minute: int, began: int | None, number: int) -> str:
    """Whose journey it is that begins as one of its minute's: in an execution, nobody's twice."""
    if not stream.profiles:
        return f"customer-{minute}.{number}"
    if began is None:
        return f"customer-{random.randrange(stream.profiles)}"
    most = stream.profiles // HALF_AN_HOUR
    place = (minute - began) * most + number % most
    return f"customer-{(place + began * STRIDE) % stream.profiles}"


def _deliver(random: Random, event: Event) -> Iterator[Delivery]:
    """Most events are sent at once, and once, as producers do."""
    at: datetime = event["occurred_at"]
    if random.random() < LATE and event["type"] not in PUNCTUAL:
        at += timedelta(seconds=random.uniform(30, 1_200))
    yield Delivery(at, event)
    if random.random() < TWICE:
        yield Delivery(at + timedelta(seconds=random.uniform(1, 90)), event)
