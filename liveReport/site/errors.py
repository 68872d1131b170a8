"""Responses for what goes wrong: pages for people, problem+json below ``/api/``."""

import logging
import time
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader

PROBLEM_JSON = "application/problem+json"


class BriefRefusals(logging.Filter):
    """Log filter: what strangers can make Django refuse (a wrong host, a page that is not there).

    Of each kind one short line a minute, without the traceback that Django adds.
    """

    SECONDS = 60
    LENGTH = 200

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = self._kind(record)
        if not kind:
            return True
        now = time.monotonic()
        if now < self._next.get(kind, now):
            return False
        self._next[kind] = now + self.SECONDS
        record.msg, record.args = record.getMessage()[: self.LENGTH], None
        record.exc_info = record.exc_text = None
        return True

    @staticmethod
    def _kind(record: logging.LogRecord) -> str:
        """Of what a stranger is told in an answer; empty for all that is ours to mend."""
        if record.name.startswith("django.security"):
            return record.name
        status = getattr(record, "status_code", 500)
        return f"{record.name} {status}" if record.name == "django.request" and status < 500 else ""


def problem(status: int, code: str, detail: str) -> dict[str, Any]:
    """The members of an RFC 9457 problem document."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django refused to look at."""
    return _error(request, 400, "bad_request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Somebody without the right to do this."""
    return _error(request, 403, "permission_denied")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that is not there, or not for this user."""
    return _error(request, 404, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """An error of ours."""
    return _error(request, 500, "error")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from elsewhere, or from before the log-in."""
    return _error(request, 403, "csrf_failed")


def locked_out(request: HttpRequest, response: Any, credentials: Any) -> HttpResponse:
    """The answer to too many wrong passwords."""
    answer = _error(request, 429, "locked_out")
    answer.headers["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return answer


def _error(request: HttpRequest, status: int, code: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = problem(status, code, HTTPStatus(status).description)
        return JsonResponse(body, status=status, content_type=PROBLEM_JSON)
    # Without the request: what the page needs must not be what has just failed.
    page = loader.render_to_string([f"{code}.html", f"{status}.html"])
    return HttpResponse(page, status=status)
