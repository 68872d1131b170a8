"""A widget as the templates need it: names, links, state, digest, picture."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from liveReport.channels import Text
from liveReport.report.frames import Frame, Value, WidgetReport
from liveReport.report.verdicts import Verdict
from liveReport.report.window import RUN

from .behind import Links
from .course import Course
from .drawing import Drawing
from .layouts import Placement
from .moments import Clock
from .notes import is_few
from .pictures import KINDS, kind_of, pictures_of
from .report_request import ReportRequest
from .silence import nothing
from .verdicts import Mark, levels_by_key, marks_of


def digest_of(*parts: object) -> str:
    """A short name for content: equal content, equal digest."""
    encoded = json.dumps(parts, default=str, separators=(",", ":")).encode()
    return hashlib.blake2b(encoded, digest_size=6).hexdigest()


@dataclass(frozen=True)
class Fragment:
    """Something on the page that can change by itself."""

    id: str
    digest: str
    template: str


MARK = "-verdict"
"""What the id of a widget's mark ends with."""


@dataclass(frozen=True)
class MarkFragment(Fragment):
    """What a widget says of verdicts on its numbers."""

    marks: Sequence[Mark]


class Widget:
    """A widget as the templates need it. Its picture is drawn on first use."""

    def __init__(
        self,
        report: WidgetReport,
        standing: Placement,
        asked: ReportRequest,
        clock: Clock,
        course: Course,
        links: Links,
        verdicts: Sequence[Verdict] = (),
    ) -> None:
        self.report = report
        self.slug = report.slug
        self.place = standing.place
        self.shown_as = standing.picture
        self.hidden = " ".join(standing.hidden)
        self.kind = kind_of(report.kinds, standing.picture)
        self.title = report.heading
        self.help = report.help
        self.remark = report.remark
        # Another picture is another element: nothing of the old one may stay.
        self.id = f"lr-{report.slug.replace('.', '-')}-{standing.picture}"
        self._asked = asked
        self._clock = clock
        self._course = course
        self._links = links
        self._marks = marks_of(report, report.rates.values(), verdicts)

    @property
    def mark(self) -> MarkFragment:
        """What it says of verdicts on its numbers."""
        said = [(mark.level, mark.label, mark.word) for mark in self._marks]
        return MarkFragment(
            f"{self.id}{MARK}", digest_of(said), "dashboards/_verdict_mark.html", self._marks
        )

    @property
    def csv_url(self) -> str:
        return self._asked.widget_url("widget-csv", self.slug)

    @property
    def picture_url(self) -> str:
        return self._asked.widget_url("report-widget", self.slug)

    @property
    def legend_url(self) -> str:
        return self._asked.widget_url("report-legend", self.slug)

    @property
    def pictures(self) -> dict[str, Text]:
        """What else it can be shown as."""
        return pictures_of(self.report)

    @property
    def template(self) -> str:
        return f"dashboards/widgets/_{self.state if self.state != 'ready' else self.kind}.html"

    @property
    def has_chart(self) -> bool:
        """Whether a script draws it; the others are complete as HTML."""
        return KINDS[self.kind].is_chart

    @property
    def is_alone(self) -> bool:
        """Whether the chart is all to see, and its table for those who do not see it."""
        return self.shown_as in KINDS[self.kind].alone

    @cached_property
    def state(self) -> str:
        if self.report.frame is None:
            return "failed"
        is_drawn = KINDS[self.kind].draws_zeros or _counted(self.report.frame)
        return "ready" if is_drawn else "empty"

    @property
    def is_silent(self) -> bool:
        """Whether it would have something to show, had anything happened."""
        return self.report.frame is not None and not _counted(self.report.frame)

    @property
    def nothing(self) -> str:
        """What it says while there is nothing to show."""
        return nothing(self._asked, self._course.window)

    @cached_property
    def digest(self) -> str:
        frames = [_content(frame) for frame in (self.report.frame, self.report.trend)]
        clock = self._clock.key if _has_moments(self.report.frame) else ()
        course = self._course.key if self._has_course else ()
        marks = sorted((key, mark.level) for key, mark in levels_by_key(self._marks).items())
        return digest_of(
            self.state, frames, self.report.names, get_language(), clock, course, marks
        )

    @property
    def _has_course(self) -> bool:
        """Whether its picture has steps, of which some still run."""
        axis = self.report.frame.axis if self.report.frame else None
        return self.report.trend is not None or (axis is not None and axis.role == "time")

    @property
    def head_key(self) -> str:
        """Names all that its title, marks, help and choice of pictures are drawn from."""
        notes = f"{self.rates_of_runs}-{self.whose}-{self.is_provisional}"
        return f"{self._asked.tab}-{self.id}-{self.state}-{notes}-{get_language()}"

    @property
    def body_key(self) -> str:
        """Names all that its body is drawn from; for whoever draws it again."""
        return digest_of(self.id, self.digest, self._asked.here, self._links.are_there)

    @cached_property
    def picture(self) -> Any:
        """What its kind draws of the frame; nothing while there is none."""
        if self.report.frame is None or self.state != "ready":
            return None
        drawing = Drawing(
            self.report, self.report.frame, self._clock, self._course, self.shown_as, self._links
        )
        drawing.levels = levels_by_key(self._marks)
        return KINDS[self.kind].draw(drawing)

    @property
    def chart(self) -> str:
        chart = {**self.picture.chart, "shape": self.shown_as}
        return json.dumps(chart, separators=(",", ":"), ensure_ascii=False)

    @property
    def has_keys(self) -> bool:
        """Whether there is a list of its metrics, each to be switched off."""
        return KINDS[self.kind].has_keys

    @property
    def is_provisional(self) -> bool:
        """Whether it lacks what a source that has fallen silent has not told."""
        return self.report.frame is not None and self.report.frame.provisional

    @property
    def folded(self) -> int:
        """Events whose value of the dimension, or whose execution, is not shown apart."""
        return self.report.frame.folded if self.report.frame else 0

    @property
    def folds_executions(self) -> bool:
        """Whether those are of other executions."""
        axis = self.report.frame.axis if self.report.frame else None
        return axis is not None and axis.role == "execution"

    @property
    def rates_of_runs(self) -> bool:
        """Whether it shows rates that divide more than what happened in the window."""
        frame = self.report.frame
        if frame is None or frame.basis != RUN or self.state != "ready":
            return False
        is_course = frame.axis is not None and frame.axis.role == "time"
        if is_course or self.shown_as in KINDS[self.kind].without_rates:
            return False
        return any(column.unit == "ratio" for column in frame.metrics)

    @property
    def whose(self) -> str:
        """Of whom alone it shows opens and clicks; "" if of everybody."""
        verdict = self.report.frame.verdict if self.report.frame else ""
        return {"human": _("People only"), "machine": _("Machines only")}.get(verdict, "")

    @property
    def signs(self) -> set[str]:
        """Those that stand beside its numbers."""
        frame = self.report.frame
        if frame is None or self.state != "ready":
            return set()
        is_of_nothing = KINDS[self.kind].has_shares and frame.axis and not _first_total(frame)
        return signs(frame) | ({"—"} if is_of_nothing else set())

    @property
    def definitions(self) -> list[tuple[object, object]]:
        """Each metric's label and meaning."""
        frame = self.report.frame
        labels = {c.key: c.label for c in frame.columns} if frame else {}
        return [(labels.get(k, k), text) for k, text in self.report.definitions.items()]


def _counted(frame: Frame) -> bool:
    """Whether there is anything but zeros."""
    return any(frame.totals.values()) or any(
        row.get(column.key) for row in frame.rows for column in frame.metrics
    )


def signs(frame: Frame) -> set[str]:
    """The signs that stand beside a frame's numbers."""
    shown = [*frame.marked_rows, frame.marked_totals]
    found = {
        "≈": bool(frame.approximate),
        "†": bool(frame.partial) or any(_is_there(frame, key) for key in frame.incomplete),
        "‡": len(frame.rows) > 1 and any(column.is_distinct for column in frame.metrics),
        "?": any(is_few(c, row.bases.get(c.key)) for row in shown for c in frame.metrics),
        "—": any(row.values.get(c.key) is None for row in shown for c in frame.metrics),
    }
    return {sign for sign, is_shown in found.items() if is_shown}


def _first_total(frame: Frame) -> Value:
    return frame.totals.get(frame.metrics[0].key)


def _is_there(frame: Frame, key: str) -> bool:
    return any(row.get(key) is not None for row in (*frame.rows, frame.totals))


def _has_moments(frame: Frame | None) -> bool:
    return bool(frame and any(column.is_moment for column in frame.columns))


def _content(frame: Frame | None) -> object:
    if frame is None:
        return None
    marks = (frame.estimates, frame.total_estimates, frame.incomplete)
    bases = (frame.bases, frame.total_bases)
    cut = (frame.partial, frame.cut)
    said = (frame.folded, frame.basis, frame.verdict, frame.provisional)
    return [frame.rows, frame.totals, marks, bases, cut, *said]
