"""What the report says of the sources behind it: who has fallen silent, who is refused."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from liveReport.report.heartbeat import Heartbeat
from liveReport.site.lately import duration, why

from .moments import Clock


@dataclass(frozen=True)
class Line:
    """A sentence about a source; ``kind`` is ``silent`` or ``refused``."""

    kind: str
    text: str


def lines(heartbeat: Heartbeat, clock: Clock) -> list[Line]:
    """Refusals first: some providers give up for good. A source is told of once for each reason."""
    return [*_refused(heartbeat, clock), *_silent(heartbeat)]


def _refused(heartbeat: Heartbeat, clock: Clock) -> Iterator[Line]:
    for one in heartbeat.refusals:
        text = ngettext(
            "%(source)s: %(number)s request refused: %(why)s (since %(since)s)",
            "%(source)s: %(number)s requests refused: %(why)s (since %(since)s)",
            one.number,
        )
        since, number = clock.soon(one.since), number_format(one.number)
        said = {"source": one.source, "number": number, "why": why(one.why), "since": since}
        yield Line("refused", text % said)


def _silent(heartbeat: Heartbeat) -> Iterator[Line]:
    minutes: dict[str, int] = {}
    for one in heartbeat.silent:
        minutes[one.source] = min(one.minutes, minutes.get(one.source, one.minutes))
    for source, quiet in sorted(minutes.items()):
        text = _("%(source)s silent for %(time)s")
        yield Line("silent", text % {"source": source, "time": duration(quiet)})
