"""The demo campaigns, and how many profiles each of them reaches when. Tables only.

Times are minutes from the first start of the demo; before it, they are negative.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from . import flows
from .flows import Flow
from .journeys import Trouble


class Rhythm(Protocol):
    """How many journeys begin in a minute, and since when their execution runs."""

    def rate(self, minute: int, at: datetime) -> float:
        """Journeys that begin in this minute, on the average."""

    def execution(self, minute: int) -> int | None:
        """The minute at which the execution began that is under way, if it has any."""


@dataclass(frozen=True)
class Waves:
    """A large send in waves, then pulse after pulse, and a trickle if need be."""

    waves: Sequence[tuple[int, int, float]]
    """First minute, minutes, journeys a minute."""
    pulse: float = 0
    """Journeys in each of the first six of every twelve minutes, from ``pulses_from``."""
    pulses_from: int = 0
    trickle: float = 0

    def rate(self, minute: int, at: datetime) -> float:
        waves = sum(rate for first, length, rate in self.waves if 0 <= minute - first < length)
        pulsing = minute >= self.pulses_from and (minute - self.pulses_from) % 12 < 6
        return waves + self.pulse * pulsing + self.trickle

    def execution(self, minute: int) -> None:
        return None


@dataclass(frozen=True)
class Runs:
    """A new execution every so often, over within half an hour."""

    every: int
    offset: int
    size: float
    """Journeys of one execution."""

    def rate(self, minute: int, at: datetime) -> float:
        passed = (minute - self.offset) % self.every
        return self.size * math.exp(-passed / 5) * (1 - math.exp(-1 / 5)) if passed < 30 else 0

    def execution(self, minute: int) -> int:
        return minute - (minute - self.offset) % self.every


@dataclass(frozen=True)
class Once:
    """One execution, whose profiles are known within its first minutes."""

    began: int
    size: int
    minutes: int = 3

    def rate(self, minute: int, at: datetime) -> float:
        return self.size / self.minutes if 0 <= minute - self.began < self.minutes else 0

    def execution(self, minute: int) -> int:
        return self.began


@dataclass(frozen=True)
class Arrivals:
    """What an execution of days ago still brings, at a steady pace."""

    began: int
    pace: float

    def rate(self, minute: int, at: datetime) -> float:
        return self.pace

    def execution(self, minute: int) -> int:
        return self.began


@dataclass(frozen=True)
class Days:
    """Always on; most in the early evening, fewest before dawn (UTC)."""

    peak: float

    def rate(self, minute: int, at: datetime) -> float:
        hour = at.hour + at.minute / 60
        return self.peak * (0.56 + 0.44 * math.cos((hour - 18) / 24 * 2 * math.pi))

    def execution(self, minute: int) -> None:
        return None


@dataclass(frozen=True)
class Stream:
    """Journeys of one campaign over one channel."""

    key: str
    channel: str
    flow: Flow
    rhythm: Rhythm
    profiles: int = 0
    """Of how many profiles each journey is one's; 0 when each is another's."""
    trouble: Trouble | None = None
    provider: str = ""
    """Who carries its messages, and tells by signed webhooks of them: see ``posts``."""


@dataclass(frozen=True)
class Demo:
    """A campaign of the demo."""

    slug: str
    name: str
    streams: Sequence[Stream]


LAUNCH = ((-1_270, 40, 300.0), (-560, 35, 800.0), (-190, 25, 500.0))
SALE = Trouble(60 * 60, 105 * 60, {"domain": "gmail.com"}, flows.UNAUTHENTICATED)
"""An hour after the start, for three quarters of an hour."""
LAUNCH_PUSH = tuple((first + 5, length, rate * 0.4) for first, length, rate in LAUNCH)

CAMPAIGNS = (
    Demo(
        "autumn-sale",
        "Autumn sale",
        (Stream("sale-email", "email", flows.LARGE_SEND, Once(-170, 24_000), trouble=SALE),),
    ),
    Demo(
        "flash-offer",
        "Flash offer",
        (
            Stream("flash-push", "push", flows.FLASH_PUSH, Once(-7, 6_000)),
            Stream("flash-sms", "sms", flows.FLASH_SMS, Once(-4, 2_500)),
        ),
    ),
    Demo(
        "season-launch",
        "Season launch",
        (
            Stream("launch-email", "email", flows.EMAIL, Waves(LAUNCH, 380, -49)),
            Stream("launch-push", "push", flows.PUSH, Waves(LAUNCH_PUSH, 150, -49)),
        ),
    ),
    Demo(
        "basket-reminder",
        "Basket reminder",
        (
            Stream("basket-sms", "sms", flows.SMS, Runs(180, 2, 1_100), 9_000),
            Stream("basket-email", "email", flows.EMAIL_WITH_OFFERS, Runs(180, 2, 1_600), 14_000),
        ),
    ),
    Demo(
        "loyalty-points",
        "Loyalty points",
        (
            Stream(
                "points-email", "email", flows.POINTS, Runs(240, -6, 1_500), provider="sendgrid"
            ),
            Stream("points-sms", "sms", flows.SMS, Runs(240, -4, 350), provider="twilio"),
        ),
    ),
    Demo(
        "welcome",
        "Welcome, all year round",
        (
            Stream("welcome-web", "web", flows.WEB, Days(75), 16_000),
            Stream("welcome-inapp", "inapp", flows.INAPP, Days(42), 11_000),
        ),
    ),
    Demo(
        "catalogue",
        "Catalogue by post",
        (
            Stream("catalogue-letters", "directmail", flows.LETTERS, Once(-420, 3_500, 25)),
            Stream("catalogue-post", "directmail", flows.POST, Arrivals(-4 * 1_440, 3)),
        ),
    ),
)
