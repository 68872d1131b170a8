"""The metrics over the window as lines, areas or bars."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import course
from ..drawing import Drawing, Kind, Number
from .table import TablePicture


class SeriesPicture:
    """The metrics over the window as lines, areas or bars, and the table that tells the same."""

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        self.table = TablePicture(drawing)
        window = drawing.course.window
        summary = _("%(window)s, in steps of %(step)s: %(totals)s.") % {
            "window": course.title(window, drawing.clock),
            "step": course.step_in_words(window),
            "totals": listing(drawing.numbers(frame.marked_totals)),
        }
        self.chart: Mapping[str, Any] = {
            "kind": "series",
            "summary": summary,
            **_course(drawing),
            "lines": [
                {
                    "name": str(column.label),
                    "tone": drawing.tones[column.key],
                    "values": [row.get(column.key) for row in frame.rows],
                    "estimates": [
                        step for step, keys in enumerate(frame.estimates) if column.key in keys
                    ],
                }
                for column in frame.metrics
            ],
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


_PICTURES = {
    "line": gettext_lazy("Lines"),
    "area": gettext_lazy("Areas"),
    "bar": gettext_lazy("Bars"),
}
KIND = Kind(
    draw=SeriesPicture, pictures=_PICTURES, draws_zeros=False, is_chart=True, alone=_PICTURES
)
