"""``/api/v1/campaigns/{slug}/events/``: the events behind a number."""

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from liveReport.models import ApiToken
from liveReport.report import listing
from liveReport.report.export import lines
from liveReport.site.audit import events_listed
from liveReport.site.auth import MayListEvents

from .base import ReadView
from .campaigns import visible_campaign
from .described import FORMAT, READING, SPAN, problems
from .problems import Invalid
from .serializers import DIMENSIONS, EventListSerializer

_FILTERS = [
    OpenApiParameter("channel", OpenApiTypes.STR, description="By its slug. All when left out."),
    OpenApiParameter(
        "type",
        {"type": "array", "items": {"type": "string"}},
        explode=True,
        description="Only these event types, with their channel unless that is said: `sms.sent`.",
    ),
    *(
        OpenApiParameter(key, OpenApiTypes.STR, description="Only this value; `__none__` for none.")
        for key in DIMENSIONS
    ),
    OpenApiParameter(
        "execution",
        {"type": "array", "items": {"type": "string"}},
        explode=True,
        description="Only these runs, by their start; `__none__` for what belongs to none.",
    ),
    *SPAN,
    OpenApiParameter(
        "as_of",
        OpenApiTypes.DATETIME,
        description="Only what had been counted by then: a head's `counted_at`.",
    ),
    OpenApiParameter(
        "cursor",
        {"type": "string", "pattern": listing.CURSOR},
        description="Where the page before ended: its `next`.",
    ),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1},
        description="Events of a page: 100, at most 1,000; in CSV 10,000.",
    ),
    FORMAT,
]


class EventList(ReadView):
    """The events behind a number, newest first, a page at a time."""

    permission_classes = (MayListEvents,)

    @extend_schema(
        operation_id="list_events",
        summary="Events behind a number",
        parameters=_FILTERS,
        responses={
            (200, "application/json"): EventListSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
        }
        | READING
        | problems(400, 404),
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        campaign = visible_campaign(request, slug)
        query = request.query_params
        wanted = query.get("format", "json")
        if wanted not in ("json", "csv"):
            raise Invalid("format", f"{wanted!r} is neither 'json' nor 'csv'.")
        most = listing.MOST if wanted == "json" else listing.MOST_CSV
        try:
            found = listing.list_events(query, query.getlist, campaign, timezone.now(), most)
        except listing.BadListing as error:
            raise Invalid(error.field, str(error)) from error
        token = request.auth if isinstance(request.auth, ApiToken) else None
        events_listed(request.user, token, slug, query, len(found.events))
        return Response(found.as_json()) if wanted == "json" else _csv(request, found)


def _csv(request: Request, found: listing.Listing) -> HttpResponse:
    """The page as a table. What follows it is at the address in ``Link``."""
    content = lines(found.table())
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    if found.following:
        query = request.query_params.copy()
        query["cursor"] = found.following
        address = f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"
        response.headers["Link"] = f'<{address}>; rel="next"'
    return response
