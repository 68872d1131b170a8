"""The start page: the campaigns as they are now, and what keeps it current."""

from typing import cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from liveReport.models import Campaign, sees_campaigns
from liveReport.report import FIRST_TAB

from . import answers, wall, zones
from .models import Pin
from .report_request import KIOSK_SECONDS, read_only, staff_page
from .start_page import Asked, StartPage

OFFERED = 20
"""Campaigns that the switcher of a report offers at a time."""


@read_only
def start(request: HttpRequest) -> HttpResponse:
    """The campaigns that the reader may see, complete without JavaScript."""
    context = admin.site.each_context(request) | {
        "page": _page(request),
        "sees_campaigns": sees_campaigns(request.user),
        "assets": answers.assets(),
        "chosen_zone": zones.chosen(request),
        "is_nav_sidebar_enabled": False,
    }
    return render(request, "dashboards/start.html", context)


@read_only
def changes(request: HttpRequest) -> HttpResponse:
    """What is new since the version shown: nothing (204), or the parts that differ."""
    page = _page(request)
    is_news = request.GET.get("version") != page.version
    parts = page.changes(request.GET.getlist("shown")) if is_news else ()
    if not parts:
        return _with_age(HttpResponse(status=204), page)
    response = answers.piece(
        request, "dashboards/start/_changes.html", {"page": page, "parts": parts}
    )
    return _with_age(response, page)


@require_POST
@staff_page
def pin(request: HttpRequest) -> HttpResponse:
    """Put a campaign first on one's own start page (``pin``), or no longer (``unpin``)."""
    given = request.POST
    user, wanted = cast("User", request.user), "pin" in given
    try:
        campaign = Campaign.objects.seen_by(user, given.get("pin" if wanted else "unpin", ""))
    except Campaign.DoesNotExist as error:
        raise Http404 from error
    if wanted:
        Pin.objects.get_or_create(user=user, campaign=campaign)
    else:
        Pin.objects.filter(user=user, campaign=campaign).delete()
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204)
    after = given.get("next", "")
    if not url_has_allowed_host_and_scheme(after, {request.get_host()}, request.is_secure()):
        after = reverse("start")
    return redirect(after)


@require_POST
@staff_page
def start_wall(request: HttpRequest) -> HttpResponse:
    """Lock this session to looking, and begin with the start page."""
    wall.lock(request)
    return redirect(_asked(request, kiosk=KIOSK_SECONDS).here)


@read_only
def switcher(request: HttpRequest) -> HttpResponse:
    """Other campaigns for the reader of a report, each with the tab it is read on."""
    page = _page(request)
    tab = request.GET.get("tab", FIRST_TAB)
    context = {
        "offers": [(row, row.tab_url(tab)) for row in page.found[:OFFERED]],
        "more": max(0, len(page.found) - OFFERED),
        "here": request.GET.get("here", ""),
    }
    return answers.piece(request, "dashboards/_switcher_list.html", context)


def _page(request: HttpRequest) -> StartPage:
    return StartPage(_asked(request), timezone.now())


def _asked(request: HttpRequest, kiosk: int | None = None) -> Asked:
    return Asked.of(request, kiosk)


def _with_age(response: HttpResponse, page: StartPage) -> HttpResponse:
    """Even an answer without content says how old the numbers are."""
    response["X-Report-Version"] = page.version
    response["X-Report-Layout"] = ""
    response["X-Report-As-Of"] = page.as_of
    response["X-Report-Zone"] = page.zone
    response["X-Report-Lag"] = f"{page.head.lag_seconds:.1f}"
    return response
