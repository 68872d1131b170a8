"""What a test does that must not be seen by the next one."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from liveReport.memory import forget_all


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside has not happened afterwards."""
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        forget_all()  # or what fails once fails in all that is tried to make it smaller
