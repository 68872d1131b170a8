"""Links from numbers to the events that they count."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from urllib.parse import urlencode

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse

from liveReport.channels import ALL, OTHER
from liveReport.events.moments import rfc3339
from liveReport.report import FIRST_TAB, Head
from liveReport.report.frames import Behind, Column, Frame, MarkedRow

from .report_request import ReportRequest

Query = list[tuple[str, str]]

PROFILES = "profiles"
"""Parameter: of how many profiles the events are, where the number counts those."""


def may_list(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether somebody may list single events."""
    return isinstance(user, User) and user.has_perm("livereport.view_events")


@dataclass(frozen=True)
class Links:
    """Where the numbers of a tab's report lead: each to as many events as it counts."""

    asked: ReportRequest
    head: Head

    @cached_property
    def are_there(self) -> bool:
        """Whether whoever looks may list events, and is somebody who can press anything."""
        return not self.asked.kiosk and may_list(self.asked.user) and bool(self.head.counted_at)

    def of(self, frame: Frame, column: Column, row: MarkedRow) -> str:
        """Where a number leads; nowhere if it is none of events, or of those not kept apart."""
        value = row.values.get(column.key)
        axis = frame.axis
        name = str(row.values.get(axis.key, "")) if axis else ""
        behind = column.behind.get("") or column.behind.get(name)
        if not (behind and value and self.are_there) or OTHER in row.values.values():
            return ""
        more = self._row(frame, name) if "" in column.behind else []
        if more and behind.only != ALL and axis and axis.role == "dimension":
            return ""  # events are counted by each dimension apart
        if behind.is_distinct:
            more = [*more, (PROFILES, str(value))]
        step = name if axis and axis.role == "time" else ""
        told = [self._told(behind), urlencode(more) if more else "", self._when(step)]
        return f"{self._page}?{'&'.join(filter(None, told))}"

    @cached_property
    def _page(self) -> str:
        return reverse("report-events", args=[self.asked.campaign.slug])

    def _row(self, frame: Frame, name: str) -> Query:
        """What a row adds: its value or its run. The totals add the runs that are chosen."""
        axis = frame.axis
        if axis and name and axis.role in ("dimension", "execution"):
            own = [(axis.key, name)]
            return own if axis.role == "execution" else [*own, *self._runs]
        return self._runs

    @cached_property
    def _runs(self) -> Query:
        if self.asked.tab == FIRST_TAB:
            return []
        return [("execution", rfc3339(moment)) for moment in self.asked.executions]

    # A page has a thousand links: what many of them say is written once.

    @cached_property
    def _told(self) -> Callable[[Behind], str]:
        return cache(lambda behind: urlencode(_what(behind)))

    @cached_property
    def _when(self) -> Callable[[str], str]:
        """The window, or the step of it that begins then, and which events were counted by then."""
        return cache(lambda step: urlencode(self._span(step)))

    def _span(self, step: str) -> Query:
        start, end = self.head.window.start, self.head.window.end
        if step:
            begun = datetime.fromisoformat(step)
            start, end = (
                max(start, begun),
                min(end, begun + timedelta(seconds=self.head.window.step)),
            )
        counted = self.head.counted_at
        as_of = [("as_of", rfc3339(counted))] if counted else []
        return [("from", rfc3339(start)), ("to", rfc3339(end)), *as_of]


def _what(behind: Behind) -> Query:
    channels = {channel for channel, _kind in behind.kinds}
    only: Iterable[tuple[str, str]] = [behind.only] if behind.only != ALL else []
    if len(channels) > 1:
        return [*(("type", f"{channel}.{kind}") for channel, kind in behind.kinds), *only]
    types = [("type", kind) for _channel, kind in behind.kinds]
    return [("channel", channels.pop()), *types, *only]
