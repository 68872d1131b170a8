"""Moments as the reader's clocks show them, and told apart where clocks show the same twice.

The server alone knows the rules of time zones. A script gets texts, and moments that
carry the zone's offset.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Self

from django.utils import dateformat
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _

PRECISIONS = ("minutes", "seconds", "milliseconds", "microseconds")
"""How precisely a time of day is written, as Python's ``timespec`` names it, coarse to fine."""


_EPOCH = datetime.fromtimestamp(0, UTC)


def is_there_twice(local: datetime) -> bool:
    """Whether the clocks were put back over this time of day."""
    return local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()


def offset_mark(local: datetime) -> str:
    """“UTC+1”, where only that tells it from another moment of the same time of day; else empty."""
    if not is_there_twice(local):
        return ""
    minutes = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    hour, minute = divmod(abs(minutes), 60)
    sign = "\N{MINUS SIGN}" if minutes < 0 else "+"
    return f"UTC{sign}{hour}" + (f":{minute:02}" if minute else "")


@dataclass(frozen=True)
class Clock:
    """How a page writes moments: in which zone, on which day, how precisely its runs."""

    zone: tzinfo
    today: date
    precision: str = "minutes"

    @classmethod
    def of(cls, now: datetime, runs: Iterable[datetime] = ()) -> Self:
        """The reader's clock, as precise as telling these runs apart takes."""
        zone = get_current_timezone()
        return cls(zone, now.astimezone(zone).date(), _precision_for(set(runs)))

    def local(self, moment: datetime) -> str:
        """RFC 3339, with the offset that the reader's clock has then."""
        return moment.astimezone(self.zone).isoformat()

    def mark(self, moment: datetime) -> str:
        """The offset, where the time of day is there twice; else empty."""
        return offset_mark(moment.astimezone(self.zone))

    def text(self, moment: datetime) -> str:
        """“Oct 25, 02:30”; the year where it is another one."""
        return self._dated(moment, "minutes")

    def run(self, moment: datetime) -> str:
        """The same with as many digits as tell the page's runs apart."""
        return self._dated(moment, self.precision)

    def soon(self, moment: datetime) -> str:
        """“02:30” today, and with its date on another day."""
        local = moment.astimezone(self.zone)
        is_today = local.date() == self.today
        return _time_of_day(local, "minutes") if is_today else self.text(moment)

    def span(self, start: datetime, end: datetime) -> str:
        """From “Oct 25, 02:30” to the time of day of its end."""
        return f"{self.text(start)} – {_time_of_day(end.astimezone(self.zone), 'minutes')}"

    @property
    def key(self) -> tuple[object, ...]:
        """All that the texts depend on, but for the moments and the language."""
        return (str(self.zone), self.today, self.precision)

    def _dated(self, moment: datetime, precision: str) -> str:
        local = moment.astimezone(self.zone)
        date = _("M j") if local.year == self.today.year else _("M j, Y")
        return f"{dateformat.format(local, date)}, {_time_of_day(local, precision)}"


def _precision_for(runs: set[datetime]) -> str:
    """The coarsest that tells them apart."""
    steps = [timedelta(minutes=1), timedelta(seconds=1), timedelta(milliseconds=1)]
    for precision, step in zip(PRECISIONS, steps, strict=False):
        if len({_floor(run, step) for run in runs}) == len(runs):
            return precision
    return PRECISIONS[-1]


def _floor(moment: datetime, step: timedelta) -> int:
    return (moment - _EPOCH) // step


def _time_of_day(local: datetime, precision: str) -> str:
    mark = offset_mark(local)
    return local.time().isoformat(precision) + (f" ({mark})" if mark else "")
