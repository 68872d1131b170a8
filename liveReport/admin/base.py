"""What several of the admin's pages share."""

from typing import Any

from django.http import HttpRequest


class NoAdding:
    """Rows that nobody adds by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NoChanging:
    """Rows that nobody changes by hand."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NoDeleting:
    """Rows that nobody deletes by hand."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(NoAdding, NoChanging, NoDeleting):
    """Rows that are only looked at."""
