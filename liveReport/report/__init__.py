"""The read side: a campaign's last 24 hours, or a part of them, as frames, from the rollups alone.

Every function takes ``now``; nothing below reads a clock.
"""

from .answers import (
    Head,
    Tab,
    TabReport,
    UnknownTab,
    UnknownWidget,
    WidgetFilter,
    by_default,
    every,
)
from .read import (
    parse_executions,
    report_head,
    tab_head,
    tab_report,
    tab_widget,
    widget_slug,
)
from .tabs import FIRST_TAB
from .window import TODAY, BadPeriod, PastSpan, Period

__all__ = [
    "FIRST_TAB",
    "TODAY",
    "BadPeriod",
    "Head",
    "PastSpan",
    "Period",
    "Tab",
    "TabReport",
    "UnknownTab",
    "UnknownWidget",
    "WidgetFilter",
    "by_default",
    "every",
    "parse_executions",
    "report_head",
    "tab_head",
    "tab_report",
    "tab_widget",
    "widget_slug",
]
