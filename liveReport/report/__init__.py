"""The read side: a campaign's last 24 hours as frames, from the rollups alone.

Every function takes ``now``; nothing below reads a clock.
"""

from .answers import Head, Tab, TabReport, UnknownTab, UnknownWidget, WidgetFilter, every
from .read import forget, parse_executions, report_head, tab_head, tab_report, tab_widget

__all__ = [
    "Head",
    "Tab",
    "TabReport",
    "UnknownTab",
    "UnknownWidget",
    "WidgetFilter",
    "every",
    "forget",
    "parse_executions",
    "report_head",
    "tab_head",
    "tab_report",
    "tab_widget",
]
