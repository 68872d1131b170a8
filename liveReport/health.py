"""Probes for load balancers and supervisors. They tell nothing that a stranger may not know."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from liveReport.celery import app
from liveReport.ingest.spool import spool
from liveReport.models import EventBatch

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
    """Database, broker, fold and spool do their work: 200, else 503."""
    checks = {name: _succeeds(name, check) for name, check in CHECKS.items()}
    ready = all(checks.values())
    shown = {name: "ok" if good else "failed" for name, good in checks.items()}
    return JsonResponse(
        {"status": "ready" if ready else "not ready", "checks": shown}, status=200 if ready else 503
    )


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
    oldest = EventBatch.objects.filter(folded=False).order_by("pk").first()
    lag = (timezone.now() - oldest.received_at).total_seconds() if oldest else 0
    return lag <= settings.READY_MAX_LAG


def _spool() -> bool:
    oldest = spool().oldest()
    return oldest is None or (timezone.now() - oldest).total_seconds() <= settings.READY_MAX_LAG


CHECKS = {"database": _database, "broker": _broker, "fold": _fold, "spool": _spool}
