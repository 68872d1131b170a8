"""``/api/v1/``: where things are, for whoever begins there."""

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from .base import OnlyJson

PLACES = {
    "events": "v1:events",
    "campaigns": "v1:campaigns",
    "metrics": "v1:metrics",
    "channels": "v1:channels",
    "sources": "v1:sources",
    "schema": "schema",
    "docs": "docs",
}


class Index(APIView):
    """The addresses of everything that has no name in its address. Open to anybody."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    content_negotiation_class = OnlyJson

    @extend_schema(
        operation_id="get_index",
        summary="Where things are",
        responses=inline_serializer("Index", {name: serializers.URLField() for name in PLACES}),
    )
    def get(self, request: Request) -> Response:
        return Response({name: reverse(view, request=request) for name, view in PLACES.items()})
