"""The frame: columns and rows, the one shape of every widget's data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, NamedTuple, Self

from liveReport.channels import ALL, Channel, Metric, Only, Text

from .window import EVERYBODY, WINDOW

Value = int | float | str | None
Row = dict[str, Value]


class Base(NamedTuple):
    """What a value stands on: a rate on a part and its whole, profiles on their events."""

    part: int
    whole: int


class Behind(NamedTuple):
    """The events that a number is made of: channels and types, and a value that they all have.

    ``is_distinct``: it counts their profiles.
    """

    kinds: tuple[tuple[str, str], ...]
    only: Only = ALL
    is_distinct: bool = False

    @classmethod
    def of(cls, channel: Channel, metric: Metric, only: Only | None = None) -> Self | None:
        """What is behind a channel's metric; nothing behind a rate or a gauge.

        ``only`` is what events have to say where that is more than the metric asks for.
        """
        if not (metric.is_stored and metric.has_history and metric.event_types):
            return None
        kinds = tuple((channel.slug, kind) for kind in metric.event_types)
        return cls(kinds, only or metric.only, metric.is_distinct)


Bases = Mapping[str, Base]
"""By metric, of those that stand on something."""


class MarkedRow(NamedTuple):
    """A row, or the totals, the metrics whose value in it is an estimate, and what they stand on.

    Of a ``partial`` row some events are from before the window, of a ``cut`` one some are from
    before what its rates divide.
    """

    values: Row
    estimates: Sequence[str] = ()
    bases: Bases = {}
    partial: bool = False
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Column:
    """``role`` is ``time``, ``execution``, ``dimension`` or ``metric``.

    ``unit`` is the metric's (``events``, ``profiles``, ``messages``, ``per_minute``,
    ``ratio``; ``time``, whose values are RFC 3339), else empty. ``tone`` is the colour
    that it asks for, if any. ``whole`` is the key of the metric that this one is a part of,
    where pages show how far it is. ``of`` names what a rate's whole, or the events behind a
    number of profiles, are called; ``is_proportion`` says that a rate's part belongs to
    its whole, and ``adds_up`` that a profile counts anew in each row. ``behind`` are the events
    that its values are made of: in all rows and the total under "", or by the value of the axis.
    """

    key: str
    label: Text
    role: str
    unit: str = ""
    tone: str = ""
    whole: str = ""
    of: Sequence[Text] = ()
    is_proportion: bool = False
    adds_up: bool = False
    behind: Mapping[str, Behind] = field(default_factory=dict)

    @property
    def is_moment(self) -> bool:
        """Whether its values are times, if they are not names."""
        return self.role in ("time", "execution") or self.unit == "time"

    @property
    def is_distinct(self) -> bool:
        """Whether what it counts can be in several rows, so that these do not add up."""
        return self.unit == "profiles" and not self.adds_up

    def as_json(self) -> dict[str, str]:
        shown = {"key": self.key, "label": str(self.label), "role": self.role}
        return shown | ({"unit": self.unit} if self.unit else {})


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What page, API and exports all show.

    ``totals`` has a value for each metric over all rows: their sum for counts,
    the union for profiles. ``estimates`` names for each row the metrics whose value
    in it is an estimate, and is empty when there is none in any row;
    ``total_estimates`` does for the totals. ``basis`` says what rates divide: the ``window``,
    or the 24 hours of each ``run`` that has events in it. ``incomplete`` names the rates whose
    denominator may miss messages that were sent before that began. ``folded``
    events have a value of the dimension that was not counted apart, or an execution
    that is not shown apart, because there were too many; they are in the row
    ``__other__``. ``bases`` and ``total_bases`` have what values stand on. ``partial`` names
    the rows, by their value of the axis, of which the window has not all: runs that began
    before it. ``cut`` does those that began before what rates divide. ``verdict`` says whose
    reactions its numbers are of, where there are any. A ``provisional`` one rests on a source that
    has fallen silent.
    """

    columns: Sequence[Column]
    rows: Sequence[Row]
    totals: Row
    estimates: Sequence[Sequence[str]] = ()
    total_estimates: Sequence[str] = ()
    incomplete: Sequence[str] = ()
    folded: int = 0
    bases: Sequence[Bases] = ()
    total_bases: Bases = field(default_factory=dict)
    partial: Sequence[str] = ()
    cut: Sequence[str] = ()
    basis: str = WINDOW
    verdict: str = EVERYBODY
    provisional: bool = False

    @property
    def axis(self) -> Column | None:
        """The column that tells the rows apart, when there is one."""
        return next((column for column in self.columns if column.role != "metric"), None)

    @property
    def axes(self) -> list[Column]:
        """All the columns that do: a channel, and its run."""
        return [column for column in self.columns if column.role != "metric"]

    @property
    def metrics(self) -> list[Column]:
        return [column for column in self.columns if column.role == "metric"]

    @property
    def approximate(self) -> list[str]:
        """The metrics of which any value is an estimate."""
        estimated = {*self.total_estimates, *chain.from_iterable(self.estimates)}
        return [column.key for column in self.metrics if column.key in estimated]

    @property
    def marked_rows(self) -> list[MarkedRow]:
        estimates = self.estimates or [()] * len(self.rows)
        bases = self.bases or [{}] * len(self.rows)
        partial, cut = (self._among(names) for names in (self.partial, self.cut))
        rows = zip(self.rows, estimates, bases, partial, cut, strict=True)
        return [MarkedRow(*row) for row in rows]

    def _among(self, names: Sequence[str]) -> list[bool]:
        """Of each row, whether its value of the axis is one of these."""
        axis = self.axis
        return [bool(names and axis and row[axis.key] in names) for row in self.rows]

    @property
    def marked_totals(self) -> MarkedRow:
        return MarkedRow(self.totals, self.total_estimates, self.total_bases, bool(self.partial))

    def as_json(self) -> dict[str, Any]:
        return {
            "columns": [column.as_json() for column in self.columns],
            "rows": list(self.rows),
            "totals": self.totals,
            "approximate": self.approximate,
            "estimates": {
                "rows": [list(row.estimates) for row in self.marked_rows],
                "totals": list(self.total_estimates),
            },
            "basis": self.basis,
            "verdict": self.verdict,
            "incomplete": list(self.incomplete),
            "partial": list(self.partial),
            "folded": self.folded,
            "provisional": self.provisional,
        }


@dataclass(frozen=True, kw_only=True)
class WidgetInfo:
    """What a tab offers, whether or not there is anything to show in it.

    ``kind`` is ``kpi``, ``series``, ``table`` or ``parts``; ``kinds`` lists all
    that the frame allows. ``size`` is the declared one, (columns, rows). ``channel`` is
    the label of the channel that it belongs to, where that is not the tab's. A widget that
    is not there ``by_default`` waits in the gallery until somebody adds it. ``has_rates``:
    some of its numbers have their rate with them. ``has_verdicts``: some can be told for people
    alone, or for machines. ``metrics`` has the labels of its metrics
    by key, and ``whole`` the keys of those that make up one whole. ``adds_up`` says that
    its rows or, where there is one, its metrics do. Metrics that are read ``apart`` have each
    its own scale at first.
    """

    slug: str
    title: Text
    help: Text
    kind: str
    kinds: Sequence[str]
    size: tuple[int, int]
    only_with_data: bool = False
    channel: Text = ""
    by_default: bool = True
    has_rates: bool = False
    has_verdicts: bool = False
    metrics: Mapping[str, Text] = field(default_factory=dict)
    whole: Sequence[str] = ()
    adds_up: bool = False
    apart: bool = False

    @property
    def heading(self) -> str:
        """Its title; that of another channel's widget says whose it is."""
        channel, title = str(self.channel), str(self.title)
        return title if title.startswith(channel) else f"{channel} · {title}"


@dataclass(frozen=True, kw_only=True)
class WidgetReport(WidgetInfo):
    """One widget with its frame, or ``None`` when that failed.

    ``trend`` is a series frame of the additive metrics for a KPI's sparklines.
    ``names`` maps dimension values to what people call them, ``definitions``
    metrics to what they mean, ``rates`` metrics to the rate shown with them, ``notes``
    metrics to why they may be undefined. ``remark`` says in a sentence what the frame shows.
    """

    definitions: dict[str, Text]
    frame: Frame | None
    trend: Frame | None = None
    rates: dict[str, str] = field(default_factory=dict)
    names: dict[str, Text] = field(default_factory=dict)
    notes: dict[str, Text] = field(default_factory=dict)
    remark: Text = ""

    def marked(self, *, provisional: bool) -> "WidgetReport":
        """The same with a frame that says whether it is provisional."""
        if self.frame is None or self.frame.provisional == provisional:
            return self
        return replace(self, frame=replace(self.frame, provisional=provisional))

    def as_json(self) -> dict[str, Any]:
        return {
            "slug": self.slug,
            "title": str(self.title),
            "help": str(self.help),
            "kind": self.kind,
            "kinds": list(self.kinds),
            "frame": self.frame.as_json() if self.frame else None,
        }
