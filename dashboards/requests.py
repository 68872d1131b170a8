"""What all pages of the report share: who may ask, and for what."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from liveReport.models import Campaign
from liveReport.report import Head, UnknownTab, parse_executions, tab_head

View = Callable[..., HttpResponse]


def staff_page(view: View) -> View:
    """A page for staff: read only, never cached, compressed."""
    decorated: View = require_safe(staff_member_required(never_cache(gzip_page(view))))
    return decorated


@dataclass(frozen=True)
class Asked:
    """The tab and the runs that a request is about, at one moment."""

    campaign: Campaign
    tab: str
    executions: list[datetime]
    now: datetime

    @classmethod
    def of(cls, request: HttpRequest, campaign: str, tab: str) -> Self:
        found = get_object_or_404(Campaign.objects.visible_to(request.user), slug=campaign)
        return cls(found, tab, _executions(request), timezone.now())

    @property
    def query(self) -> str:
        """The filter as a query string with its question mark, to keep it in links."""
        if not self.executions:
            return ""
        query = QueryDict(mutable=True)
        query.setlist("execution", [rfc3339(moment) for moment in self.executions])
        return f"?{query.urlencode()}"

    def head(self) -> Head:
        try:
            return tab_head(self.campaign, self.tab, self.now)
        except UnknownTab as error:
            raise Http404 from error


def rfc3339(moment: datetime) -> str:
    """A moment as frames and URLs name it."""
    return moment.isoformat().replace("+00:00", "Z")


def _executions(request: HttpRequest) -> list[datetime]:
    try:
        return parse_executions(request.GET.getlist("execution"))
    except ValueError as error:
        raise BadRequest(str(error)) from error
