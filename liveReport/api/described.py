"""What the schema says of answers that are no good, and of parameters."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from liveReport.report.window import BASES, CHOSEN, DAY, EVERYBODY, WINDOWS

from .serializers import ProblemSerializer

Responses = dict[Any, Any]

_TOLD = {
    400: "A parameter makes no sense, or the body is not parseable.",
    401: "No token, or a wrong one.",
    403: "The token has another scope.",
    404: "There is nothing, or nothing that the caller may see.",
    411: "The body has no length.",
    413: "Too many bytes or events.",
    415: "Unknown type or encoding.",
    429: "Too many requests.",
    503: "Try again later.",
}


def problems(*statuses: int) -> Responses:
    """Problem documents, for the responses of an operation."""
    return {
        (status, "application/problem+json"): OpenApiResponse(ProblemSerializer, _TOLD[status])
        for status in statuses
    }


READING = problems(401, 403, 503)
"""What every resource that is read may answer instead."""

_RUN = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^2[01]\d\d-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    r"(\.\d{1,6})?(Z|[+-](0\d|1[0-3]):[0-5]\d)$",
}
EXECUTION = OpenApiParameter(
    "execution",
    {"type": "array", "items": _RUN},
    explode=True,
    description="Only these runs of a recurring campaign, by their start. All when left out.",
)
_MINUTE = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^2[01]\d\d-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:00(\.0{1,6})?"
    r"(Z|[+-](0\d|1[0-3]):[0-5]\d)$",
}
PERIOD = [
    OpenApiParameter(
        "window",
        OpenApiTypes.STR,
        enum=list(WINDOWS),
        default=DAY,
        description="The part of the last 24 hours that the numbers are of, up to now.",
    ),
    OpenApiParameter(
        "from",
        _MINUTE,
        description="In place of a window, with `to`: a whole minute of the last 24 hours.",
    ),
    OpenApiParameter("to", _MINUTE, description="The whole minute before which the span ends."),
    OpenApiParameter(
        "basis",
        OpenApiTypes.STR,
        enum=list(BASES),
        description="What rates divide: what happened in the window, or in the 24 hours of the "
        "runs that have events in it. `window` for 24 hours when left out, else `run`.",
    ),
    OpenApiParameter(
        "verdict",
        OpenApiTypes.STR,
        enum=list(CHOSEN),
        default=EVERYBODY,
        description="Whose opens and clicks are counted, in widgets that can tell: people's or "
        "machines' alone. What is undecided is in `all` only.",
    ),
]
SPAN = [
    OpenApiParameter(
        "from",
        _MINUTE,
        description="With `to`: a whole minute. Without both: the last 24 hours.",
    ),
    OpenApiParameter("to", _MINUTE, description="The whole minute before which the span ends."),
]
FORMAT = OpenApiParameter("format", OpenApiTypes.STR, enum=["json", "csv"], default="json")
