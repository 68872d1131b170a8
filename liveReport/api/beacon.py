"""``/beacon.js`` and ``/beacon/{key}/``: events from pages and apps, under a public key.

Nobody is told apart, and nothing is kept of a sender but the events: no cookie, no address, no
agent. Who asks not to be tracked, and who is a machine, is answered as everybody is.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from crawleruseragents import is_crawler
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_safe

from liveReport.ingest import BodyError, HookPoint, beacon_point, receive_beacon, turn_away
from liveReport.site.sources import SourceError, origin_of

from .body import read_body
from .throttles import client_of, count_and_check

SCRIPT = "dashboards/build/beacon.js"
"""Where the front end's build leaves it, among the static files."""
SCRIPT_SECONDS = 300
"""For which a browser or a proxy keeps the script: every page of a site asks for it."""
MOST_BYTES = 512 * 1024
PREFLIGHT_SECONDS = 7200
"""For which a browser believes that it may send: as long as any does."""
LONGEST_AGENT = 512
"""Characters of an agent that are looked at."""
APPS = ("okhttp/",)
"""Agents that lists of crawlers name, and that are what apps send with."""


def _tag(request: HttpRequest) -> str:
    """Weak, as it is the same packed or not."""
    return f'W/"{sha256(_script()).hexdigest()[:32]}"'


@condition(etag_func=_tag)
@gzip_page
@cache_control(public=True, max_age=SCRIPT_SECONDS)
@require_safe
@login_not_required
def script(request: HttpRequest) -> HttpResponse:
    """The script for pages of other sites."""
    answer = HttpResponse(_script(), content_type="text/javascript; charset=utf-8")
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["Access-Control-Allow-Origin"] = "*"  # so that pages can pin it by its hash
    return answer


@lru_cache(maxsize=1)
def _script() -> bytes:
    if (path := finders.find(SCRIPT)) is None:
        raise Http404
    return Path(path).read_bytes()


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class BeaconView(View):
    """The address of one key. Nothing redirects, and no answer says more than its status."""

    http_method_names = ["post", "options"]

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: str) -> HttpResponse:
        try:
            _check_client(request)
            point = beacon_point(kwargs["key"])
        except BodyError as error:
            return _failed(error.status, error.code, error.retry_after)
        if point is None:
            return _failed(404, "not_found")
        origin = request.headers.get("Origin", "")
        if origin and not _is_listed(origin, point, request):
            turn_away(point.source.pk, "origin")
            return _failed(403, "origin")
        return _shared_with(origin, self._answered(request, point))

    def _answered(self, request: HttpRequest, point: HookPoint) -> HttpResponse:
        answer = _ANSWERS.get(request.method or "")
        if answer is None:
            return self.http_method_not_allowed(request)
        try:
            return answer(request, point)
        except BodyError as error:
            turn_away(point.source.pk, error.code)
            return _failed(error.status, error.code, error.retry_after)


def _preflight(request: HttpRequest, point: HookPoint) -> HttpResponse:
    answer = HttpResponse(status=204)
    answer["Access-Control-Allow-Methods"] = "POST"
    answer["Access-Control-Allow-Headers"] = "Content-Type, Content-Encoding"
    answer["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return answer


def _taken(request: HttpRequest, point: HookPoint) -> HttpResponse:
    if not _is_uncounted(request):
        count_and_check({f"beacon:{point.source.pk}": settings.BEACON_RATE})
        receive_beacon(
            point,
            read_body(request, MOST_BYTES),  # type: ignore[arg-type]
            content_type=request.headers.get("Content-Type", ""),
            encoding=request.headers.get("Content-Encoding", ""),
            sent_at=_sent_at(request.GET.get("sent", "")),
        )
    return HttpResponse(status=204)


_ANSWERS = {"POST": _taken, "OPTIONS": _preflight}


def _sent_at(milliseconds: str) -> datetime | None:
    """When a page says that it sent this, by its clock."""
    if not (milliseconds.isascii() and milliseconds.isdecimal() and len(milliseconds) < 15):
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(milliseconds))


def _is_uncounted(request: HttpRequest) -> bool:
    """Whether they want to be left alone, or are nobody."""
    asked = "1" in (request.headers.get("DNT"), request.headers.get("Sec-GPC"))
    return asked or _crawls(request.headers.get("User-Agent", "")[:LONGEST_AGENT])


@lru_cache(maxsize=4_096)
def _crawls(agent: str) -> bool:
    """Kept for each agent, since hundreds of patterns are tried."""
    return not agent.startswith(APPS) and is_crawler(agent)


def _check_client(request: HttpRequest) -> None:
    if request.method == "POST":
        count_and_check({f"beacon-from:{client_of(request)}": settings.BEACON_CLIENT_RATE})


def _is_listed(origin: str, point: HookPoint, request: HttpRequest) -> bool:
    """Whether pages of this origin may send; our own may, which only the demo has."""
    return origin in point.source.origins or origin == _own(request)


def _own(request: HttpRequest) -> str:
    try:
        return origin_of(request.build_absolute_uri("/"))
    except SourceError:
        return ""


def _shared_with(origin: str, answer: HttpResponse) -> HttpResponse:
    """The answer, which a page of this origin may see."""
    if origin:
        answer["Access-Control-Allow-Origin"] = origin
        answer["Access-Control-Allow-Credentials"] = "true"  # a beacon is always sent with them
        answer["Access-Control-Expose-Headers"] = "Retry-After"
        answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_vary_headers(answer, ["Origin"])
    return answer


def _failed(status: int, code: str, retry_after: int | None = None) -> HttpResponse:
    answer = JsonResponse({"code": code}, status=status)
    if retry_after:
        answer["Retry-After"] = str(retry_after)
    return answer
