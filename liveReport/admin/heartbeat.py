"""What the administration says of a source's last 24 hours."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin import display
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from liveReport.engines.sources import Refused, Traffic, traffic
from liveReport.models import Source
from liveReport.site.lately import ago, why

DAY = timedelta(hours=24)
NEWS = timedelta(hours=1)
"""For so long a refusal is in red."""
NOTHING = "—"

FIGURES: dict[str, Any] = {
    "last_event": _("last event"),
    "refused": _("refused"),
    "per_minute": _("events a minute"),
    "lag": _("lag (p50 · p95)"),
    "duplicates": _("duplicates"),
    "ignored": _("ignored"),
    "quarantined": _("quarantined"),
}
"""What is told of a source, and what it is called."""


@dataclass(frozen=True)
class Beat:
    """A source's traffic as texts."""

    traffic: Traffic
    now: datetime

    @property
    def last_event(self) -> str:
        last = self.traffic.last_at
        return ago((self.now - last).total_seconds()) if last else NOTHING

    @property
    def per_minute(self) -> str:
        pace = self.traffic.per_minute
        return number_format(pace, 1 if 0 < pace < 10 else 0)

    @property
    def lag(self) -> str:
        half, most = self.traffic.lag
        if half is None or most is None:
            return NOTHING
        return f"{number_format(half, 1)} s · {number_format(most, 1)} s"

    @property
    def duplicates(self) -> str:
        return number_format(self.traffic.duplicates)

    @property
    def ignored(self) -> str:
        return number_format(self.traffic.ignored)

    @property
    def quarantined(self) -> str:
        return number_format(self.traffic.quarantined)

    @property
    def refused(self) -> str:
        """How many for each reason, and when the last was; what is news in red."""
        told = format_html_join(
            "",
            '<li class="{}">{} · {} ({})</li>',
            (self._told(one) for one in self.traffic.refusals),
        )
        return format_html('<ul class="lr-refusals">{}</ul>', told) if told else number_format(0)

    def _told(self, one: Refused) -> tuple[str, str, str, str]:
        silence = self.now - one.last
        mark = "lr-news" if silence < NEWS else ""
        return mark, number_format(one.number), why(one.why), ago(silence.total_seconds())

    @property
    def figures(self) -> list[tuple[Any, str]]:
        """All of it, each with what it is called."""
        return [(label, getattr(self, name)) for name, label in FIGURES.items()]


def beats(sources: Collection[Source]) -> dict[int, Beat]:
    """Of some sources by their ids, in a handful of statements however many they are."""
    now = timezone.now()
    found = traffic([source.pk for source in sources], now - DAY, now)
    return {pk: Beat(of, now) for pk, of in found.items()}


class SourceList(ChangeList):
    """The sources of a page, each with its ``beat``."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        found: list[Any] = list(self.result_list)
        told = beats(found)
        for source in found:
            source.beat = told[source.pk]
        self.result_list = found


def _column(name: str) -> Callable[[Any], str]:
    """A figure as a column of the list."""

    @display(description=FIGURES[name])
    def figure(source: Any) -> str:
        shown: str = getattr(source.beat, name)
        return shown

    figure.__name__ = name  # it names the column's cells, too
    return figure


COLUMNS = tuple(map(_column, FIGURES))
