"""A database that is away, and what is sent and logged around that."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from django.db import OperationalError

from liveReport.ingest import drain as draining
from liveReport.ingest import receive, receiving
from liveReport.models import EventBatch, Source
from tests.support.names import names

URL = "/api/v1/events/"
AWAY = OperationalError("the server closed the connection")


def take(source: Source, *events: dict[str, Any], **options: Any) -> None:
    receipt = receive(source, msgspec.json.encode(events), **options)
    assert receipt.accepted == len(events)


@contextmanager
def away(error: Exception = AWAY) -> Iterator[None]:
    """A log that takes nothing."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receiving, "append", fail)
        patch.setattr(draining, "_append", fail)
        yield


@contextmanager
def silent() -> Iterator[None]:
    """A database that answers nothing at all."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise AWAY

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.backends.utils.CursorWrapper.execute", fail)
        patch.setattr("django.db.backends.utils.CursorWrapper.executemany", fail)
        yield


def logged() -> list[list[str]]:
    """The ids of each batch, in the order of the log."""
    return [names(batch.payload) for batch in EventBatch.objects.order_by("pk")]
