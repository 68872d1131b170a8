"""The API describes itself: an OpenAPI document, and Swagger UI without a network."""

from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3.1 document, as YAML or JSON by what the client accepts."""


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, for the staff. The page holds no script or style of its own."""

    template_name = "api_docs.html"

    @method_decorator(staff_member_required)
    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(*args, **kwargs)
