"""The picture of a whole and its parts: a donut or bars, and the table that names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveReport.report.frames import Column, MarkedRow, Row, WidgetInfo

from .. import tones
from ..drawing import Cell, Drawing, Kind, Number, RowHead, signed


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share of a whole, with the other numbers of its row. ``width`` is that of its bar."""

    head: RowHead
    value: int
    number: Number
    share: str
    width: str
    rate: Number | None = None
    others: Sequence[Cell] = field(default_factory=tuple)


class PartsPicture:
    """A donut or bars, and the table that names their parts.

    ``adds_up``: whether the parts make up the total. Of profiles that are met in several
    rows, shares are of the distinct ones; of metrics that are no parts of one whole there
    is neither a total nor a share.
    """

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        self.axis = frame.axis
        self.measure = drawing.measures()[0]
        self.others = drawing.measures()[1:] if frame.axis else []
        self.adds_up = drawing.report.adds_up
        self.has_total = self.adds_up or frame.axis is not None
        whole = _total(drawing) if self.has_total else None
        self.parts = (_rows_as_parts if frame.axis else _metrics_as_parts)(drawing, whole)
        self.has_rates = any(part.rate for part in self.parts)
        estimate = _is_estimate(drawing)
        self.total = signed(drawing.writer.count(_total(drawing)), estimate=estimate)
        self.share = drawing.writer.portion(1, 1 if whole else 0)
        self.sums = drawing.cells(frame.marked_totals, is_sum=True)[1:] if frame.axis else []
        self.chart: Mapping[str, Any] = {
            "kind": "parts",
            "summary": self._summary(drawing.picture),
            "total": self.total,
            "whole": _total(drawing),
            "estimate": estimate,
            "label": str(self.measure.label) if frame.axis else _("Total"),
            "note": self.note,
            "slices": _fold(drawing, self.parts, whole),
        }

    @property
    def note(self) -> str:
        """What the shares are of."""
        if not self.has_total:
            return ""
        if self.adds_up:
            return _("Total %(total)s") % {"total": self.total}
        return _("Shares of %(total)s distinct profiles; one can be in several rows.") % {
            "total": self.total
        }

    def _summary(self, picture: str) -> str:
        named = self.parts[: tones.SHADES]
        if not self.has_total:
            numbers = ", ".join(f"{part.head.text} {part.number.signed}" for part in named)
            return _("Bars: %(parts)s.") % {"parts": numbers}
        sentence = _("Bars of %(total)s: %(parts)s.")
        if picture == "donut":
            sentence = _("Donut of %(total)s: %(parts)s.")
        shares = ", ".join(f"{part.head.text} {part.share}" for part in named)
        return sentence % {"total": self.total, "parts": shares}


def _total(drawing: Drawing) -> int:
    """What the shares are of. Profiles can be in several rows, so rows are not summed."""
    totals = drawing.frame.totals
    if drawing.frame.axis:
        return _whole(totals, drawing.measures()[0])
    return sum(_whole(totals, column) for column in drawing.measures())


def _is_estimate(drawing: Drawing) -> bool:
    """Whether what the shares are of is one."""
    measures = drawing.measures()[:1] if drawing.frame.axis else drawing.measures()
    return any(column.key in drawing.frame.total_estimates for column in measures)


def _whole(row: Row, column: Column) -> int:
    return int(row.get(column.key) or 0)


def _rows_as_parts(drawing: Drawing, whole: int | None) -> list[Share]:
    """One part for each value of the dimension, by the first metric."""
    frame, column = drawing.frame, drawing.measures()[0]
    axis = frame.axis.key if frame.axis else ""
    palette = tones.of_values([str(row[axis]) for row in frame.rows], drawing.tones[column.key])
    most = _most(drawing, whole, [_whole(row, column) for row in frame.rows])
    return [
        Share(
            head=drawing.head(row, *tone) or RowHead(text=""),
            others=drawing.cells(row)[1:],
            **_portion(drawing, column, row, whole, most),
        )
        for row, tone in zip(frame.marked_rows, palette, strict=True)
    ]


def _metrics_as_parts(drawing: Drawing, whole: int | None) -> list[Share]:
    """One part for each metric of a frame that has a single row."""
    totals, columns = drawing.frame.marked_totals, drawing.measures()
    most = _most(drawing, whole, [_whole(totals.values, column) for column in columns])
    return [
        Share(
            head=RowHead(text=str(column.label), tone=drawing.tones[column.key]),
            rate=drawing.rate(column.key, totals),
            **_portion(drawing, column, totals, whole, most),
        )
        for column in columns
    ]


def _most(drawing: Drawing, whole: int | None, values: Sequence[int]) -> int:
    """What the longest bar stands for: all, or the largest where there is no such thing."""
    return (whole if drawing.report.adds_up and whole else max(values, default=0)) or 1


def _portion(
    drawing: Drawing, column: Column, row: MarkedRow, whole: int | None, most: int
) -> dict[str, Any]:
    value = _whole(row.values, column)
    estimate = column.key in row.estimates
    return {
        "value": value,
        "number": drawing.number(column, row),
        "share": "" if whole is None else _share(drawing, value, whole, estimate=estimate),
        "width": f"{min(value / most, 1) * 100:.1f}%",
    }


def _share(drawing: Drawing, value: int, whole: int, *, estimate: bool) -> str:
    """An estimate when the part or the whole is; that of nothing is exact."""
    text = drawing.writer.portion(value, whole)  # two estimates may disagree: at most all
    return signed(text, estimate=bool(value) and (estimate or _is_estimate(drawing)))


def _fold(drawing: Drawing, parts: Sequence[Share], whole: int | None) -> list[dict[str, Any]]:
    """What is drawn: the coloured parts, and all grey ones as one if they may be added."""
    named = [part for part in parts if part.head.shade or not drawing.frame.axis]
    rest = [part for part in parts if not part.head.shade and drawing.frame.axis]
    slices = [_slice(part) for part in named]
    if len(rest) == 1:
        slices.append(_slice(rest[0]))
    elif rest:
        slices += [_others(drawing, rest, whole or 0)] if drawing.report.adds_up else []
    return slices


def _others(drawing: Drawing, rest: Sequence[Share], whole: int) -> dict[str, Any]:
    value = sum(part.value for part in rest)
    estimate = any(part.number.estimate for part in rest)
    text = signed(drawing.writer.count(value), estimate=estimate)
    share = _share(drawing, value, whole, estimate=estimate)
    return _drawn(_("Others"), (tones.REST, 0), value, text, share)


def _slice(part: Share) -> dict[str, Any]:
    """With the rate in place of the share where the table has that."""
    tone = (part.head.tone, part.head.shade)
    share = part.rate.signed if part.rate else part.share
    return _drawn(part.head.text, tone, part.value, part.number.signed, share)


def _drawn(name: str, tone: tuple[str, int], value: int, text: str, share: str) -> dict[str, Any]:
    """``text`` and ``share`` are written as in the table."""
    return {
        "name": name,
        "tone": tone[0],
        "shade": tone[1],
        "value": value,
        "text": text,
        "share": share,
    }


def _choose(info: WidgetInfo) -> Sequence[str]:
    """A ring says that its parts are all there is, each once."""
    return ("donut", "bar") if info.adds_up else ("bar",)


KIND = Kind(
    draw=PartsPicture,
    pictures={"donut": gettext_lazy("Donut"), "bar": gettext_lazy("Bars")},
    draws_zeros=False,
    is_chart=True,
    alone=("bar",),
    has_shares=True,
    choose=_choose,
)
