"""What a channel declares: event types, dimensions, metrics and widgets.

Everything here is an immutable description without behaviour of its own. The
core reads the descriptions to validate events, to decide what to roll up and to
build frames; a plugin never talks to the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from django.utils.functional import Promise

from .values import domain_name, trimmed

Text = str | Promise
"""A label: a plain string, or one wrapped in ``gettext_lazy``."""

NONE = "__none__"
"""The dimension value of events that carry none."""

OTHER = "__other__"
"""The row into which everything beyond a widget's limit is folded."""

EXECUTION = "execution"
"""Pass as ``by=`` for a row per run of a recurring campaign."""


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """A property by which events of a channel can be broken down.

    ``choices`` closes the set: any other value is refused at ingest. ``labels``
    only names well-known values; an unknown one is shown as it came.
    ``domain_names`` says that values are such, and compared as in DNS.
    """

    key: str
    label: Text
    choices: Mapping[str, Text] = field(default_factory=dict)
    labels: Mapping[str, Text] = field(default_factory=dict)
    domain_names: bool = False

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

    ``rate`` names the Rate to show beside the number on a KPI tile.
    """

    key: str
    label: Text
    definition: Text
    rate: str = ""

    unit: ClassVar[str] = "events"
    additive: ClassVar[bool] = False
    """Whether values over disjoint sets of events may be summed."""


@dataclass(frozen=True, kw_only=True)
class Count(Metric):
    """How many events of these types occurred."""

    events: Sequence[str]

    additive: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Profiles(Metric):
    """How many distinct profiles had an event of these types.

    Exact up to 16,384 profiles, an estimate (0.8 % standard error) beyond. Never
    a sum: a profile met in two minutes, rows or executions counts once.
    """

    events: Sequence[str]

    unit: ClassVar[str] = "profiles"


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


@dataclass(frozen=True, kw_only=True)
class Rate(Metric):
    """One metric divided by another, derived in the frame and never stored.

    Undefined (``null``) when the denominator is 0 or the quotient exceeds 1,
    which in a sliding window means that the two no longer describe the same
    messages.
    """

    numerator: str
    denominator: str

    unit: ClassVar[str] = "ratio"


@dataclass(frozen=True, kw_only=True)
class Widget:
    """A tile of a tab. Use one of the subclasses.

    ``size`` is the default (columns of 12, rows of 40 px); ``only_with_data``
    hides the widget until one of its metrics has counted something in the
    window; of more than ``limit`` rows the smallest fold into ``__other__``.
    """

    key: str
    title: Text
    help: Text
    metrics: Sequence[str]
    size: tuple[int, int] = (6, 7)
    only_with_data: bool = False
    limit: int = 50

    kind: ClassVar[str] = ""
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Kpi(Widget):
    """Tiles: one number each, with its rate and a sparkline."""

    size: tuple[int, int] = (12, 4)

    kind: ClassVar[str] = "kpi"


@dataclass(frozen=True, kw_only=True)
class TimeSeries(Widget):
    """The metrics over the window, in steps of a quarter of an hour."""

    size: tuple[int, int] = (12, 8)

    kind: ClassVar[str] = "series"


@dataclass(frozen=True, kw_only=True)
class Table(Widget):
    """A row for each value of ``by`` (a dimension or ``EXECUTION``), or just one."""

    size: tuple[int, int] = (12, 7)

    kind: ClassVar[str] = "table"


@dataclass(frozen=True, kw_only=True)
class Parts(Widget):
    """Shares of a whole: the first metric by a dimension, or one metric a share."""

    kind: ClassVar[str] = "parts"
