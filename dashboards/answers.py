"""What the page's scripts are answered, so that they can tell it from anything else.

A proxy, a network's own log-in page or a newer release may answer in our place, and
the session may have ended or become another user's. Each answer to a script names
the release of its markup, and a piece of HTML says that it is whole.
"""

from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render, resolve_url
from django.templatetags.static import static

from .report_request import SpanGone, TabGone, read_only
from .widgets import digest_of

ASSETS = "X-Report-Assets"
"""Header: the release of scripts and styles that the answer's markup is for."""
ELSEWHERE = "X-Report-Elsewhere"
"""Header: where to go when the tab, or the span of time, is gone."""
USER = "X-Report-User"
"""Header of a request: whose page it comes from."""
END = "<!-- whole -->"
"""Ends each piece of HTML: one that a proxy has cut off does not."""

GetResponse = Callable[[HttpRequest], HttpResponse]


@cache
def assets() -> str:
    """Differs from release to release, as the names of the scripts and styles do."""
    names = ("report.js", "report.css", "editor.js", "start.js", "start.css")
    return digest_of([static(f"dashboards/build/{name}") for name in names])


def piece(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A piece of a page for its scripts."""
    response = render(request, template, context)
    response.write(END)
    return response


@read_only
def fresh_token(request: HttpRequest) -> HttpResponse:
    """A token for forms that an open page has from before a log-in, which changes it."""
    return JsonResponse({"token": get_token(request)})


class ForScripts:
    """Middleware: a script gets what it can act upon, never a page in place of a piece."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_script(request):
            return self._get_response(request)
        if _is_of_another_user(request):
            response = HttpResponse(status=409)
        else:
            response = self._get_response(request)
        if _leads_to_log_in(response):
            response = HttpResponse(status=401, headers={"WWW-Authenticate": "Session"})
            # Tabs left open ask for days: a line of the log each time would help nobody.
            response._has_been_logged = True  # type: ignore[attr-defined]
        response.headers[ASSETS] = assets()
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, TabGone) and _is_script(request):
            return HttpResponse(status=404, headers={ELSEWHERE: error.elsewhere})
        if isinstance(error, SpanGone) and _is_script(request):
            return HttpResponse(status=410, headers={ELSEWHERE: error.elsewhere})
        return None


def _is_script(request: HttpRequest) -> bool:
    return bool(request.htmx)  # type: ignore[attr-defined]


def _is_of_another_user(request: HttpRequest) -> bool:
    """Whether the page belongs to somebody else than who is logged in by now."""
    author, user = request.headers.get(USER), request.user
    return author is not None and user.is_authenticated and author != str(user.pk)


def _leads_to_log_in(response: HttpResponse) -> bool:
    location = urlsplit(response.headers.get("Location", ""))
    return location.path == resolve_url(settings.LOGIN_URL)
