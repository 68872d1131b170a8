"""``/api/v1/sources/``: who sends, what became of it, and how late it is."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from liveReport.engines.sources import Traffic, traffic
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
        found = traffic([source.pk for source in sources], now - DAY, now)
        return Response({"results": [_row(source, found[source.pk], now) for source in sources]})


def _row(source: Source, found: Traffic, now: datetime) -> dict[str, Any]:
    p50, p95 = found.lag
    silent = (now - found.last_at).total_seconds() if found.last_at else None
    return {
        "name": source.name,
        "provider": source.provider or None,
        "active": source.account.is_active,
        "last_event_at": rfc3339(found.last_at) if found.last_at else None,
        "silent_seconds": silent,
        "events_per_minute": found.per_minute,
        "events": {
            "received": found.accepted + found.ignored + found.quarantined,
            "accepted": found.accepted,
            "duplicates": found.duplicates,
            "ignored": found.ignored,
            "quarantined": found.quarantined,
        },
        "refused": found.refused,
        "refusals": [
            {
                "why": refused.why,
                "count": refused.number,
                "since": rfc3339(refused.since),
                "last": rfc3339(refused.last),
            }
            for refused in found.refusals
        ],
        "lag_seconds": {"p50": p50, "p95": p95},
    }
