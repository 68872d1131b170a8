"""``POST /api/v1/events/``."""

from dataclasses import asdict
from typing import Any, cast

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from liveReport.ingest import receive
from liveReport.models import ApiToken
from liveReport.site.auth import MaySend

from .base import OnlyJson
from .body import read_body
from .described import problems
from .examples import example_events
from .problems import problem_response
from .serializers import EventSerializer, ReceiptSerializer, RefusedSerializer
from .throttles import TokenThrottle
from .trust import IngestAuthentication

PROBLEM = ("application/problem+json",)
NDJSON, SEQUENCE = "application/x-ndjson", "application/json-seq"
_EVENTS = {"type": "array", "maxItems": 5000, "items": {"$ref": "#/components/schemas/Event"}}
BATCH = {
    "oneOf": [
        _EVENTS,
        {
            "type": "object",
            "properties": {"events": _EVENTS},
            "required": ["events"],
            "additionalProperties": False,
        },
    ]
}
"""Either form of a body of JSON."""


class EventsView(APIView):
    """Takes events in. A session is not enough: only a token says whose they are."""

    authentication_classes = (IngestAuthentication,)
    permission_classes = (MaySend,)
    throttle_classes = (TokenThrottle,)
    content_negotiation_class = OnlyJson
    parser_classes: tuple[type[BaseParser], ...] = ()

    @staticmethod
    def examples() -> list[OpenApiExample]:
        """Bodies to try out: their events are of today, since old ones are refused."""
        events = example_events(timezone.now().date())
        return [
            OpenApiExample("Events", events, request_only=True, media_type="application/json"),
            *(
                OpenApiExample("Event", event, request_only=True, media_type=media)
                for media in (NDJSON, SEQUENCE)
                for event in events[:1]
            ),
        ]

    @extend_schema(
        operation_id="send_events",
        summary="Send events",
        auth=cast("Any", [{"bearer": []}]),
        description=(
            'A JSON array of events, `{"events": […]}`, NDJSON (`application/x-ndjson`) or a '
            "JSON sequence (`application/json-seq`), packed or not (`Content-Encoding`: `gzip`, "
            "`deflate`, `zstd`, `br`). At most 5,000 "
            "events and 5 MB. Good events are stored even when others of the request are not; "
            "an empty array is fine and stores nothing."
        ),
        request={
            "application/json": BATCH,
            NDJSON: EventSerializer,
            SEQUENCE: EventSerializer,
        },
        responses={
            202: OpenApiResponse(ReceiptSerializer, "What was accepted is durable."),
            (422, *PROBLEM): OpenApiResponse(RefusedSerializer, "No event was acceptable."),
        }
        | problems(400, 401, 403, 411, 413, 415, 429, 503),
    )
    def post(self, request: Request) -> Response:
        token = cast("ApiToken", request.auth)
        receipt = receive(
            token.source,
            read_body(cast("WSGIRequest", request._request), settings.INGEST_MAX_BYTES),
            content_type=request.META.get("CONTENT_TYPE", ""),
            encoding=request.META.get("HTTP_CONTENT_ENCODING", ""),
            allowed=token.allowed,
        )
        answer = asdict(receipt)
        if receipt.rejected and not receipt.accepted:
            detail = _("None of the events is acceptable.")
            members = {"rejected": answer["rejected"]}
            return problem_response(422, "refused", detail, members=members)
        return Response(answer, 202)
