"""The page with the events behind a number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from liveReport.channels import NONE, Channel, Text, find_channel
from liveReport.models import Campaign
from liveReport.report.listing import BadListing, Listing, list_events
from liveReport.site.audit import events_listed

from .behind import PROFILES, may_list
from .moments import Clock
from .numbers import Writer
from .report_request import read_only


@dataclass(frozen=True)
class Line:
    """An event as the table shows it: when it occurred and came, then a text for each column."""

    occurred_at: str
    occurred: str
    received: str
    texts: Sequence[str]


@dataclass(frozen=True)
class Filter:
    """A dimension to narrow the list by, and the value that it is narrowed to."""

    key: str
    label: Text
    value: str


class EventsPage:
    """Some events of a campaign, and how to see fewer, or others."""

    def __init__(
        self, campaign: Campaign, query: QueryDict, listing: Listing, now: datetime
    ) -> None:
        self.campaign = campaign
        self._query = query
        self._listing = listing
        self._clock = Clock.of(now, [])
        self._channels = _channels(listing)

    @property
    def heading(self) -> str:
        """How many there are; of a number of profiles, of how many."""
        write, number = Writer().count, self._listing.count
        profiles = self._query.get(PROFILES, "")
        if profiles.isdecimal() and len(profiles) < 16:
            text = ngettext(
                "%(events)s event of %(profiles)s profiles",
                "%(events)s events of %(profiles)s profiles",
                number,
            )
            return text % {"events": write(number), "profiles": write(int(profiles))}
        return ngettext("%(events)s event", "%(events)s events", number) % {"events": write(number)}

    @property
    def about(self) -> str:
        """Which channels and types, and when."""
        search = self._listing.search
        kinds = sorted(search.kinds)
        every = {(of.slug, event.key) for of in self._channels for event in of.events}
        named = {of.slug: of for of in self._channels}
        types = [f"{named[of].label}: {named[of].event_by_key[kind].label}" for of, kind in kinds]
        span = self._clock.span(*(_moment(second) for second in (search.since, search.until)))
        return f"{', '.join(types) if len(kinds) < len(every) else _('All types')} · {span}"

    @cached_property
    def filters(self) -> list[Filter]:
        """The dimensions that some of the types have."""
        given = dict(self._listing.search.values)
        kinds = self._listing.search.kinds
        taken = {
            key: channel.dimension_by_key[key].label
            for channel in self._channels
            for event in channel.events
            if (channel.slug, event.key) in kinds
            for key in event.dimensions
            if key != channel.evidence
        }
        return [Filter(key, label, given.get(key, "")) for key, label in taken.items()]

    @property
    def kept(self) -> Iterator[tuple[str, str]]:
        """What a form has to repeat, so that nothing but its fields changes."""
        changing = {*(each.key for each in self.filters), "cursor", PROFILES}
        for name, values in self._query.lists():
            if name not in changing:
                yield from ((name, value) for value in values)

    @property
    def columns(self) -> list[Text]:
        """What the texts of a line are."""
        own = [_("Channel"), _("Event"), _("Profile"), _("Message"), _("Execution time")]
        return [*own, *(each.label for each in self.filters)]

    @property
    def lines(self) -> Iterator[Line]:
        """The events of this page, newest first."""
        named = {channel.slug: channel for channel in self._channels}
        for row in self._listing.rows:
            channel = named[row["channel"]]
            run = row["execution"]
            texts = [
                channel.label,
                channel.event_by_key[row["type"]].label,
                row["profile"],
                row["message"] or "—",
                self._clock.run(datetime.fromisoformat(run)) if run else "—",
                *(_value(channel, each.key, row.get(each.key)) for each in self.filters),
            ]
            occurred, received = (
                datetime.fromisoformat(row[key]) for key in ("occurred_at", "received_at")
            )
            yield Line(
                row["occurred_at"],
                self._clock.text(occurred),
                self._clock.text(received),
                list(map(str, texts)),
            )

    @property
    def older_url(self) -> str:
        """The page that follows, if there is one."""
        following = self._listing.following
        return self._with("cursor", following) if following else ""

    @property
    def newest_url(self) -> str:
        """The first page, from any other."""
        return self._with("cursor", None) if "cursor" in self._query else ""

    @property
    def csv_url(self) -> str:
        """The same events as a file."""
        query = self._query.copy()
        query.pop(PROFILES, None)
        query.pop("cursor", None)
        query["as_of"] = self._listing.as_of
        query["format"] = "csv"
        return f"{reverse('v1:campaign-events', args=[self.campaign.slug])}?{query.urlencode()}"

    def _with(self, name: str, value: str | None) -> str:
        query = self._query.copy()
        query.pop(name, None)
        if value:
            query[name] = value
        return f"?{query.urlencode()}"


@read_only
def events(request: HttpRequest, campaign: str) -> HttpResponse:
    """The events behind a number, newest first, a page at a time."""
    try:
        found = Campaign.objects.seen_by(request.user, campaign)
    except Campaign.DoesNotExist as error:
        raise Http404 from error
    if not may_list(request.user):
        raise PermissionDenied
    now = timezone.now()
    try:
        names = [name for name in request.GET if name != PROFILES]
        listing = list_events(names, request.GET.getlist, found, now)
    except BadListing as error:
        raise BadRequest(f"{error.field}: {error}") from error
    events_listed(request.user, None, campaign, request.GET, len(listing.events))
    page = EventsPage(found, request.GET, listing, now)
    context = admin.site.each_context(request) | {
        "page": page,
        "title": _("Events"),
        "is_nav_sidebar_enabled": False,
    }
    return render(request, "dashboards/events.html", context)


def _channels(listing: Listing) -> list[Channel]:
    slugs = sorted({channel for channel, _kind in listing.search.kinds})
    found = (find_channel(slug) for slug in slugs)
    return [channel for channel in found if channel]


def _value(channel: Channel, key: str, value: str | None) -> Text:
    dimension = channel.dimension_by_key.get(key)
    return dimension.label_of(value) if dimension and value not in (None, NONE) else "—"


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.get_current_timezone())
