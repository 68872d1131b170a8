"""The parts of a page, each with a digest, so that a poll replaces only what differs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import reverse

from liveReport.models import Campaign
from liveReport.report import Head, Tab, TabReport

from .drawing import moment_text
from .labels import javascript_texts
from .requests import Asked, rfc3339
from .widgets import Widget, digest_of

STALE_SECONDS = 10
"""A report further behind than this says so in colour."""


@dataclass(frozen=True)
class Moment:
    """A time: for machines, and for readers without JavaScript."""

    moment: datetime

    @property
    def value(self) -> str:
        return rfc3339(self.moment)

    @property
    def text(self) -> str:
        return moment_text(self.value)


@dataclass(frozen=True)
class Choice(Moment):
    """An execution one can filter by."""

    selected: bool


@dataclass(frozen=True)
class TabLink:
    """A tab and where it leads, with the filter kept."""

    tab: Tab
    url: str
    current: bool


@dataclass(frozen=True)
class Part:
    """Something on the page that can change by itself."""

    id: str
    digest: str
    template: str


@dataclass(frozen=True)
class Changes:
    """What a poll brings: parts to replace, widgets to insert, widgets to take away."""

    parts: Sequence[Part]
    widgets: Sequence[Widget]
    inserted: Sequence[tuple[str, Widget]]
    removed: Sequence[str]

    def __bool__(self) -> bool:
        return any((self.parts, self.widgets, self.inserted, self.removed))


class Page:
    """A tab's report, cut into parts."""

    def __init__(self, asked: Asked, report: TabReport) -> None:
        self.asked = asked
        self.report = report
        self.head: Head = report.head
        self.widgets = [Widget(widget, asked) for widget in report.widgets]

    @property
    def campaign(self) -> Campaign:
        return self.asked.campaign

    @property
    def is_stale(self) -> bool:
        return self.head.lag_seconds > STALE_SECONDS

    @property
    def window(self) -> list[Moment]:
        return [Moment(self.head.window.start), Moment(self.head.window.end)]

    @cached_property
    def tabs(self) -> list[TabLink]:
        return [
            TabLink(tab, self._url("report", tab.slug), tab.slug == self.asked.tab)
            for tab in self.head.tabs
        ]

    @cached_property
    def choices(self) -> list[Choice]:
        """The executions on offer, chosen ones among them even when nothing happened there."""
        chosen = set(self.report.selected)
        known = set(self.report.executions) | chosen
        return [Choice(moment, moment in chosen) for moment in sorted(known, reverse=True)]

    @property
    def feed_url(self) -> str:
        return self._url("report-changes", self.asked.tab)

    @property
    def export_url(self) -> str:
        return reverse("report-csv", args=[self.campaign.slug]) + self.asked.query

    @property
    def unfiltered_url(self) -> str:
        return reverse("report", args=[self.campaign.slug, self.asked.tab])

    @property
    def texts(self) -> Mapping[str, str]:
        return javascript_texts()

    @property
    def title(self) -> Part:
        moments = [moment.value for moment in self.window]
        digest = digest_of(self.campaign.name, self.campaign.status, moments)
        return Part("lr-title", digest, "dashboards/_title.html")

    @property
    def navigation(self) -> Part:
        digest = digest_of([(str(link.tab.title), link.url, link.current) for link in self.tabs])
        return Part("lr-tabs", digest, "dashboards/_tabs.html")

    @property
    def filter(self) -> Part:
        digest = digest_of([(choice.value, choice.selected) for choice in self.choices])
        return Part("lr-executions", digest, "dashboards/_executions.html")

    def changes(self, shown: Iterable[str]) -> Changes:
        """What differs from the parts that a page shows."""
        known = dict(entry.rpartition(":")[::2] for entry in shown)
        parts = [
            part
            for part in (self.title, self.navigation, self.filter)
            if known.pop(part.id, None) != part.digest
        ]
        before = ["", *(widget.id for widget in self.widgets)]
        return Changes(
            parts=parts,
            widgets=[w for w in self.widgets if w.id in known and known[w.id] != w.digest],
            inserted=[
                pair for pair in zip(before, self.widgets, strict=False) if pair[1].id not in known
            ],
            removed=sorted(set(known) - {widget.id for widget in self.widgets}),
        )

    def _url(self, name: str, tab: str) -> str:
        return reverse(name, args=[self.campaign.slug, tab]) + self.asked.query
