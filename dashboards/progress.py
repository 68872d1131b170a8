"""How far something is: a part of a whole, as a bar and in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from liveReport.channels import EXECUTION, NONE
from liveReport.report.frames import Column, MarkedRow
from liveReport.report.numbers import Writer

DONE = 100


@dataclass(frozen=True, kw_only=True)
class Progress:
    """``percent`` of all, rounded down; ``None`` where nothing says how many all are."""

    text: str
    percent: int | None = None

    @property
    def is_done(self) -> bool:
        return self.percent == DONE

    @property
    def width(self) -> str:
        """Of the bar; empty where there is none."""
        return "" if self.percent is None else f"{self.percent}%"


def progress(part: Column, row: MarkedRow, writer: Writer) -> Progress:
    """“42% of 64,012”; all is all, even where more came of it than was meant."""
    done, of = (row.values.get(key) for key in (part.key, part.whole))
    if not (isinstance(done, int) and isinstance(of, int) and of):
        always_on = row.values.get(EXECUTION) == NONE
        so_far = writer.value(part, done)
        return Progress(
            text=_("always on") if always_on else _("%(done)s so far") % {"done": so_far}
        )
    percent = min(done * DONE // of, DONE)
    sign = "≈ " if {part.key, part.whole} & {*row.estimates} else ""
    return Progress(
        percent=percent,
        text=_("%(percent)s of %(whole)s")
        % {"percent": writer.percent(percent), "whole": f"{sign}{writer.value(part, of)}"},
    )
