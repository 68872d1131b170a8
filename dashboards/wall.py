"""A report on a wall screen: nobody may be able to do more there than look.

``?kiosk`` shows a report without anything to press. A session that starts the
wall screen from the page's menu becomes read-only until it logs out.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from .report_request import KIOSK_SECONDS, ReportRequest, staff_page

LOCK = "wall_screen"
LENGTH = timedelta(days=30)
"""How long a wall screen stays logged in."""
REACHABLE = frozenset(
    {
        *("start", "start-changes", "report-entrance", "report", "report-changes"),
        *("logout", "login", "set_language"),
    }
)

GetResponse = Callable[[HttpRequest], HttpResponse]


@require_POST
@staff_page
def start(request: HttpRequest, campaign: str, tab: str) -> HttpResponse:
    """Lock this session to looking at reports, and begin."""
    asked = ReportRequest.of(request, campaign, tab)
    lock(request)
    return redirect(replace(asked, kiosk=KIOSK_SECONDS).url("report"))


def lock(request: HttpRequest) -> None:
    """From now on this session can only look, until it logs out."""
    request.session[LOCK] = True
    request.session.set_expiry(LENGTH)


class ReadOnlyWalls:
    """Middleware: a locked session sees reports, and changes nothing."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        match = request.resolver_match
        if not request.session.get(LOCK) or match is None or match.url_name in REACHABLE:
            return None
        return render(request, "dashboards/wall_only.html", status=403)
