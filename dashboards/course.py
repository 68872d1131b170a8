"""How far the numbers reach into the steps of a window, and what to call both.

A step that is cut, by the window's start or because it still runs, has less in it than the
others. Drawn as it is it would look like a fall; it is drawn at the pace of what there is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from liveReport.report.window import Window

from .moments import Clock

LEAST = 0.25
"""The share of a step that must be there to draw it at its pace; the line ends before less."""
QUANTA = 10
"""So many times in each step pictures move because time passes."""


@dataclass(frozen=True)
class Course:
    """A window, and how far the numbers reach: everything ``until`` then is in them."""

    window: Window
    until: datetime

    @property
    def step(self) -> timedelta:
        return timedelta(seconds=self.window.step)

    @property
    def key(self) -> tuple[object, ...]:
        """Differs when the picture of the same numbers does, because time has passed."""
        until = min(self.until, self.window.end).timestamp()
        return (until * QUANTA // self.window.step,)

    def cut(self, starts: Sequence[datetime]) -> dict[int, float | None]:
        """By what to multiply the numbers of steps that are not whole, by their place.

        ``None`` where too little of a step is there to say, unless that is all there is.
        """
        shares = {place: self._share(start) for place, start in enumerate(starts)}
        found = {place: at_pace(share) for place, share in shares.items() if share < 1}
        nothing_drawn = len(found) == len(starts) and not any(found.values())
        return found | {0: 1.0} if nothing_drawn and starts else found

    def running(self, starts: Sequence[datetime]) -> int:
        """The place of the first step that still counts; their number if none does."""
        still = (
            place
            for place, start in enumerate(starts)
            if min(start + self.step, self.window.end) > self.until
        )
        return next(still, len(starts))

    def _share(self, start: datetime) -> float:
        first = max(start, self.window.start)
        last = min(start + self.step, self.window.end, self.until)
        return max(0.0, (last - first) / self.step)


def at_pace(share: float) -> float | None:
    """By what to multiply the numbers of a share of a step; ``None`` where it is too little."""
    return round(1 / share, 4) if share >= LEAST else None


def drawn(values: Sequence[int], cut: Mapping[int, float | None]) -> list[float | None]:
    """The values as a line shows them: those of steps that are cut at their pace, or not at all."""
    return [
        value * factor if (factor := cut.get(place, 1)) is not None else None
        for place, value in enumerate(values)
    ]


def whole(count: int, cut: Mapping[int, float | None]) -> tuple[int, int]:
    """The first step of so many that is whole, and the end of the whole ones."""
    first, end = 0, count
    while end > first and end - 1 in cut:
        end -= 1
    while first < end and first in cut:
        first += 1
    return first, end


def starts(times: Sequence[object]) -> list[datetime]:
    """The starts of steps as frames name them."""
    return [datetime.fromisoformat(str(time)).astimezone(UTC) for time in times]


def title(window: Window, clock: Clock) -> str:
    """“Last hour”, or from when to when."""
    named = {
        "15m": _("Last 15 minutes"),
        "1h": _("Last hour"),
        "6h": _("Last 6 hours"),
        "24h": _("Last 24 hours"),
    }
    return named.get(window.name or "", "") or clock.span(window.start, window.end)


def nothing(window: Window) -> str:
    """What to say where there is nothing to show."""
    named = {
        "15m": _("Nothing in the last 15 minutes"),
        "1h": _("Nothing in the last hour"),
        "6h": _("Nothing in the last 6 hours"),
        "24h": _("Nothing in the last 24 hours"),
    }
    return named.get(window.name or "", "") or _("Nothing in this span")


def step_in_words(window: Window) -> str:
    """“15 minutes”."""
    minutes = window.step // 60
    return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
