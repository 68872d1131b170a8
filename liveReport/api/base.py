"""What the views of the API have in common."""

import re
from collections.abc import Iterable
from typing import Any

from django.utils.cache import patch_vary_headers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .problems import Invalid


class Pages(PageNumberPagination):
    """``?page=2&page_size=100``."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        for name in (self.page_query_param, self.page_size_query_param):
            _check_number(name, request.query_params.get(name))
        return super().paginate_queryset(queryset, request, view)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Numbers from 1 on. A page of more than ``max_page_size`` has so many."""
        found = super().get_schema_operation_parameters(view)
        return [each | {"schema": {"type": "integer", "minimum": 1}} for each in found]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {
                "count": {"type": "integer"},
                "next": link,
                "previous": link,
                "results": schema,
            },
        }


def _check_number(name: str, given: str | None) -> None:
    """No number is read here, however long it is."""
    if given is not None and not re.fullmatch("0*[1-9][0-9]*", given):
        raise Invalid(name, f"{given[:50]!r} is not a number from 1 on.")


class OnlyJson(BaseContentNegotiation):
    """Answers in JSON whatever a client accepts, so that it can read what went wrong."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        return next(iter(parsers), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class ReadView(APIView):
    """A resource that only those may cache who were allowed to read it."""

    content_negotiation_class = OnlyJson

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", "private, no-cache")
        patch_vary_headers(final, ("Accept-Language", "Authorization", "Cookie"))
        return final
