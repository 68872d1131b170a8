"""What the rollups say of one channel, added up as a frame asks for it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from liveReport.channels import EXECUTION, OTHER, Channel, Count, Gauge, Metric, Profiles
from liveReport.counts.cells import OTHER_EXECUTIONS
from liveReport.counts.sketch import Estimate, estimate
from liveReport.engines import reads
from liveReport.models import Campaign

from .window import Window

Key = str | int
"""What tells rows apart: a dimension value, an execution or a step; "" for no rows."""


@dataclass
class Tally:
    """A number in the making: events counted, or sketches of profiles to unite.

    ``count`` is how many events there are, of which a number of profiles, if it is an
    estimate, knows that there cannot be more.
    """

    count: int = 0
    sketches: list[bytes] | None = None

    def add(self, other: "Tally") -> None:
        self.count += other.count
        if other.sketches is not None:
            self.sketches = [*(self.sketches or ()), *other.sketches]

    @property
    def value(self) -> int:
        if self.sketches is None:
            return self.count
        if not self._profiles.approximate:
            return self._profiles.value
        return min(self._profiles.value, self.count)

    @property
    def approximate(self) -> bool:
        return self.sketches is not None and self._profiles.approximate

    @cached_property
    def _profiles(self) -> Estimate:
        return estimate(self.sketches or ())


NOTHING = Tally()
"""Where there is none; nobody adds to it."""

Tallies = dict[Key, Tally]


@dataclass
class ChannelTallies:
    """The numbers of one channel of a campaign in a window, for some executions or all.

    ``executions`` are in microseconds. Reads lazily, each kind of number once for
    all the widgets that share the object.
    """

    campaign: Campaign
    channel: Channel
    window: Window
    executions: Sequence[int] = ()
    _known: dict[tuple[str, str], Tallies] = field(default_factory=dict)

    def of(self, metric: Metric, by: str = "") -> Tallies:
        """A stored metric over the window, whole, by dimension or by execution."""
        if (metric.key, by) not in self._known:
            self._known[metric.key, by] = self._of(metric, by)
        return self._known[metric.key, by]

    def _of(self, metric: Metric, by: str) -> Tallies:
        if isinstance(metric, Gauge):
            return self._waiting(metric, by)
        if isinstance(metric, Count):
            return self.events(metric.events, by)
        if isinstance(metric, Profiles):
            return self.profiles(metric.events, by)
        raise TypeError(f"{metric.key} is not stored")

    def whole(self, metric: Metric) -> Tally:
        """A stored metric over the whole window."""
        return self.of(metric).get("", NOTHING)

    def by_step(self, metric: Metric) -> Tallies:
        """A count or a number of profiles for each step in which there was any."""
        if isinstance(metric, Profiles):
            return self.profiles_by_step(metric.events)
        if isinstance(metric, Count):
            return self.events_by_step(metric.events)
        raise TypeError(f"{metric.key} has no history")

    def events(self, types: Sequence[str], by: str = "") -> Tallies:
        return _grouped(
            (_key(row, by), Tally(self._counts.get(row.pk, 0))) for row in self._rows(types, by)
        )

    def profiles(self, types: Sequence[str], by: str = "") -> Tallies:
        return _grouped(
            (_key(row, by), Tally(self._counts.get(row.pk, 0), self._sketches.get(row.pk, [])))
            for row in self._rows(types, by)
        )

    def events_by_step(self, types: Sequence[str]) -> Tallies:
        return _grouped(
            (step, Tally(count))
            for row in self._rows(types)
            for step, count in self._counts_by_step.get(row.pk, {}).items()
        )

    def profiles_by_step(self, types: Sequence[str]) -> Tallies:
        return _grouped(
            (step, Tally(self._counts_by_step.get(row.pk, {}).get(step, 0), sketches))
            for row in self._rows(types)
            for step, sketches in self._sketches_by_step.get(row.pk, {}).items()
        )

    def _waiting(self, gauge: Gauge, by: str) -> Tallies:
        if not by:
            return _grouped(("", tally) for tally in self.of(gauge, EXECUTION).values())
        start, end = (second * 1_000_000 for second in self.window.seconds)
        found = reads.waiting(
            self.campaign.pk, self.channel.slug, gauge.key, start, end, self.executions
        )
        return {_run(execution): Tally(count) for execution, count in found.items()}

    def _rows(self, types: Sequence[str], by: str = "") -> list[reads.SeriesRow]:
        dimension = "" if by == EXECUTION else by
        kinds = dict.fromkeys((kind, dimension) for kind in types)
        return [row for kind in kinds for row in self._by_kind.get(kind, ())]

    @cached_property
    def _by_kind(self) -> dict[reads.SeriesOf, list[reads.SeriesRow]]:
        found: dict[reads.SeriesOf, list[reads.SeriesRow]] = defaultdict(list)
        for row in self._series:
            found[row.type, row.dimension].append(row)
        return found

    @cached_property
    def _series(self) -> list[reads.SeriesRow]:
        wanted = self._wanted
        return reads.series(self.campaign.pk, self.channel.slug, wanted, self.executions)

    @cached_property
    def _wanted(self) -> set[reads.SeriesOf]:
        """All that the channel's roles and widgets may ask for."""
        roles = (*self.channel.audience, *self.channel.deliveries, *self.channel.errors)
        wanted = {(event, "") for event in roles}
        for widget in self.channel.widgets:
            by = "" if widget.by == EXECUTION else widget.by
            for metric in self.channel.base_metrics(widget):
                if isinstance(metric, Count | Profiles):
                    wanted.update((event, at) for event in metric.events for at in ("", by))
        return wanted

    @cached_property
    def _counts(self) -> dict[int, int]:
        return reads.counts([row.pk for row in self._series], self.window.ranges())

    @cached_property
    def _sketches(self) -> dict[int, list[bytes]]:
        return reads.sketches(self._sketched(), self.window.ranges())

    @cached_property
    def _counts_by_step(self) -> dict[int, dict[int, int]]:
        whole = [row.pk for row in self._series if not row.dimension]
        return reads.counts_by_step(whole, self.window.step_ranges())

    @cached_property
    def _sketches_by_step(self) -> dict[int, dict[int, list[bytes]]]:
        return reads.sketches_by_step(self._sketched(whole=True), self.window.step_ranges())

    def _sketched(self, *, whole: bool = False) -> list[int]:
        return [
            row.pk
            for row in self._series
            if (row.type, row.dimension) in self.channel.sketched and not (whole and row.dimension)
        ]


def _key(row: reads.SeriesRow, by: str) -> Key:
    return _run(row.execution) if by == EXECUTION else row.value


def _run(execution: int) -> Key:
    """What tells an execution's row apart."""
    return OTHER if execution == OTHER_EXECUTIONS else execution


def _grouped(pairs: Iterable[tuple[Key, Tally]]) -> Tallies:
    """Tallies added up by key."""
    found: Tallies = defaultdict(Tally)
    for key, tally in pairs:
        found[key].add(tally)
    return dict(found)
