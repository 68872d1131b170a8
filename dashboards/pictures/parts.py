"""The picture of a whole and its parts: a donut, and the table that names its slices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveReport.report.frames import Column, MarkedRow, Row

from .. import tones
from ..drawing import Cell, Drawing, Kind, Number, RowHead, signed

SLICES = 6
"""Slices of a donut with a colour of their own; its table names them all."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share of a whole, with the other numbers of its row."""

    head: RowHead
    number: Number
    share: str
    width: str
    rate: Number | None
    others: Sequence[Cell]


class PartsPicture:
    """A donut, and the table that names its slices."""

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        self.axis = frame.axis
        self.measure = drawing.measures()[0]
        self.others = drawing.measures()[1:] if frame.axis else []
        self.parts = _rows_as_parts(drawing) if frame.axis else _metrics_as_parts(drawing)
        self.has_rates = any(part.rate for part in self.parts)
        self.overlaps = _overlap(drawing)
        values = _values(drawing)
        total = drawing.writer.count(_total(drawing))
        self.total = signed(total, estimate=_is_estimate(drawing))
        summary = _("Donut of %(total)s: %(parts)s.") % {
            "total": self.total,
            "parts": ", ".join(f"{part.head.text} {part.share}" for part in self.parts[:SLICES]),
        }
        slices = _fold(list(zip(self.parts, values, strict=True)))
        self.chart: Mapping[str, Any] = {
            "kind": "parts",
            "summary": summary,
            "total": self.total,
            "whole": _total(drawing),
            "estimate": _is_estimate(drawing),
            "label": str(self.measure.label) if frame.axis else "",
            "slices": slices,
        }


def _values(drawing: Drawing) -> list[int]:
    frame, columns = drawing.frame, drawing.measures()
    if frame.axis:
        return [_whole(row, columns[0]) for row in frame.rows]
    return [_whole(frame.totals, column) for column in columns]


def _total(drawing: Drawing) -> int:
    """What the shares are of. Profiles can be in several rows, so rows are not summed."""
    if drawing.frame.axis:
        return _whole(drawing.frame.totals, drawing.measures()[0])
    return sum(_values(drawing))


def _overlap(drawing: Drawing) -> bool:
    """Whether a profile is in several parts, so that these are more than the whole."""
    if not (drawing.frame.axis and drawing.measures()[0].is_distinct):
        return False
    return sum(_values(drawing)) > _total(drawing)


def _is_estimate(drawing: Drawing) -> bool:
    """Whether what the shares are of is one."""
    measures = drawing.measures()[:1] if drawing.frame.axis else drawing.measures()
    return any(column.key in drawing.frame.total_estimates for column in measures)


def _whole(row: Row, column: Column) -> int:
    return int(row.get(column.key) or 0)


def _rows_as_parts(drawing: Drawing) -> list[Share]:
    """One part for each value of the dimension, by the first metric."""
    frame, column = drawing.frame, drawing.measures()[0]
    axis = frame.axis.key if frame.axis else ""
    palette = tones.of_values([str(row[axis]) for row in frame.rows], SLICES)
    whole = _total(drawing) or 1
    return [
        Share(
            head=drawing.head(row, tone) or RowHead(text=""),
            number=drawing.number(column, row),
            rate=None,
            others=drawing.cells(row)[1:],
            **_share(drawing, column, row, whole),
        )
        for row, tone in zip(frame.marked_rows, palette, strict=True)
    ]


def _metrics_as_parts(drawing: Drawing) -> list[Share]:
    """One part for each metric of a frame that has a single row."""
    totals = drawing.frame.marked_totals
    whole = _total(drawing) or 1
    return [
        Share(
            head=RowHead(text=str(column.label), tone=drawing.tones[column.key]),
            number=drawing.number(column, totals),
            rate=drawing.rate(column.key, totals),
            others=(),
            **_share(drawing, column, totals, whole),
        )
        for column in drawing.measures()
    ]


def _share(drawing: Drawing, column: Column, row: MarkedRow, whole: int) -> dict[str, str]:
    """A share is an estimate when the part or the whole is; that of nothing is exact."""
    fraction = min(_whole(row.values, column) / whole, 1)  # two estimates may disagree
    estimate = column.key in row.estimates or (bool(fraction) and _is_estimate(drawing))
    text = signed(drawing.writer.share(fraction), estimate=estimate)
    return {"share": text, "width": f"{fraction * 100:.1f}%"}


def _fold(parts: Sequence[tuple[Share, int]]) -> list[dict[str, Any]]:
    """The slices of the donut: the coloured parts, and all grey ones as one."""
    named = [(part, value) for part, value in parts if part.head.tone != tones.REST]
    rest = [(part, value) for part, value in parts if part.head.tone == tones.REST]
    slices = [_slice(part.head.text, part.head.tone, [(part, value)]) for part, value in named]
    if rest:
        name = rest[0][0].head.text if len(rest) == 1 else _("Others")
        slices.append(_slice(name, tones.REST, rest))
    return slices


def _slice(name: str, tone: str, parts: Sequence[tuple[Share, int]]) -> dict[str, Any]:
    return {
        "name": name,
        "tone": tone,
        "value": sum(value for _part, value in parts),
        "estimate": any(part.number.estimate for part, _value in parts),
    }


KIND = Kind(
    draw=PartsPicture,
    pictures={"donut": gettext_lazy("Donut"), "bar": gettext_lazy("Bars")},
    draws_zeros=False,
    is_chart=True,
    alone=("bar",),
)
