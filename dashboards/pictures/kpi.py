"""Tiles: a number each, its rate, and the small line below that says where it went."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveReport.report.frames import Column, Frame

from ..drawing import Drawing, Kind, Number
from ..numbers import Writer

HEIGHT = 24


@dataclass(frozen=True, kw_only=True)
class Sparkline:
    """Points for SVG polylines. The running step is unfinished, so its piece is apart."""

    width: int
    line: str
    area: str
    tail: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A KPI: the number, or why there is none, the rate beside it, its course."""

    number: Number
    why: str
    rate: Number | None
    spark: Sparkline | None


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
                spark=sparkline(trend, column, drawing.writer),
            )
            for column in drawing.measures()
        ]


def sparkline(trend: Frame | None, column: Column, writer: Writer) -> Sparkline | None:
    """The course of one metric, if the trend has it and anything happened."""
    if trend is None or column.key not in {metric.key for metric in trend.metrics}:
        return None
    values = [int(row.get(column.key) or 0) for row in trend.rows]
    summary = _("Course over the last 24 hours: at most %(peak)s in a quarter of an hour.")
    return sparkline_of(values, summary % {"peak": writer.count(max(values, default=0))})


def sparkline_of(values: Sequence[int], summary: str) -> Sparkline | None:
    """The course of a number, the last value unfinished, if anything happened."""
    if len(values) < 3 or not any(values):
        return None
    points = _points(values)
    done = points[:-1]
    width = len(values) - 1
    return Sparkline(
        width=width,
        line=" ".join(done),
        area=" ".join([f"0,{HEIGHT}", *done, f"{width - 1},{HEIGHT}"]),
        tail=" ".join(points[-2:]),
        summary=summary,
    )


def _points(values: Sequence[int]) -> list[str]:
    peak = max(values)
    return [f"{x},{HEIGHT - 1 - value / peak * (HEIGHT - 2):.1f}" for x, value in enumerate(values)]


KIND = Kind(draw=KpiPicture, pictures={"kpi": gettext_lazy("Numbers")}, draws_zeros=True)
