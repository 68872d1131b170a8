"""``/api/v1/sources/``: who sends, what became of it, and how late it is."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from liveReport.engines.sources import traffic
from liveReport.events.moments import rfc3339
from liveReport.models import ApiToken, Source
from liveReport.site.auth import MayRead

from .base import ReadView
from .described import READING
from .serializers import SourceListSerializer

DAY = timedelta(hours=24)


class MaySeeSources(BasePermission):
    """Of sources nobody is told who may see some campaigns only."""

    message = _("This needs a token for all campaigns, or the right to view sources.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.auth, ApiToken):
            return request.auth.all_campaigns
        return request.user.has_perm("livereport.view_source")


class SourceList(ReadView):
    """Every source, and what came of it within the last 24 hours."""

    permission_classes = (MayRead, MaySeeSources)

    @extend_schema(
        operation_id="list_sources",
        summary="Sources",
        responses={200: SourceListSerializer} | READING,
    )
    def get(self, request: Request) -> Response:
        now = timezone.now()
        sources = Source.objects.select_related("account").order_by("name")
        return Response({"results": [_row(source, now) for source in sources]})


def _row(source: Source, now: datetime) -> dict[str, Any]:
    found = traffic(source, now - DAY)
    p50, p95 = np.quantile(found.lags, [0.5, 0.95]).tolist() if found.lags else (None, None)
    silent = (now - found.last_at).total_seconds() if found.last_at else None
    return {
        "name": source.name,
        "provider": source.provider or None,
        "active": source.account.is_active,
        "last_event_at": rfc3339(found.last_at) if found.last_at else None,
        "silent_seconds": silent,
        "events": {
            "received": found.accepted + found.ignored + found.quarantined,
            "accepted": found.accepted,
            "duplicates": found.duplicates,
            "ignored": found.ignored,
            "quarantined": found.quarantined,
        },
        "refused": found.refused,
        "lag_seconds": {"p50": p50, "p95": p95},
    }
