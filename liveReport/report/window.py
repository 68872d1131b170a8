"""The report's time: the last 24 hours in whole minutes, or a part of them; what rates divide."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Self

from liveReport.channels import VERDICTS
from liveReport.counts.tiers import Range, cover, within
from liveReport.events.moments import instant_in_url, rfc3339

LENGTH = timedelta(hours=24)
MINUTE = timedelta(minutes=1)

DAY = "24h"
WINDOWS = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    DAY: LENGTH,
}
"""The lengths that one can ask for by name, all of which end with the running minute."""
STEPS = ((WINDOWS["1h"], 60), (WINDOWS["6h"], 300), (LENGTH, 900))
"""Up to which length of the window a step has how many seconds."""

WINDOW, RUN = "window", "run"
BASES = (RUN, WINDOW)
"""What rates can divide: what happened in the window, or in the 24 hours of its runs."""

EVERYBODY = "all"
CHOSEN = (EVERYBODY, *VERDICTS)
"""Whose reactions one can ask for."""


@dataclass(frozen=True)
class Window:
    """Whole minutes, of those that reach until now the running one: ``start`` ≤ event < ``end``.

    ``name`` is one of ``WINDOWS``, or ``None`` for a range that somebody has chosen.
    """

    start: datetime
    end: datetime
    name: str | None = None

    @classmethod
    def at(cls, now: datetime, name: str = DAY) -> "Window":
        end = now.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE
        return cls(end - WINDOWS[name], end, name)

    @property
    def seconds(self) -> tuple[int, int]:
        return int(self.start.timestamp()), int(self.end.timestamp())

    @cached_property
    def step(self) -> int:
        """Seconds between two points of a series."""
        length = self.end - self.start
        return next(step for longest, step in STEPS if length <= longest)

    def ranges(self) -> list[Range]:
        """The fewest buckets that add up to the window."""
        return list(cover(*self.seconds))

    def step_ranges(self) -> list[Range]:
        """The fewest that add up to it without straddling a step."""
        return list(cover(*self.seconds, within(self.step)))

    def steps(self, since: datetime | None = None) -> list[int]:
        """The start of every step that the window touches, from the one of ``since`` on.

        A moment after its end, when nothing had happened yet, leaves out none.
        """
        start, end = self.seconds
        first = int(since.timestamp()) if since and since < self.end else start
        return list(range(max(start, first) // self.step * self.step, end, self.step))


class BadPeriod(ValueError):
    """No part of the last 24 hours, no basis, no verdict: the text says why, ``field`` where."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


class PastSpan(BadPeriod):
    """A span that is not, or no longer, within the last 24 hours."""


@dataclass(frozen=True)
class Period:
    """The part of the last 24 hours that a reader asks for: a window, or a span of minutes.

    ``basis`` is one of ``BASES``, or empty where that is left to the window. ``verdict`` is one
    of ``VERDICTS``, or empty for everybody.
    """

    name: str = DAY
    span: tuple[datetime, datetime] | None = None
    basis: str = ""
    verdict: str = ""

    @classmethod
    def parse(cls, given: Callable[[str], Sequence[str]], now: datetime) -> Self:
        """What the parameters ``window``, or ``from`` and ``to``, ask for; ``BadPeriod`` if none.

        ``basis`` and ``verdict`` go with either. ``given`` has the values of a parameter:
        ``request.GET.getlist``.
        """
        name, start, end = (_only_one(field, given(field)) for field in ("window", "from", "to"))
        basis = _one_of(BASES, "basis", given)
        verdict = _one_of(CHOSEN, "verdict", given).replace(EVERYBODY, "")
        if start is None and end is None:
            return cls(_known(name), basis=basis, verdict=verdict)
        if name is not None:
            raise BadPeriod("window", "Either a window, or from and to, not both.")
        return cls(span=_span(start, end, Window.at(now)), basis=basis, verdict=verdict)

    def window(self, now: datetime) -> Window:
        return Window(*self.span) if self.span else Window.at(now, self.name)

    @property
    def divided(self) -> str:
        """What rates divide: an open's message may well have left before a short window."""
        is_day = self.name == DAY and not self.span
        return self.basis or (WINDOW if is_day else RUN)

    @property
    def query(self) -> dict[str, str]:
        """The parameters that ask for it; none where it is asked for without."""
        more = {"basis": self.basis, "verdict": self.verdict}
        said = {name: value for name, value in more.items() if value}
        if self.span:
            start, end = map(rfc3339, self.span)
            return {"from": start, "to": end} | said
        return ({} if self.name == DAY else {"window": self.name}) | said


TODAY = Period()
"""The last 24 hours, which whoever asks for nothing else gets."""


def _only_one(field: str, values: Sequence[str]) -> str | None:
    if len(values) > 1:
        raise BadPeriod(field, "There can be one only.")
    return values[0] if values else None


def _known(name: str | None) -> str:
    if name is None:
        return DAY
    if name not in WINDOWS:
        raise BadPeriod("window", f"{name[:50]!r} is none of {', '.join(WINDOWS)}.")
    return name


def _one_of(known: Sequence[str], field: str, given: Callable[[str], Sequence[str]]) -> str:
    name = _only_one(field, given(field))
    if name is not None and name not in known:
        raise BadPeriod(field, f"{name[:50]!r} is none of {', '.join(known)}.")
    return name or ""


def _span(start: str | None, end: str | None, day: Window) -> tuple[datetime, datetime]:
    first, last = _minute("from", start), _minute("to", end)
    if first >= last:
        raise BadPeriod("from", "It must be before to.")
    for field, moment in (("from", first), ("to", last)):
        if not day.start <= moment <= day.end:
            raise PastSpan(field, f"{rfc3339(moment)} is not within the last 24 hours.")
    return first, last


def _minute(field: str, text: str | None) -> datetime:
    if text is None:
        raise BadPeriod(field, "A span has from and to.")
    try:
        moment = instant_in_url(text)
    except ValueError as error:
        raise BadPeriod(field, str(error)) from error
    if moment.second or moment.microsecond:
        raise BadPeriod(field, f"{text[:50]!r} is not a whole minute.")
    return moment
