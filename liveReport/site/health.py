"""Probes for load balancers and supervisors. They tell nothing that a stranger may not know.

Whether the site is ready anybody may ask. Why it is not, and what waits for a person,
is for the staff and for tokens of scope read.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from liveReport.celery import app
from liveReport.engines import log, set_aside, suspects
from liveReport.ingest.spool import spool
from liveReport.site.auth import BearerAuthentication, MayRead

logger = logging.getLogger(__name__)

BROKER_SECONDS = 1


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, broker, fold and spool do their work: 200, else 503.

    What was set aside is in nobody's way, and makes nothing less ready.
    """
    checks = {name: _succeeds(name, check) for name, check in CHECKS.items()}
    ready = all(checks.values())
    answer: dict[str, Any] = {"status": "ready" if ready else "not ready"}
    if _may_know(request):
        answer |= _details(checks)
    response = JsonResponse(answer, status=200 if ready else 503)
    response["Vary"] = "Authorization, Cookie"
    return response


def _may_know(request: HttpRequest) -> bool:
    """Whether this is somebody on the staff or a token of scope read; nobody if none can tell."""
    asking = Request(request, authenticators=[BearerAuthentication(), SessionAuthentication()])
    try:
        return MayRead().has_permission(asking, None)
    except (AuthenticationFailed, Error):
        return False


def _details(checks: dict[str, bool]) -> dict[str, Any]:
    """What works, and what waits: for the fold, on this machine's disk, for a person."""
    shown = {name: "ok" if good else "failed" for name, good in checks.items()}
    if not checks["database"]:
        return {"checks": shown}
    aside = set_aside.held()
    return {
        "checks": shown | {"set_aside": "attention" if aside["batches"] else "ok"},
        "lag_seconds": round(_lag(), 1),
        "pending_batches": log.waiting(),
        "suspected_batches": suspects.waiting(),
        "spooled_events": spool().waiting() if checks["spool"] else None,
        "set_aside": aside,
    }


def _succeeds(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 (whatever a driver raises, it is not ready)
        logger.warning("Not ready: %s (%s)", name, type(error).__name__)
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


def _broker() -> bool:
    options = {"socket_timeout": BROKER_SECONDS, "socket_connect_timeout": BROKER_SECONDS}
    redis = settings.CELERY_BROKER_URL.startswith("redis")
    with app.connection_for_write(
        connect_timeout=BROKER_SECONDS,
        transport_options=app.conf.broker_transport_options | (options if redis else {}),
    ) as broker:
        broker.connect()
        return broker.default_channel is not None  # opening it is what talks to Redis


def _fold() -> bool:
    return _lag() <= settings.READY_MAX_LAG


def _lag() -> float:
    """Seconds for which the oldest batch has been waiting to be folded."""
    received = log.waiting_since()
    return (timezone.now() - received).total_seconds() if received else 0.0


def _spool() -> bool:
    oldest = spool().oldest()
    return oldest is None or (timezone.now() - oldest).total_seconds() <= settings.READY_MAX_LAG


CHECKS = {"database": _database, "broker": _broker, "fold": _fold, "spool": _spool}
