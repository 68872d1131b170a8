"""What the pages say of verdicts: a line each, one where all is calm, and marks beside numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from liveReport.report import FIRST_TAB
from liveReport.report.frames import WidgetInfo
from liveReport.report.judging import Level
from liveReport.report.verdicts import Judgement, Verdict

from .moments import Clock


@dataclass(frozen=True)
class VerdictLine:
    """What is said: how it stands, in a word and in a sentence, and what else there is to know."""

    level: Level
    headline: str
    details: Sequence[str] = ()
    actor: str = ""
    next_step: str = ""

    @property
    def word(self) -> str:
        return word_of(self.level)


def word_of(level: Level) -> str:
    """A level for whoever does not see its colour."""
    return {
        Level.OK: _("Calm"),
        Level.UNKNOWN: _("Not known"),
        Level.WARNING: _("Warning"),
        Level.CRITICAL: _("Critical"),
    }[level]


def lines_of(judgement: Judgement, slugs: Sequence[str], clock: Clock) -> list[VerdictLine]:
    """Of some channels: a line for each verdict and each doubt, or one where all is calm."""
    found = [_line(verdict, clock) for verdict in judgement.verdicts(slugs)]
    found += [VerdictLine(Level.UNKNOWN, doubt) for doubt in judgement.doubts(slugs)]
    if found or not slugs:
        return found
    return [VerdictLine(Level.OK, _("Every rate is within its limits."))]


def _line(verdict: Verdict, clock: Clock) -> VerdictLine:
    return VerdictLine(
        verdict.level,
        verdict.headline(clock.soon),
        verdict.details(),
        verdict.actor,
        verdict.next_step,
    )


@dataclass(frozen=True)
class Mark:
    """What a widget says of a verdict on one of its numbers; ``keys`` are these."""

    level: Level
    label: str
    keys: frozenset[str]

    @property
    def word(self) -> str:
        return word_of(self.level)


def marks_of(widget: WidgetInfo, rates: Iterable[str], verdicts: Iterable[Verdict]) -> list[Mark]:
    """Those on numbers of a widget: the rate that is judged, or what it divides."""
    owner = widget.slug.partition(".")[0]
    shown = {*widget.metrics, *rates}
    found = []
    for verdict in verdicts:
        metric = verdict.limits.metric
        keys = shown & {metric.key, metric.terms[0]}
        if keys and owner in (FIRST_TAB, verdict.channel.slug):
            found.append(Mark(verdict.level, str(metric.label), frozenset(keys)))
    return found


def levels_by_key(marks: Iterable[Mark]) -> Mapping[str, Mark]:
    """The worst mark of each number; marks come worst first."""
    found: dict[str, Mark] = {}
    for mark in marks:
        for key in mark.keys:
            found.setdefault(key, mark)
    return found
