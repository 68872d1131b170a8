"""``/hooks/{source}/``: where providers send what became of messages.

The answers are those that make a provider try again what can succeed later, and nothing else:
some give up for good on a 403 or a 406, others switch an endpoint off after days of errors.
"""

import logging
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from liveReport.channels import HookRequest, TryLater, Unauthorised
from liveReport.engines.outage import RETRY_SECONDS
from liveReport.ingest import (
    BodyError,
    HookPoint,
    HookReceipt,
    deliver,
    hook_point,
    is_familiar,
    turn_away,
)

from .body import read_body
from .throttles import check, client_of, note

NO_SECRET = "no_secret"  # noqa: S105 (what is answered where there is none)

logger = logging.getLogger(__name__)


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class HookView(View):
    """One source's address. Nothing redirects: a request that is sent again may lose its body."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except BodyError as error:
            return _failed(error.status, error.code, error.retry_after)
        except TryLater:
            return _failed(503, "try_later", RETRY_SECONDS)
        except Unauthorised as error:
            logger.warning("A request to %s was refused: %s.", kwargs["source"], error.code)
            answer = _failed(401, error.code)
            answer["WWW-Authenticate"] = 'Basic realm="liveReport", charset="UTF-8"'
            return answer

    def head(self, request: HttpRequest, source: str) -> HttpResponse:
        """Whether there is such an address: asked by providers before there is a secret."""
        return JsonResponse({}) if _found(request, source) else _failed(404, "not_found")

    def get(self, request: HttpRequest, source: str) -> HttpResponse:
        point = _found(request, source)
        if point and point.provider.webhook.get_delivers and request.GET:
            return _delivered(point, request)
        return JsonResponse({}) if point else _failed(404, "not_found")

    def post(self, request: HttpRequest, source: str) -> HttpResponse:
        point = _found(request, source)
        return _delivered(point, request) if point else _failed(404, "not_found")


def _found(request: HttpRequest, name: str) -> HookPoint | None:
    """Where requests for this source go. Who guesses names is told to wait, and looks up none."""
    if not is_familiar(name):
        check({_guesses(request): settings.HOOK_CLIENT_RATE})
    point = hook_point(name)
    if point is None:
        note(_guesses(request))
    return point


def _guesses(request: HttpRequest) -> str:
    """What an address's guesses at names are counted by."""
    return f"hook-guesses:{client_of(request)}"


def _delivered(point: HookPoint, request: HttpRequest) -> HttpResponse:
    if not point.source.has_secret:
        turn_away(point.source.pk, NO_SECRET)
        return _failed(404, NO_SECRET)
    return JsonResponse(asdict(_taken(point, request)))


def _taken(point: HookPoint, request: HttpRequest) -> HookReceipt:
    """What became of a request, unless there were too many.

    Of a source only those count that are the provider's, or strangers could use up what it may
    send. Theirs are counted by address, and for each source: one whose key is wrong takes nothing
    from another of the same provider.
    """
    sent = f"hook:{point.source.pk}"
    refused = f"hook-refused:{point.source.pk}:{client_of(request)}"
    try:
        check({sent: settings.HOOK_RATE, refused: settings.HOOK_CLIENT_RATE})
        body = read_body(request, settings.INGEST_MAX_BYTES)  # type: ignore[arg-type]
    except BodyError as error:
        turn_away(point.source.pk, error.code)
        raise
    try:
        receipt = deliver(point, hook_request(request, body))
    except Unauthorised:
        note(refused)
        raise
    note(sent)
    return receipt


def hook_request(request: HttpRequest, body: bytes) -> HookRequest:
    """A request as providers' adapters see it, under the address that outsiders use."""
    path = request.get_full_path()
    url = f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri()
    headers = {name.lower(): value for name, value in request.headers.items()}
    return HookRequest(request.method or "", url, headers, body, timezone.now())


def _failed(status: int, code: str, retry_after: int | None = None) -> HttpResponse:
    answer = JsonResponse({"code": code}, status=status)
    if retry_after:
        answer["Retry-After"] = str(retry_after)
    return answer
