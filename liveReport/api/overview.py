"""``/api/v1/overview/``: the campaigns as they are now, a row each."""

import re

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from liveReport.report.overview import overview, page_after

from .base import ReadView
from .campaigns import visible_campaigns
from .described import READING, problems
from .problems import Invalid
from .serializers import OverviewSerializer

_CURSOR = r"^([0-9a-f]{2}){0,101}$"
CURSOR = OpenApiParameter(
    "cursor",
    {"type": "string", "pattern": _CURSOR},
    description="Where the page before ended: its `next`.",
)


class OverviewView(ReadView):
    """The campaigns the caller may see, live ones first, 50 at a time."""

    @extend_schema(
        operation_id="get_overview",
        summary="The campaigns as they are now",
        parameters=[CURSOR],
        responses={200: OverviewSerializer} | READING | problems(400),
    )
    def get(self, request: Request) -> Response:
        cursor = request.query_params.get("cursor", "")
        if not re.fullmatch(_CURSOR, cursor):
            raise Invalid("cursor", f"{cursor[:50]!r} is not where a page ended.")
        rows, following = page_after(overview(visible_campaigns(request), timezone.now()), cursor)
        return Response({"results": rows, "next": following})
