"""What happens to a process at any statement: its database goes away, it dies, it is stopped."""

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from threading import Thread
from typing import Any
from unittest import mock

import psycopg
from django.apps import apps
from django.db import OperationalError, connection, connections

from liveReport.models import FoldLease, Suspect

PATIENCE = 60
"""Seconds after which a child is killed that has come to no end."""


@contextmanager
def at_statement(number: int, mishap: Callable[[], object]) -> Iterator[None]:
    """The mishap comes before this statement, counted from 0; a commit is one too."""
    numbers = count()

    def watched(plain: Callable[..., Any]) -> Callable[..., Any]:
        def execute(*args: Any, **kwargs: Any) -> Any:
            if next(numbers) == number:
                mishap()
            return plain(*args, **kwargs)

        return execute

    with ExitStack() as stack:
        commit = connection._commit  # type: ignore[attr-defined]
        stack.enter_context(mock.patch.object(connection, "_commit", watched(commit)))
        if connection.vendor == "postgresql":  # not all statements pass through Django's cursors
            for name in ("execute", "executemany"):
                plain = getattr(psycopg.Cursor, name)
                stack.enter_context(mock.patch.object(psycopg.Cursor, name, watched(plain)))
        else:
            stack.enter_context(
                connection.execute_wrapper(lambda plain, *args: watched(plain)(*args))
            )
        yield


@contextmanager
def failing(at: int) -> Iterator[None]:
    """The database goes away at the statement with this number."""

    def fail() -> None:
        raise OperationalError("the database went away")

    with at_statement(at, fail):
        yield


def forked(work: Callable[[], int]) -> int:
    """The id of a child that works on connections of its own, and exits with what that gives."""
    connections.close_all()
    if child := os.fork():
        return child
    signal.alarm(PATIENCE)
    status = 255
    try:
        status = work()
    except BaseException:  # noqa: BLE001  # whatever it is, the child must not become the tests
        traceback.print_exc()
    finally:
        os._exit(status)


def end_of(child: int) -> int:
    """The exit status of a child."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextmanager
def stopped(work: Callable[[], int]) -> Iterator[int]:
    """The id of a child that has stopped itself at work, and does not outlive the test."""
    child = forked(work)
    try:
        assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1]), "it ended instead"
        yield child
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def held() -> dict[str, list[Any]]:
    """Every row of the database that is about events; not who folds, and with how much care."""
    models = set(apps.get_app_config("livereport").get_models()) - {FoldLease, Suspect}
    rows = {model.__name__: model._default_manager.values_list() for model in models}
    return {name: sorted(map(repr, some)) for name, some in rows.items()}


def at_once(count: int, work: Callable[[], object]) -> None:
    """The same work in so many threads, each with a connection of its own, until all have ended."""

    def alone() -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [Thread(target=alone) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
