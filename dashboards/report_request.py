"""What all pages of the report share: who may ask, and for what."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Self, cast

from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from liveReport.events.moments import rfc3339
from liveReport.models import Campaign
from liveReport.report import (
    FIRST_TAB,
    TODAY,
    BadPeriod,
    Head,
    PastSpan,
    Period,
    TabReport,
    UnknownTab,
    WidgetFilter,
    parse_executions,
    tab_head,
    tab_report,
)
from liveReport.report.window import BASES, CHOSEN, EVERYBODY, WINDOWS, Window

View = Callable[..., HttpResponse]


class TabGone(Http404):
    """The campaign's report has no such tab now; ``elsewhere`` is its first one."""

    def __init__(self, elsewhere: str) -> None:
        super().__init__("tab")
        self.elsewhere = elsewhere


class SpanGone(BadRequest):
    """The span is not within the last 24 hours (any more); ``elsewhere`` is what it was in."""

    def __init__(self, reason: str, elsewhere: str) -> None:
        super().__init__(reason)
        self.elsewhere = elsewhere


BACK = "back"
"""Parameter of a span: the name of the window to go back to."""
KIOSK_SECONDS = 20
"""How long a wall screen shows each screenful; ``?kiosk=60`` asks for another time."""
KIOSK_RANGE = (5, 3600)


def staff_page(view: View) -> View:
    """A page for staff: never cached, compressed."""
    decorated: View = staff_member_required(never_cache(gzip_page(view)))
    return decorated


def read_only(view: View) -> View:
    """A page for staff that changes nothing."""
    decorated: View = require_safe(staff_page(view))
    return decorated


@dataclass(frozen=True)
class ReportRequest:
    """The tab, the period and the runs that a request is about, at one moment, and for whom.

    ``back`` is the period that somebody has left for a span of it; ``basis`` what their layout
    has rates divide, where the period does not say.
    ``kiosk`` is how many seconds a wall screen shows each screenful, else 0;
    ``draft`` has a picture for each widget of a page that is being changed.
    """

    campaign: Campaign
    tab: str
    user: User
    executions: list[datetime]
    kiosk: int
    draft: dict[str, str]
    now: datetime
    period: Period = TODAY
    back: Period = TODAY
    basis: str = ""

    @classmethod
    def of(cls, request: HttpRequest, campaign: str, tab: str) -> Self:
        user = cast("User", request.user)
        try:
            found = Campaign.objects.seen_by(user, campaign)
        except Campaign.DoesNotExist as error:
            raise Http404 from error
        draft = dict(entry.rpartition(":")[::2] for entry in request.GET.getlist("draft"))
        kiosk = kiosk_seconds(request)
        asked = cls(found, tab, user, _executions(request), kiosk, draft, timezone.now())
        return replace(asked, back=_back(request))._over_period(request)

    def _over_period(self, request: HttpRequest) -> Self:
        try:
            return replace(self, period=Period.parse(request.GET.getlist, self.now))
        except PastSpan as error:
            raise SpanGone(str(error), self.over(self.back)) from error
        except BadPeriod as error:
            raise BadRequest(str(error)) from error

    @cached_property
    def query(self) -> str:
        """The filter as a query string with its question mark, to keep it in links."""
        query = QueryDict(mutable=True)
        query.setlist("execution", [rfc3339(moment) for moment in self.executions])
        query.update(self.period_query)
        if self.kiosk:
            query["kiosk"] = str(self.kiosk)
        return f"?{query.urlencode()}" if query.urlencode() else ""

    @property
    def period_query(self) -> dict[str, str]:
        """The part of it that says over which period."""
        is_back_known = self.period.span and self.back.name != TODAY.name
        return self.period.query | ({BACK: self.back.name} if is_back_known else {})

    def dividing(self, basis: str) -> Self:
        """The same where a layout has rates divide this, if anything."""
        return replace(self, basis=basis)

    @property
    def shown(self) -> Period:
        """The period with what its rates divide: the address overrides the layout."""
        return replace(self.period, basis=self.period.basis or self.basis)

    @property
    def window(self) -> Window:
        return self.period.window(self.now)

    def over(self, period: Period) -> str:
        """The same page over another period."""
        return replace(self, period=period).here

    @cached_property
    def here(self) -> str:
        """The page itself."""
        return self.url("report")

    def url(self, name: str, *more: str, tab: str | None = None) -> str:
        """A page about the same campaign, tab (or another) and runs."""
        return reverse(name, args=[self.campaign.slug, tab or self.tab, *more]) + self.query

    def widget_url(self, name: str, slug: str) -> str:
        """A page about one widget of the tab, which goes by its key unless it is a guest."""
        return self.url(name, slug.removeprefix(f"{self.tab}."))

    @property
    def first_tab(self) -> str:
        """The page with the tab that is always there."""
        return self.url("report", tab=FIRST_TAB)

    def head(self) -> Head:
        try:
            return tab_head(self.campaign, self.tab, self.now, self.shown)
        except UnknownTab as error:
            raise TabGone(self.first_tab) from error

    def report(self, wanted: WidgetFilter, *, even_empty: bool = False) -> TabReport:
        try:
            return tab_report(
                self.campaign,
                self.tab,
                self.executions,
                self.now,
                period=self.shown,
                wanted=wanted,
                even_empty=even_empty,
            )
        except UnknownTab as error:
            raise TabGone(self.first_tab) from error


def kiosk_seconds(request: HttpRequest) -> int:
    """How long a wall screen shows each screenful; 0 for what is no wall screen."""
    given = request.GET.get("kiosk")
    if given is None:
        return 0
    if not given.isdecimal():
        return KIOSK_SECONDS
    least, most = KIOSK_RANGE
    # Python reads no number of thousands of digits; any that is longer is as good as the longest.
    digits = given.lstrip("0")[: len(str(most)) + 1]
    return min(max(int(digits or 0), least), most)


def _back(request: HttpRequest) -> Period:
    """What is no window leads back to all of them. What rates divide stays, and whose they are."""
    name, basis = request.GET.get(BACK, ""), request.GET.get("basis", "")
    verdict = request.GET.get("verdict", "").replace(EVERYBODY, "")
    return Period(
        name if name in WINDOWS else TODAY.name,
        basis=basis if basis in BASES else "",
        verdict=verdict if verdict in CHOSEN else "",
    )


def _executions(request: HttpRequest) -> list[datetime]:
    try:
        return parse_executions(request.GET.getlist("execution"))
    except ValueError as error:
        raise BadRequest(str(error)) from error
