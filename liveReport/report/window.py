"""The report's time: the last 24 hours in whole minutes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from liveReport.counts.tiers import STEP, TIERS, Range, cover

LENGTH = timedelta(hours=24)


@dataclass(frozen=True)
class Window:
    """1,440 whole minutes, the running one included: ``start`` ≤ event < ``end``."""

    start: datetime
    end: datetime

    @classmethod
    def at(cls, now: datetime) -> "Window":
        end = now.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        return cls(end - LENGTH, end)

    @property
    def seconds(self) -> tuple[int, int]:
        return int(self.start.timestamp()), int(self.end.timestamp())

    def ranges(self) -> list[Range]:
        """The fewest buckets that add up to the window."""
        return list(cover(*self.seconds))

    def step_ranges(self) -> list[Range]:
        """The fewest that add up to it without straddling a step."""
        return list(cover(*self.seconds, [tier for tier in TIERS if tier <= STEP]))

    def steps(self) -> list[int]:
        """The start of every step that the window touches."""
        start, end = self.seconds
        return list(range(start // STEP * STEP, end, STEP))
