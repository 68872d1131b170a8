"""The API describes itself: an OpenAPI document, and Swagger UI without a network.

Whoever writes a program against it has a token, or none yet, and no log-in: both are open to
anybody, and say nothing about a campaign.
"""

from datetime import date
from typing import Any

from cachetools import LRUCache
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone, translation
from django.utils.encoding import force_bytes
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request

from liveReport.channels import Channel, all_channels
from liveReport.memory import Memory

_Written = tuple[str, str, date, tuple[Channel, ...]]
"""Of a document: its language, its format, the day of its examples, and the channels."""
_documents = Memory[_Written, bytes](LRUCache(16))
"""Making one takes long, and strangers may ask for it."""


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3.1 document, as YAML or JSON by what the client accepts."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer = request.accepted_renderer
        language = _language(request)
        key = (language, renderer.media_type, timezone.now().date(), tuple(all_channels()))
        content = _documents.get(key)
        if content is None:
            with translation.override(language):
                document = _document(self.generator_class())
                content = _documents.put(key, force_bytes(renderer.render(document)))
        disposition = f'inline; filename="liveReport.{renderer.format}"'
        return HttpResponse(
            content,
            content_type=request.accepted_media_type,
            headers={"Content-Disposition": disposition},
        )


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI. The page holds no script or style of its own."""

    template_name = "api_docs.html"


def _document(generator: Any) -> dict[str, Any]:
    found: dict[str, Any] = generator.get_schema(request=None, public=True)
    return found


def _language(request: Request) -> str:
    """The one asked for, where there is such a one; otherwise the reader's."""
    asked = request.query_params.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else translation.get_language()
