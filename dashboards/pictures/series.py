"""The metrics over the window as lines, areas or bars, together or each by itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveReport.channels import Text
from liveReport.report.frames import Column, WidgetInfo

from .. import course
from ..drawing import Drawing, Kind, Number
from .table import TablePicture

TOGETHER = 4
"""As many metrics are read on one axis; more are drawn each on its own."""


class SeriesPicture:
    """The metrics over the window, and the table that tells the same."""

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        self.table = TablePicture(drawing)
        numbers = drawing.numbers(frame.marked_totals)
        window = drawing.course.window
        summary = _("%(window)s, in steps of %(step)s: %(totals)s.") % {
            "window": course.title(window, drawing.clock),
            "step": course.step_in_words(window),
            "totals": listing(numbers),
        }
        shown = _stacked(drawing) if drawing.picture == "stacked" else frame.metrics
        totals = {number.key: number.signed for number in numbers}
        self.chart: Mapping[str, Any] = {
            "kind": "series",
            "summary": summary,
            **_course(drawing),
            "lines": [_line(drawing, column, totals[column.key]) for column in shown],
        }


def _stacked(drawing: Drawing) -> list[Column]:
    """The metrics that may be added."""
    return [drawing.columns[key] for key in drawing.report.whole if key in drawing.columns]


def _line(drawing: Drawing, column: Column, total: str) -> dict[str, Any]:
    """A metric's course. Its ``mark`` tells it from the others whatever the picture has of them."""
    frame = drawing.frame
    return {
        "key": column.key,
        "name": drawing.labels[column.key],
        "tone": drawing.tones[column.key],
        "mark": list(drawing.columns).index(column.key),
        "total": total,
        "values": [row.get(column.key) for row in frame.rows],
        "estimates": [step for step, keys in enumerate(frame.estimates) if column.key in keys],
    }


def _course(drawing: Drawing) -> dict[str, Any]:
    """The steps as the reader's clock shows them: their starts, and what to call them.

    ``marks`` has the offsets of those whose time of day is there twice, by their number;
    ``cut`` by what to multiply the values of those that are not whole; ``running`` which is
    the first that still counts, or how many there are; ``step`` the seconds of one.
    """
    clock, step = drawing.clock, drawing.course.step
    starts = course.starts([row["time"] for row in drawing.frame.rows])
    marks = {number: clock.mark(start) for number, start in enumerate(starts)}
    return {
        "times": [clock.local(start) for start in starts],
        "spans": [clock.span(start, start + step) for start in starts],
        "marks": {number: mark for number, mark in marks.items() if mark},
        "cut": drawing.course.cut(starts),
        "running": drawing.course.running(starts),
        "step": drawing.course.window.step,
    }


def listing(numbers: Sequence[Number]) -> str:
    """“Sent 12, Delivered 11”."""
    return ", ".join(f"{number.label} {number.signed}" for number in numbers)


class SeriesKind(Kind):
    """Says how bars of several metrics stand, and which are stacked."""

    def offered(self, info: WidgetInfo) -> dict[str, Text]:
        labels = super().offered(info)
        if len(info.metrics) > 1:
            labels["bar"] = gettext_lazy("Bars side by side")
        if "stacked" in labels:
            parts = [info.metrics[key] for key in info.whole]
            labels["stacked"] = format_lazy(
                "{name} ({parts})", name=labels["stacked"], parts=_sum(parts)
            )
        return labels


def _sum(parts: Sequence[Text]) -> Text:
    """“Delivered + Bounces + Errors”."""
    return format_lazy(" + ".join(["{}"] * len(parts)), *parts)


def _choose(info: WidgetInfo) -> Sequence[str]:
    """Stacked is what may be added; of many metrics, or of such as are read apart, each has an
    axis of its own at first."""
    stacked = ["stacked"] if len(info.whole) > 1 else []
    together = ["line", "area", "bar", *stacked, "log"]
    if len(info.metrics) < 2:
        return together
    if info.apart or len(info.metrics) > TOGETHER:
        return ["multiples", *together]
    return ["line", "multiples", *together[1:]]


_PICTURES = {
    "line": gettext_lazy("Lines"),
    "area": gettext_lazy("Areas"),
    "bar": gettext_lazy("Bars"),
    "stacked": gettext_lazy("Stacked bars"),
    "multiples": gettext_lazy("Small charts, each on its own scale"),
    "log": gettext_lazy("Lines, logarithmic scale"),
}
KIND = SeriesKind(
    draw=SeriesPicture,
    pictures=_PICTURES,
    draws_zeros=False,
    is_chart=True,
    alone=_PICTURES,
    has_keys=True,
    choose=_choose,
)
