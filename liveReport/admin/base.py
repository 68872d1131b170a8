"""What several of the admin's pages share."""

import logging
from typing import Any

from celery import Task
from django.http import HttpRequest

logger = logging.getLogger(__name__)


def begin_now(task: "Task[Any, Any]") -> None:
    """Have slow work begin now, and not within a minute. Without a broker the schedule will do."""
    try:
        task.apply_async(retry=False)
    except Exception as error:  # noqa: BLE001 (whatever a broker's driver raises)
        logger.warning("%s begins within a minute: %s", task.name, type(error).__name__)


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
