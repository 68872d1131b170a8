"""How operations are described; the REST framework asks for it by the settings."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample


class Schema(AutoSchema):
    """An operation that has a body has no meaning without one.

    A view may have ``examples``, made anew with each document.
    """

    def get_examples(self) -> list[OpenApiExample]:
        return list(getattr(self.view, "examples", list)())

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation and "requestBody" in operation:
            operation["requestBody"]["required"] = True
        return operation
