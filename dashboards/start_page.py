"""The start page for one reader: which campaigns, in which order, cut into parts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple, Self, cast
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from liveReport.channels import Text
from liveReport.models import Campaign
from liveReport.report import FIRST_TAB
from liveReport.report.judging import Level
from liveReport.report.numbers import UNDEFINED, Writer
from liveReport.report.overview import PAGE, STATES, Entry, Numbers, Overview, numbers, overview
from liveReport.report.verdicts import STALE_SECONDS

from .course import at_pace
from .models import Pin
from .moments import Clock
from .pictures.kpi import Sparkline, sparkline_of
from .report_request import kiosk_seconds
from .script_texts import javascript_texts
from .verdicts import VerdictLine, lines_of
from .widgets import Fragment, digest_of

ALL = "all"
MINUTE = timedelta(minutes=1)
_HEARD = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 24 * 60)]
"""Live campaigns are in the order in which they were last heard of, as coarsely as this: a page
whose rows changed places with every event could not be read."""


@dataclass(frozen=True)
class Asked:
    """What the address asks for, and who asks; ``kiosk`` as in a report's address."""

    user: User
    text: str
    state: str
    page: int
    kiosk: int

    @classmethod
    def of(cls, request: HttpRequest, kiosk: int | None = None) -> Self:
        given = request.GET
        state = given.get("state", ALL)
        page = given.get("page", "")
        return cls(
            user=cast("User", request.user),
            text=given.get("q", "").strip()[:200],
            state=state if state in STATES else ALL,
            page=int(page) if page.isdecimal() and len(page) < 6 else 1,
            kiosk=kiosk_seconds(request) if kiosk is None else kiosk,
        )

    @property
    def here(self) -> str:
        """The page itself."""
        query = {
            "q": self.text,
            "state": "" if self.state == ALL else self.state,
            "page": self.page if self.page > 1 else "",
            "kiosk": self.kiosk or "",
        }
        said = urlencode({name: value for name, value in query.items() if value})
        return reverse("start") + (f"?{said}" if said else "")


class Link(NamedTuple):
    """Another page of the list, or another choice of states."""

    text: str
    url: str
    current: bool


@dataclass(frozen=True)
class Row:
    """A campaign, as far as it is known without its numbers."""

    entry: Entry
    pinned: bool

    @property
    def id(self) -> str:
        return f"lr-row-{self.entry.slug}"

    @property
    def url(self) -> str:
        return self.tab_url(FIRST_TAB)

    def tab_url(self, tab: str) -> str:
        """Its report, on this tab if it has it."""
        known = {channel.slug for channel in self.entry.channels}
        return reverse("report", args=[self.entry.slug, tab if tab in known else FIRST_TAB])

    @property
    def status(self) -> Text:
        return Campaign.Status(self.entry.status).label

    @property
    def channels(self) -> str:
        return ", ".join(str(channel.label) for channel in self.entry.channels)

    def matches(self, text: str) -> bool:
        """Whether its name, its slug or one of its channels has the text."""
        names = [self.entry.name, self.entry.slug, *self._channel_names()]
        return any(text.casefold() in name.casefold() for name in names)

    def _channel_names(self) -> Iterable[str]:
        for channel in self.entry.channels:
            yield from (channel.slug, str(channel.label))


@dataclass(frozen=True)
class ShownRow(Row):
    """The same with what the page writes of its numbers."""

    pace: str
    spark: Sparkline | None
    worst: tuple[str, str, str] | None
    """Of the worst rate: its key, its name, its value."""
    last: str
    last_event: str
    level: Level
    said: VerdictLine | None
    """The worst of what there is to say of it."""

    template = "dashboards/start/_row.html"

    @cached_property
    def digest(self) -> str:
        said = (self.pinned, self.entry.name, self.entry.status, self.channels)
        spark = self.spark and (self.spark.line, self.spark.tail, self.spark.summary)
        verdict = (self.level, self.said and (self.said.level, self.said.headline))
        return digest_of(said, self.pace, spark, self.worst, self.last, self.last_event, verdict)


class StartPage:
    """The campaigns that a reader may see, at one moment."""

    def __init__(self, asked: Asked, now: datetime) -> None:
        self.head: Overview = overview(Campaign.objects.visible_to(asked.user), now)
        self.clock = Clock.of(now)
        pinned = set(Pin.objects.filter(user=asked.user).values_list("campaign_id", flat=True))
        self._all = [Row(entry, entry.pk in pinned) for entry in self.head.entries]
        self.matching = [row for row in self._all if row.matches(asked.text)]
        chosen = [row for row in self.matching if asked.state in (ALL, row.entry.status)]
        self.found = sorted(chosen, key=self._place)
        self.asked = replace(asked, page=min(max(asked.page, 1), self._page_count))
        start = (self.asked.page - 1) * PAGE
        self._listed = self.found[start : start + PAGE]

    def _place(self, row: Row) -> tuple[object, ...]:
        """Pinned ones first, then by state, then by how long nothing was heard, then by name."""
        last = row.entry.last_event_at
        age = self.head.now - last if last else timedelta.max
        silence = sum(age >= step for step in _HEARD)
        return (not row.pinned, row.entry.rank, silence, row.entry.name.casefold(), row.entry.slug)

    @property
    def _page_count(self) -> int:
        return max(1, -(-len(self.found) // PAGE))

    @property
    def version(self) -> str:
        """Changes whenever something on the page may have."""
        said = [
            (row.entry.slug, row.entry.name, row.entry.status, row.entry.version, row.pinned)
            for row in self._listed
        ]
        counts = (len(self._all), sorted(self._by_state.items()))
        place = self.asked.here, self.zone
        return digest_of(said, counts, self.head.window.end, self.head.is_late, place)

    @cached_property
    def rows(self) -> list[ShownRow]:
        """Those of this page, with their numbers."""
        writer = Writer()
        known = numbers(self.head, [row.entry for row in self._listed])
        return [self._shown(row, known[row.entry.pk], writer) for row in self._listed]

    def _shown(self, row: Row, known: Numbers, writer: Writer) -> ShownRow:
        last, worst = row.entry.last_event_at, known.worst
        slugs = [channel.slug for channel in row.entry.channels]
        lines = lines_of(known.judgement, slugs, self.clock)
        return ShownRow(
            row.entry,
            row.pinned,
            level=known.judgement.level(slugs),
            said=next(iter(lines), None),
            pace=writer.pace(known.events_per_minute) if last else UNDEFINED,
            spark=sparkline_of(
                known.course,
                _("Course over the last 24 hours: at most %(peak)s in an hour.")
                % {"peak": writer.count(max(known.course, default=0))},
                self._cut(len(known.course)),
            ),
            worst=worst and (worst.metric.key, str(worst.metric.label), writer.share(worst.value)),
            last=self._ago(last) if last else UNDEFINED,
            last_event=self.clock.local(last.replace(second=0, microsecond=0)) if last else "",
        )

    def _cut(self, hours: int) -> dict[int, float | None]:
        """The running hour, of which some minutes are there."""
        minutes = self.head.window.end.minute
        return {hours - 1: at_pace(minutes / 60)} if minutes else {}

    def _ago(self, moment: datetime) -> str:
        """How long ago in minutes, the time of a day, or the date."""
        minutes = (self.head.window.end - moment) // MINUTE
        if minutes <= 1:
            return _("now")
        if minutes < 60:
            return ngettext("%(minutes)s min ago", "%(minutes)s min ago", minutes) % {
                "minutes": minutes
            }
        return self.clock.text(moment)

    # -- Parts ---------------------------------------------------------------------------

    @property
    def board(self) -> Fragment:
        """All rows; its digest is that of their order alone."""
        digest = digest_of([row.entry.slug for row in self._listed])
        return Fragment("lr-rows", digest, "dashboards/start/_rows.html")

    @property
    def filter(self) -> Fragment:
        return Fragment("lr-states", digest_of(self.states), "dashboards/start/_states.html")

    @property
    def pager(self) -> Fragment:
        return Fragment("lr-pages", digest_of(self.pages), "dashboards/start/_pages.html")

    def changes(self, shown: Iterable[str]) -> Sequence[Fragment | ShownRow]:
        """The parts that differ from what a page shows: all rows if their order does."""
        known = dict(entry.rpartition(":")[::2] for entry in shown)
        parts: list[Fragment | ShownRow] = [
            part
            for part in (self.filter, self.board, self.pager)
            if known.get(part.id) != part.digest
        ]
        if self.board in parts:
            return parts
        return [*parts, *(row for row in self.rows if known.get(row.id) != row.digest)]

    @cached_property
    def _by_state(self) -> Mapping[str, int]:
        return Counter(row.entry.status for row in self.matching)

    @cached_property
    def states(self) -> list[tuple[Link, int]]:
        """All, live ones, and further states of which there are any: a link and how many."""
        offered = [
            state
            for state in STATES
            if state in (Campaign.Status.LIVE, self.asked.state) or self._by_state.get(state)
        ]
        links = [(ALL, _("All"), len(self.matching))]
        links += [(state, str(state.label), self._by_state.get(state, 0)) for state in offered]
        return [
            (
                Link(
                    text, replace(self.asked, state=state, page=1).here, state == self.asked.state
                ),
                count,
            )
            for state, text, count in links
        ]

    @cached_property
    def pages(self) -> list[Link]:
        """All pages, if there are several."""
        several = range(1, self._page_count + 1) if self._page_count > 1 else ()
        here = self.asked.page
        return [Link(str(n), replace(self.asked, page=n).here, n == here) for n in several]

    @property
    def shown_all_url(self) -> str:
        return replace(self.asked, text="", state=ALL, page=1).here

    @property
    def is_filtered(self) -> bool:
        return bool(self.asked.text) or self.asked.state != ALL

    # -- What every page of ours says ----------------------------------------------------

    @property
    def as_of(self) -> str:
        return self.clock.local(self.head.as_of)

    @property
    def is_stale(self) -> bool:
        return self.head.lag_seconds > STALE_SECONDS

    @property
    def zone(self) -> str:
        return get_current_timezone_name()

    @property
    def zone_url(self) -> str:
        return f"{reverse('time-zone')}?{urlencode({'next': self.asked.here})}"

    @property
    def wall_url(self) -> str:
        """What a wall screen shows: as filtered, from the first page on."""
        here = replace(self.asked, page=1).here.partition("?")[2]
        return reverse("start-wall") + (f"?{here}" if here else "")

    @property
    def texts(self) -> Mapping[str, str]:
        return javascript_texts()
