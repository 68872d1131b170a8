"""Tiles: a number each, its rate, and the small line below that says where it went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveReport.report.frames import Column, Frame

from .. import course
from ..drawing import Drawing, Kind, Number
from ..verdicts import Mark

HEIGHT = 24


@dataclass(frozen=True, kw_only=True)
class Sparkline:
    """Points for SVG polylines. What runs is drawn at its pace so far, as a piece apart."""

    width: int
    line: str
    area: str
    tail: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A KPI: the number, or why there is none, the rate beside it, its course, a verdict on it."""

    number: Number
    why: str
    rate: Number | None
    spark: Sparkline | None
    mark: Mark | None = None


class KpiPicture:
    """Tiles over the whole window."""

    def __init__(self, drawing: Drawing) -> None:
        frame, trend = drawing.frame, drawing.report.trend
        totals = frame.marked_totals
        if trend is None and frame.axis and frame.axis.role == "time":
            trend = frame
        self.tiles = [
            Tile(
                number=drawing.number(column, totals),
                why=drawing.undefined(column, totals),
                rate=drawing.rate(column.key, totals),
                spark=sparkline(trend, column, drawing),
                mark=drawing.levels.get(column.key),
            )
            for column in drawing.measures()
        ]


def sparkline(trend: Frame | None, column: Column, drawing: Drawing) -> Sparkline | None:
    """The course of one metric, if the trend has it and anything happened."""
    if trend is None or column.key not in {metric.key for metric in trend.metrics}:
        return None
    values = [int(row.get(column.key) or 0) for row in trend.rows]
    window = drawing.course.window
    summary = _("%(window)s: at most %(peak)s in %(step)s.") % {
        "window": course.title(window, drawing.clock),
        "peak": drawing.writer.count(max(values, default=0)),
        "step": course.step_in_words(window),
    }
    cut = drawing.course.cut(course.starts([row["time"] for row in trend.rows]))
    return sparkline_of(values, summary, cut)


def sparkline_of(
    values: Sequence[int], summary: str, cut: Mapping[int, float | None]
) -> Sparkline | None:
    """The course of a number, if anything happened; ``cut`` as a ``Course`` has it."""
    if len(values) < 3 or not any(values):
        return None
    _first, end = course.whole(len(values), cut)
    points = _points(course.drawn(values, cut))
    done = [point for point in points[:end] if point]
    return Sparkline(
        width=len(values) - 1,
        line=" ".join(done),
        area=_area(done),
        tail=" ".join(point for point in points[max(0, end - 1) :] if point),
        summary=summary,
    )


def _points(values: Sequence[float | None]) -> list[str]:
    """A place for each; none for what is not drawn."""
    peak = max((value for value in values if value is not None), default=0) or 1
    return [
        "" if value is None else f"{x},{HEIGHT - 1 - value / peak * (HEIGHT - 2):.1f}"
        for x, value in enumerate(values)
    ]


def _area(points: Sequence[str]) -> str:
    """What lies below a line."""
    if not points:
        return ""
    left, right = (point.partition(",")[0] for point in (points[0], points[-1]))
    return " ".join([f"{left},{HEIGHT}", *points, f"{right},{HEIGHT}"])


KIND = Kind(draw=KpiPicture, pictures={"kpi": gettext_lazy("Numbers")}, draws_zeros=True)
