"""The public API of liveReport for channel plugins, and nothing else.

A plugin is a Django app with a module ``channel`` that subclasses ``Channel``
and decorates it with ``register``. See docs/channels.md.
"""

from .channel import Channel
from .declarations import (
    ALL,
    EXECUTION,
    NONE,
    OTHER,
    TONES,
    VERDICT,
    VERDICTS,
    WIDGETS,
    Axis,
    Count,
    Dimension,
    EventType,
    Gauge,
    Kpi,
    Metric,
    Only,
    Parts,
    Profiles,
    Rate,
    Table,
    Text,
    TimeSeries,
    Widget,
)
from .reasons import COMMON_EXCLUSIONS, with_codes
from .registry import (
    AlreadyRegistered,
    all_channels,
    find_channel,
    get_channel,
    plugin_apps,
    register,
    registered,
)

__all__ = [
    "ALL",
    "COMMON_EXCLUSIONS",
    "EXECUTION",
    "NONE",
    "OTHER",
    "TONES",
    "VERDICT",
    "VERDICTS",
    "WIDGETS",
    "AlreadyRegistered",
    "Axis",
    "Channel",
    "Count",
    "Dimension",
    "EventType",
    "Gauge",
    "Kpi",
    "Metric",
    "Only",
    "Parts",
    "Profiles",
    "Rate",
    "Table",
    "Text",
    "TimeSeries",
    "Widget",
    "all_channels",
    "find_channel",
    "get_channel",
    "plugin_apps",
    "register",
    "registered",
    "with_codes",
]
