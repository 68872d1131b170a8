"""Everything that goes wrong below ``/api/`` is told as problem+json (RFC 9457)."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from liveReport.engines.outage import AWAY, RETRY_SECONDS
from liveReport.ingest import BodyError
from liveReport.site.errors import PROBLEM_JSON, problem

logger = logging.getLogger(__name__)


class Invalid(APIException):
    """A parameter that makes no sense: which one, and why."""

    status_code = 400
    default_code = "invalid"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.members = {"field": field}


class Missing(APIException):
    """What an address names that is not there, or not for whoever asks."""

    status_code = 404
    default_code = "not_found"

    def __init__(self, field: str, name: str) -> None:
        texts = {
            "campaign": _("There is no campaign “%(name)s”, or you may not see it."),
            "tab": _("The report has no tab “%(name)s”."),
            "widget": _("The tab has no widget “%(name)s”."),
        }
        super().__init__(texts[field] % {"name": name[:100]})
        self.members = {"field": field}


class DatabaseAway(APIException):
    """What the database would have to say is not known anywhere else."""

    status_code = 503
    default_code = "database"
    default_detail = AWAY
    wait = RETRY_SECONDS


class Failed(APIException):
    """A widget whose frame could not be built; the log says why."""

    status_code = 503
    default_code = "widget_failed"
    default_detail = gettext_lazy("The widget's data cannot be shown at the moment.")


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    retry_after: int | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """A problem document, with further members of its own if need be."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    body = problem(status, code, detail) | dict(members or {})
    return Response(body, status, headers=headers, content_type=PROBLEM_JSON)


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The REST framework's exception handler."""
    if isinstance(error, BodyError):
        refusal = problem_response(
            error.status, error.code, error.message, retry_after=error.retry_after
        )
        for name, value in error.headers.items():
            refusal.headers[name] = value
        return refusal
    if isinstance(error, OperationalError | InterfaceError):
        # Not its message: PostgreSQL's quotes the row that failed.
        logger.error("The database does not answer: %s", type(error).__name__)
        error = DatabaseAway()
    plain = exception_handler(error, dict(context))
    return plain and _as_problem(error, plain)


def _as_problem(error: Exception, plain: Response) -> Response:
    detail = getattr(error, "detail", None) or HTTPStatus(plain.status_code).description
    code = getattr(detail, "code", None) or HTTPStatus(plain.status_code).name.lower()
    response = problem_response(
        plain.status_code, code, str(detail), members=getattr(error, "members", None)
    )
    for name in ("Retry-After", "WWW-Authenticate"):
        if name in plain.headers:
            response.headers[name] = plain.headers[name]
    return response
