"""What a channel declares: event types, dimensions, metrics and widgets.

Everything here is an immutable description. What sets one kind of metric or widget
apart is said here, once, as a property of its class: the core reads these to validate
events, to decide what to roll up and to build frames, and asks nobody for their kind.
A plugin never talks to the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import ClassVar

from .causes import Cause, cause_among
from .texts import Text
from .values import domain_name, trimmed

NONE = "__none__"
"""The dimension value of events that carry none."""

OTHER = "__other__"
"""The row into which everything beyond a widget's limit is folded."""

EXECUTION = "execution"
"""Pass as ``by=`` for a row per run of a recurring campaign."""

TONES = (
    "slate", "grey", "blue", "sky", "teal", "olive", "amber", "red", "violet", "magenta",
    "pink", "brown",
)  # fmt: skip
"""What a metric can pass as ``tone=``: names to which the pages give a colour."""

Only = tuple[str, str]
"""A dimension and the one value of it that counts."""

ALL: Only = ("", "")
"""Events count whatever their dimensions say."""

VERDICT = "verdict"
"""The dimension that says who did it. Readers can ask for one of its values alone."""
VERDICTS = ("human", "machine")
"""All that it can say."""


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """A property by which events of a channel can be broken down.

    ``choices`` closes the set: any other value is refused at ingest. ``labels``
    only names well-known values; an unknown one is shown as it came. ``causes`` says who has to
    act on a value, and how; one that ends with ``*`` stands for all that begin like it.
    ``domain_names`` says that values are such, and compared as in DNS.

    Where an event does not say it, it can be ``derived_from`` what the event says of another
    dimension, by ``rules``: a value for each choice of that one, which administrators can
    change. The other is evidence: it is kept with the events, and no number is told apart by it.
    """

    key: str
    label: Text
    choices: Mapping[str, Text] = field(default_factory=dict)
    labels: Mapping[str, Text] = field(default_factory=dict)
    causes: Mapping[str, Cause] = field(default_factory=dict)
    domain_names: bool = False
    derived_from: str = ""
    rules: Mapping[str, str] = field(default_factory=dict)

    def value_of(self, text: str) -> str:
        """The value that events which say ``text`` are counted under; "" if they say nothing."""
        value = trimmed(text)
        if not self.domain_names:
            return value
        name = domain_name(value)
        return value if name in (NONE, OTHER) else name

    def label_of(self, value: str) -> Text:
        """The human name of one value, the value itself when it has none."""
        return self._labels.get(self.value_of(value)) or value

    def cause_of(self, value: str) -> Cause | None:
        """Who has to act on a value, and how, if that is known."""
        return cause_among(self.causes, self.value_of(value))

    @cached_property
    def _labels(self) -> dict[str, Text]:
        """By the value that is counted, however it is spelt where it is declared."""
        named = {**self.labels, **{value: text for value, text in self.choices.items() if text}}
        return {self.value_of(value): text for value, text in named.items()}


@dataclass(frozen=True, kw_only=True)
class EventType:
    """Something that can happen to a profile, and the dimensions it may carry."""

    key: str
    label: Text
    dimensions: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A number of the report. Use one of the subclasses.

    ``rate`` names the Rate to show with the number wherever it stands. ``tone``, one of
    ``TONES``, is its colour in every widget: metrics of the same meaning share one
    across channels. Without, it takes the next that is free in its widget.
    """

    key: str
    label: Text
    definition: Text
    rate: str = ""
    tone: str = ""

    unit: ClassVar[str] = "events"
    additive: ClassVar[bool] = False
    """Whether values over disjoint sets of events may be summed."""
    is_stored: ClassVar[bool] = True
    """Whether the rollups have it, rather than the two that it divides."""
    is_distinct: ClassVar[bool] = False
    """Whether it counts profiles instead of events."""
    has_history: ClassVar[bool] = True
    """Whether it is told apart by time and by dimension; else it is known for now only."""

    @property
    def terms(self) -> tuple[str, ...]:
        """The keys of the stored metrics that its value is made of."""
        return (self.key,)

    @property
    def event_types(self) -> Sequence[str]:
        """The keys of the event types that it looks at itself."""
        return ()

    @property
    def only(self) -> Only:
        """What its events have to say to be counted."""
        return ALL

    @property
    def is_bad(self) -> bool:
        """Whether it tells of harm: the higher, the worse."""
        return False

    @property
    def contradictions(self) -> Sequence[str]:
        """What in the declaration does not go together, for the system checks."""
        return ()

    @property
    def denominators(self) -> tuple[str, ...]:
        """The keys of what is added up to divide by; none of a number."""
        return ()

    @property
    def is_proportion(self) -> bool:
        """Whether it divides a part by the whole that it belongs to."""
        return False

    def value(self, terms: Mapping[str, int]) -> int | float | None:
        """Its value, made of those of its terms by key."""
        return terms[self.key]

    def base(self, terms: Mapping[str, int], events: Mapping[str, int]) -> tuple[int, int] | None:
        """What its value stands on, if on anything: what is divided and by what, or the
        profiles and how many events they had."""
        return None


@dataclass(frozen=True, kw_only=True)
class Count(Metric):
    """How many events of these types occurred.

    ``where={"category": "hard"}`` counts those only that carry this value. It names one
    dimension, because events are counted by each dimension apart and never by two at
    once; one with ``choices``, because of an open one not every value is kept apart
    (what is rare is counted as ``OTHER``) and the count would be short without a word.
    """

    events: Sequence[str]
    where: Mapping[str, str] = field(default_factory=dict)

    additive: ClassVar[bool] = True

    @property
    def event_types(self) -> Sequence[str]:
        return self.events

    @property
    def only(self) -> Only:
        return next(iter(self.where.items()), ALL)

    @property
    def contradictions(self) -> Sequence[str]:
        apart = "where names several dimensions, but events are counted by each of them apart."
        return (apart,) if len(self.where) > 1 else ()


@dataclass(frozen=True, kw_only=True)
class Profiles(Metric):
    """How many distinct profiles had an event of these types.

    Exact up to 16,384 profiles, an estimate (0.8 % standard error) beyond. Never
    a sum: a profile met in two minutes, rows or executions counts once.
    """

    events: Sequence[str]

    unit: ClassVar[str] = "profiles"
    is_distinct: ClassVar[bool] = True

    @property
    def event_types(self) -> Sequence[str]:
        return self.events

    def base(self, terms: Mapping[str, int], events: Mapping[str, int]) -> tuple[int, int] | None:
        return terms[self.key], events[self.key]


@dataclass(frozen=True, kw_only=True)
class Gauge(Metric):
    """How many messages are in a state now.

    A message is in the state when the latest of its ``latest_of`` events is
    ``state``. Of two at the same instant, the later in ``latest_of`` wins.
    Events without ``message`` are not tracked.
    """

    latest_of: Sequence[str]
    state: str

    unit: ClassVar[str] = "messages"
    additive: ClassVar[bool] = True
    has_history: ClassVar[bool] = False

    @property
    def event_types(self) -> Sequence[str]:
        return self.latest_of

    @property
    def contradictions(self) -> Sequence[str]:
        known = self.state in self.latest_of
        return () if known else (f"state {self.state!r} is not in latest_of.",)


@dataclass(frozen=True, kw_only=True)
class Rate(Metric):
    """One metric divided by another, or by the sum of several; never stored.

    Undefined (``null``) when the denominator is 0 or the quotient exceeds 1,
    which in a sliding window means that the two no longer describe the same
    messages. ``can_exceed`` says that what is divided is no part of what divides it, as
    delivered is of sent: one email can be opened repeatedly. Of the others one can tell how
    far chance may have moved them. A ``bad`` one tells of harm: the higher, the worse.
    """

    numerator: str
    denominator: str | Sequence[str]
    can_exceed: bool = False
    bad: bool = False

    unit: ClassVar[str] = "ratio"
    is_stored: ClassVar[bool] = False

    @property
    def denominators(self) -> tuple[str, ...]:
        several = not isinstance(self.denominator, str)
        return tuple(self.denominator) if several else (str(self.denominator),)

    @property
    def is_bad(self) -> bool:
        return self.bad

    @property
    def terms(self) -> tuple[str, ...]:
        return (self.numerator, *self.denominators)

    @property
    def is_proportion(self) -> bool:
        return not self.can_exceed

    def base(self, terms: Mapping[str, int], events: Mapping[str, int]) -> tuple[int, int] | None:
        return self._quotient(terms)

    def value(self, terms: Mapping[str, int]) -> int | float | None:
        part, whole = self._quotient(terms)
        return round(part / whole, 6) if 0 <= part <= whole and whole else None

    def _quotient(self, terms: Mapping[str, int]) -> tuple[int, int]:
        return terms[self.numerator], sum(terms[key] for key in self.denominators)


def gauges_of(metrics: Iterable[Metric]) -> tuple[Gauge, ...]:
    """Those that are kept as the states of messages."""
    return tuple(metric for metric in metrics if isinstance(metric, Gauge))


class Axis(StrEnum):
    """What the rows of a widget's frame stand for."""

    NONE = ""
    """There is one row: the whole window."""
    STEPS = "steps"
    """Quarters of an hour."""
    ROWS = "rows"
    """Values of a dimension, or executions."""


@dataclass(frozen=True, kw_only=True)
class Widget:
    """A tile of a tab. Use one of the subclasses.

    ``size`` is the default (columns of 12, rows of 40 px); ``only_with_data``
    hides the widget until one of its metrics has counted something in the
    window; of more than ``limit`` rows the smallest fold into ``__other__``. One that is not
    there ``by_default`` waits in the gallery until somebody adds it. ``whole`` names those
    of its metrics that exclude each other and make up one whole, so that their sum means
    something: only these are stacked, or shown as shares.

    A kind is a subclass here, and a file of its name for each layer of the pages: see
    ``dashboards.pictures``.
    """

    key: str
    title: Text
    help: Text
    metrics: Sequence[str]
    size: tuple[int, int] = (6, 7)
    only_with_data: bool = False
    by_default: bool = True
    limit: int = 50
    whole: Sequence[str] = ()

    kind: ClassVar[str] = ""
    by: str = ""
    apart: bool = False

    @property
    def axis(self) -> Axis:
        """What its rows stand for; ``ROWS`` where it takes ``by``."""
        return Axis.ROWS if self.by else Axis.NONE

    @property
    def also(self) -> Sequence[str]:
        """The other kinds that its frame may be shown as, the likeliest first."""
        raise NotImplementedError

    @property
    def has_rates(self) -> bool:
        """Whether each of its numbers has room for its rate."""
        raise NotImplementedError

    @property
    def parts(self) -> Sequence[str]:
        """Those of its metrics that make up one whole."""
        return self.whole

    @property
    def dimension(self) -> str:
        """The dimension that it has a row for each value of; "" for none."""
        return "" if self.by == EXECUTION else self.by


@dataclass(frozen=True, kw_only=True)
class Kpi(Widget):
    """Tiles: one number each, with its rate and a sparkline."""

    size: tuple[int, int] = (12, 4)

    kind: ClassVar[str] = "kpi"

    @property
    def axis(self) -> Axis:
        return Axis.NONE

    @property
    def also(self) -> Sequence[str]:
        return ("parts", "table")

    @property
    def has_rates(self) -> bool:
        return True


@dataclass(frozen=True, kw_only=True)
class TimeSeries(Widget):
    """The metrics over the window, in the steps that go with its length.

    Where one would flatten the others they are drawn ``apart`` at first, each on its own scale.
    """

    size: tuple[int, int] = (12, 8)

    kind: ClassVar[str] = "series"

    @property
    def axis(self) -> Axis:
        return Axis.STEPS

    @property
    def also(self) -> Sequence[str]:
        return ("table", "kpi")

    @property
    def has_rates(self) -> bool:
        return False


@dataclass(frozen=True, kw_only=True)
class Table(Widget):
    """A row for each value of ``by`` (a dimension or ``EXECUTION``), or just one."""

    size: tuple[int, int] = (12, 7)

    kind: ClassVar[str] = "table"

    @property
    def also(self) -> Sequence[str]:
        if self.by == EXECUTION:
            return ("kpi",)
        return ("parts",) if self.by else ("kpi", "parts")

    @property
    def has_rates(self) -> bool:
        return True


@dataclass(frozen=True, kw_only=True)
class Parts(Widget):
    """Shares of a whole: the first metric by a dimension, or one metric a share."""

    kind: ClassVar[str] = "parts"

    @property
    def parts(self) -> Sequence[str]:
        return self.whole or (() if self.by else self.metrics)

    @property
    def also(self) -> Sequence[str]:
        return ("table",) if self.by else ("kpi", "table")

    @property
    def has_rates(self) -> bool:
        return True


METRICS = tuple(Metric.__subclasses__())
"""Every kind of metric that can be declared."""

WIDGETS = tuple(Widget.__subclasses__())
"""Every kind of widget that can be declared."""
