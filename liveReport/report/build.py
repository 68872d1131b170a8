"""From tallies to frames: rows in order, the rest folded, rates derived."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache, partial

from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    EXECUTION,
    NONE,
    OTHER,
    Axis,
    Channel,
    Metric,
    Text,
    Widget,
)
from liveReport.events.moments import rfc3339

from .frames import Base, Bases, Behind, Column, Frame, Row, WidgetInfo, WidgetReport
from .tally import NOTHING, ChannelTallies, Key, Tally
from .window import EVERYBODY, RUN, Window

logger = logging.getLogger(__name__)

TallyOf = Mapping[str, Tally]
"""By the key of the metric."""


@dataclass(frozen=True)
class RowTallies:
    """The tallies of base metrics: ``counted`` in the window, and those that rates divide.

    Both are the same where rates divide what happened in the window.
    """

    counted: TallyOf
    divided: TallyOf

    @classmethod
    def of(cls, tallies: ChannelTallies, take: Callable[[ChannelTallies], TallyOf]) -> "RowTallies":
        """What ``take`` finds in the numbers of the window, and in those that rates divide."""
        counted = take(tallies)
        return cls(counted, counted if tallies.rated is tallies else take(tallies.rated))

    @classmethod
    def united(cls, rows: Sequence["RowTallies"]) -> "RowTallies":
        counted = _united(row.counted for row in rows)
        is_same = all(row.divided is row.counted for row in rows)
        return cls(counted, counted if is_same else _united(row.divided for row in rows))

    @cached_property
    def terms(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """What metrics are made of: in the window, and where they are rates."""
        counted = {key: tally.value for key, tally in self.counted.items()}
        if self.divided is self.counted:
            return counted, counted
        return counted, {key: tally.value for key, tally in self.divided.items()}

    def under(self, metric: Metric) -> TallyOf:
        """Those that make up a metric."""
        return self.counted if metric.is_stored else self.divided


KeyedTallies = tuple[Key, RowTallies]

RUN_NAMES: dict[str, Text] = {NONE: _("Without a run"), OTHER: _("Other executions")}
"""What people call what is no single execution."""


def widget_report(tallies: ChannelTallies, widget: Widget, *, incomplete: bool) -> WidgetReport:
    """A widget with its frame, or without one when building it failed: it fails alone."""
    channel = tallies.channel
    info = channel_widget_info(channel, widget)
    if info.has_verdicts:
        tallies = tallies.chosen
    frame, trend = guarded(
        info.slug,
        lambda: (_frame(tallies, widget, incomplete=incomplete), _trend(tallies, widget)),
    ) or (None, None)
    return WidgetReport(
        **vars(info),
        definitions={m.key: m.definition for m in channel.columns(widget)},
        rates=channel.rates(widget),
        frame=frame,
        trend=trend,
        names=_names(channel, widget, frame) if frame else {},
    )


def widget_info(tab: str, widget: Widget, metrics: Mapping[str, Metric]) -> WidgetInfo:
    """What a declared widget is, without its numbers."""
    shown = [metrics[key] for key in widget.metrics if key in metrics]
    return WidgetInfo(
        slug=f"{tab}.{widget.key}",
        title=widget.title,
        help=widget.help,
        kind=widget.kind,
        kinds=[widget.kind, *widget.also],
        size=widget.size,
        only_with_data=widget.only_with_data,
        by_default=widget.by_default,
        metrics={metric.key: metric.label for metric in shown},
        whole=widget.parts,
        apart=widget.apart,
        adds_up=_adds_up(widget, shown),
    )


def _adds_up(widget: Widget, metrics: Sequence[Metric]) -> bool:
    """Whether what it shows side by side makes up one whole.

    The rows of a dimension or of executions do for what can be summed: a profile can be
    met in several of them.
    """
    if widget.axis == Axis.ROWS:
        return bool(metrics) and metrics[0].additive
    return (
        {metric.key for metric in metrics if metric.additive}
        == {*widget.metrics}
        == {*widget.parts}
    )


def channel_widget_info(channel: Channel, widget: Widget) -> WidgetInfo:
    """The same of a channel's widget, which can have rates, and be of one verdict."""
    info = widget_info(channel.slug, widget, channel.metric_by_key)
    rates, verdicts = bool(channel.rates(widget)), channel.has_verdicts(widget)
    return replace(info, has_rates=rates, has_verdicts=verdicts)


def guarded(
    slug: str, build: Callable[[], tuple[Frame, Frame | None]]
) -> tuple[Frame, Frame | None] | None:
    """What ``build`` returns, or ``None`` (logged) when it raises."""
    try:
        return build()
    except Exception:  # any plugin's mistake must stay inside its own widget
        logger.exception("The widget %s failed", slug)
        return None


def has_data(tallies: ChannelTallies, widget: Widget) -> bool:
    """Whether any of the widget's metrics has counted something in the 24 hours."""
    return any(tallies.is_there(metric) for metric in tallies.channel.base_metrics(widget))


def metric_column(metric: Metric) -> Column:
    """The column that shows a metric."""
    return Column(
        key=metric.key, label=metric.label, role="metric", unit=metric.unit, tone=metric.tone
    )


def column_of(tallies: ChannelTallies, metric: Metric) -> Column:
    """The column of a channel's metric, which knows what the values stand on."""
    channel = tallies.channel
    events = channel.events_behind(metric)
    of = [events] if events else [channel.metric_by_key[key] for key in metric.denominators]
    behind = Behind.of(channel, metric, tallies.only(metric) if metric.is_stored else None)
    return replace(
        metric_column(metric),
        of=[m.label for m in of],
        is_proportion=metric.is_proportion,
        behind={"": behind} if behind else {},
    )


def time_column() -> Column:
    """The column that shows the start of a step."""
    return Column(key="time", label=_("Time"), role="time")


def execution_column() -> Column:
    """The column that shows the start of a run."""
    return Column(key=EXECUTION, label=_("Execution time"), role="execution")


@lru_cache(maxsize=512)
def utc(seconds: float) -> str:
    """RFC 3339, as frames carry times; fractions only where there are any."""
    return rfc3339(datetime.fromtimestamp(seconds, UTC))


def _frame(tallies: ChannelTallies, widget: Widget, *, incomplete: bool) -> Frame:
    channel = tallies.channel
    metrics = channel.columns(widget)
    base = channel.base_metrics(widget)
    totals = whole_row(tallies, base)
    axis, keyed = _rows(tallies, widget, base, totals)
    rates = [metric for metric in metrics if not metric.is_stored]
    row_estimates = [estimates(metrics, row) for _key, row in keyed]
    shown = [key for key, _row in keyed]
    return Frame(
        columns=[*axis, *(column_of(tallies, metric) for metric in metrics)],
        rows=[{**key, **values(metrics, row)} for key, row in keyed],
        totals=values(metrics, totals),
        estimates=row_estimates if any(row_estimates) else (),
        total_estimates=estimates(metrics, totals),
        basis=tallies.basis,
        verdict=tallies.verdict if tallies.origin else EVERYBODY,
        incomplete=[rate.key for rate in rates] if incomplete else [],
        folded=_folded(tallies, widget, base, shown),
        bases=[] if widget.axis == Axis.STEPS else [_bases(metrics, row) for _key, row in keyed],
        total_bases=_bases(metrics, totals),
        partial=_began_before(tallies.window, widget, shown),
        cut=_began_before(_divided(tallies), widget, shown),
    )


def whole_row(tallies: ChannelTallies, metrics: Iterable[Metric]) -> RowTallies:
    """Of some stored metrics all that there is."""
    stored = list(metrics)
    return RowTallies.of(tallies, lambda of: {metric.key: of.whole(metric) for metric in stored})


def _divided(tallies: ChannelTallies) -> Window:
    """What rates divide the numbers of."""
    return tallies.day if tallies.basis == RUN else tallies.window


def _began_before(window: Window, widget: Widget, shown: Sequence[Row]) -> list[str]:
    """The runs that began before a window, of which it may not have all."""
    if widget.by != EXECUTION:
        return []
    runs = [str(row[EXECUTION]) for row in shown if row[EXECUTION] not in (NONE, OTHER)]
    return [run for run in runs if datetime.fromisoformat(run) < window.start]


def _folded(
    tallies: ChannelTallies, widget: Widget, base: Sequence[Metric], shown: Sequence[Row]
) -> int:
    """The events whose value was not counted apart, or whose execution is not shown apart."""
    if not widget.by:
        return 0
    found = tallies.events_of(base, widget.by)
    if widget.by != EXECUTION:
        return found.get(OTHER, NOTHING).count
    apart = {row[EXECUTION] for row in shown} - {OTHER}
    return sum(tally.count for key, tally in found.items() if execution_name(key) not in apart)


def _rows(
    tallies: ChannelTallies, widget: Widget, base: Sequence[Metric], totals: RowTallies
) -> tuple[list[Column], list[tuple[Row, RowTallies]]]:
    """The column that tells rows apart, if any, and the rows' keys and tallies."""
    if widget.axis == Axis.STEPS:
        return [time_column()], _step_rows(tallies, base)
    if not widget.by:
        return [], [({}, totals)]
    rows = _keyed_rows(tallies, base, widget.by)
    if widget.by == EXECUTION:
        kept = _latest_first(_fold_rest(_busiest_first(rows), widget.limit))
        return [execution_column()], [({EXECUTION: execution_name(key)}, row) for key, row in kept]
    rows.sort(key=lambda row: (-row[1].counted[base[0].key].value, str(row[0])))
    column = Column(
        key=widget.by, label=tallies.channel.dimension_by_key[widget.by].label, role="dimension"
    )
    return [column], [({widget.by: str(key)}, row) for key, row in _fold_rest(rows, widget.limit)]


def _keyed_rows(tallies: ChannelTallies, base: Sequence[Metric], by: str) -> list[KeyedTallies]:
    """What there is of each value or execution of which there is anything."""
    keys = {key for metric in base for key in tallies.of(metric, by)}
    rows = [(key, RowTallies.of(tallies, partial(_row_of, key, base, by))) for key in keys]
    return [row for row in rows if any(tally.value for tally in row[1].counted.values())]


def _row_of(key: Key, base: Sequence[Metric], by: str, tallies: ChannelTallies) -> TallyOf:
    return {metric.key: tallies.of(metric, by).get(key, NOTHING) for metric in base}


def _busiest_first(runs: Sequence[KeyedTallies]) -> list[KeyedTallies]:
    """The largest first, by all that happened in them: an old one may be read only."""
    return sorted(
        runs,
        key=lambda run: (sum(tally.value for tally in run[1].counted.values()), _start(run)),
        reverse=True,
    )


def _latest_first(runs: Sequence[KeyedTallies]) -> list[KeyedTallies]:
    """In the order of their times, what is folded last."""
    return sorted(runs, key=_start, reverse=True)


def _start(run: KeyedTallies) -> int:
    return -1 if run[0] == OTHER else int(run[0])


def _step_rows(tallies: ChannelTallies, base: Sequence[Metric]) -> list[tuple[Row, RowTallies]]:
    found = {metric.key: tallies.by_step(metric) for metric in base}
    rows = (
        (step, {name: steps.get(step, NOTHING) for name, steps in found.items()})
        for step in tallies.steps
    )
    return [({"time": utc(step)}, RowTallies(row, row)) for step, row in rows]


def _fold_rest(rows: list[KeyedTallies], limit: int) -> list[KeyedTallies]:
    """Keep the largest rows and unite the others in one, with what was never kept apart."""
    apart = [row for row in rows if row[0] != OTHER]
    folded = [*apart[limit:], *(row for row in rows if row[0] == OTHER)]
    if not folded:
        return rows
    return [*apart[:limit], (OTHER, RowTallies.united([row for _key, row in folded]))]


def _united(rows: Iterable[TallyOf]) -> TallyOf:
    rest: dict[str, Tally] = {}
    for row in rows:
        for name, tally in row.items():
            rest.setdefault(name, Tally()).add(tally)
    return rest


def values(metrics: Iterable[Metric], row: RowTallies) -> Row:
    """The values of some metrics in a row, by key."""
    counted, divided = row.terms
    return {
        metric.key: metric.value(counted if metric.is_stored else divided) for metric in metrics
    }


def _bases(metrics: Sequence[Metric], row: RowTallies) -> Bases:
    """What rates divide, and the events of the profiles counted."""
    counted, divided = row.terms
    events = {key: tally.count for key, tally in row.counted.items()}
    found = {
        metric.key: metric.base(counted if metric.is_stored else divided, events)
        for metric in metrics
    }
    return {key: Base(*base) for key, base in found.items() if base}


def estimates(metrics: Iterable[Metric], row: RowTallies) -> list[str]:
    """The metrics that are estimates in this row. Nothing at all is always exact."""
    estimated = [m for m in metrics if any(row.under(m)[key].approximate for key in m.terms)]
    if not estimated:
        return []
    found = values(estimated, row)
    return [metric.key for metric in estimated if found[metric.key]]


def _trend(tallies: ChannelTallies, widget: Widget) -> Frame | None:
    """The course of a single-row widget's counts, for sparklines."""
    stored = [metric for metric in tallies.channel.columns(widget) if metric.is_stored]
    counts = [metric for metric in stored if metric.has_history and not metric.is_distinct]
    if widget.axis != Axis.NONE or not counts:
        return None
    rows = _step_rows(tallies, counts)
    return Frame(
        columns=[time_column(), *(metric_column(metric) for metric in counts)],
        rows=[{**key, **values(counts, row)} for key, row in rows],
        totals={metric.key: tallies.whole(metric).value for metric in counts},
    )


def execution_name(key: Key) -> str:
    """The value by which frames name the run that tells tallies apart."""
    if key == OTHER:
        return OTHER
    return utc(int(key) / 1_000_000) if key else NONE


def _names(channel: Channel, widget: Widget, frame: Frame) -> dict[str, Text]:
    """What people call the values of the frame's dimension, whatever their language."""
    dimension = channel.dimension_by_key.get(widget.by)
    common: dict[str, Text] = {NONE: _("Not given"), OTHER: _("Others")}
    if dimension is None:
        return RUN_NAMES if widget.by == EXECUTION else {}
    shown = [str(row[widget.by]) for row in frame.rows]
    return {value: common.get(value) or dimension.label_of(value) for value in shown}
