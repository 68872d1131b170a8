"""Times in the reader's time zone: the browser's own, unless another one is chosen.

The choice is in a cookie, as the language is. A script notes the browser's zone
there (``auto:Europe/Paris``); the form below writes the name alone.
"""

import zoneinfo
from collections.abc import Callable
from functools import cache
from itertools import groupby

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from .report_request import staff_page

COOKIE = "livereport_zone"
OWN = "auto"
"""Stands for the browser's own zone."""
_YEAR = 365 * 24 * 3600

GetResponse = Callable[[HttpRequest], HttpResponse]


REGIONS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic"),
    *("Australia", "Europe", "Indian", "Pacific"),
)


@cache
def names() -> list[str]:
    """The zones of the world that are named after a place, and UTC."""
    return ["UTC", *sorted(name for name in known() if name.partition("/")[0] in REGIONS)]


@cache
def known() -> frozenset[str]:
    """Every zone of the tz database that is shipped with us; not a machine's own, or none."""
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


def chosen(request: HttpRequest) -> str:
    """The zone that the reader has chosen; empty for the browser's own."""
    name = request.COOKIES.get(COOKIE, "")
    return name if name in names() else ""


def of(request: HttpRequest) -> zoneinfo.ZoneInfo:
    """The reader's zone as far as it is known, else UTC."""
    name = request.COOKIES.get(COOKIE, "").removeprefix(f"{OWN}:")
    return zoneinfo.ZoneInfo(name if name in known() else "UTC")


def in_readers_zone(get_response: GetResponse) -> GetResponse:
    """Middleware: pages write times in their reader's zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with timezone.override(of(request)):
            return get_response(request)

    return middleware


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def choose(request: HttpRequest) -> HttpResponse:
    """The form with all zones (GET), and keeping one (POST)."""
    after = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(after, {request.get_host()}, request.is_secure()):
        after = reverse("admin:index")
    zone = request.POST.get("zone", "")
    if request.method == "POST" and zone in (OWN, *names()):
        response = redirect(after)
        response.set_cookie(COOKIE, zone, max_age=_YEAR, samesite="Lax", secure=request.is_secure())
        return response
    context = admin.site.each_context(request) | {
        "title": _("Time zone"),
        "regions": [(k, list(g)) for k, g in groupby(names(), lambda n: n.partition("/")[0])],
        "chosen": chosen(request),
        "own": OWN,
        "next": after,
        "error": _("%(zone)s is not a time zone.") % {"zone": zone} if request.POST else "",
        "is_nav_sidebar_enabled": False,
    }
    return render(
        request, "dashboards/time_zone.html", context, status=422 if request.POST else 200
    )
