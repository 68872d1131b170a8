"""How the log is written."""

import logging
from types import TracebackType

_DRIVERS = ("amqp", "kombu", "redis")
"""Packages whose errors say that the broker, or the cache, is away."""

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Brief(logging.Formatter):
    """An outage of database or broker takes a line, not a traceback: there is nothing to mend."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 (the name is logging's)
        error = ei[1]
        if error is None or not _is_outage(error):
            return super().formatException(ei)
        return f"  {type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _is_outage(error: BaseException) -> bool:
    # Not before: settings name this module, and Django's models need them.
    from django.db import Error

    from liveReport.engines.outage import is_outage

    if isinstance(error, Error):
        return is_outage(error)
    package = type(error).__module__.partition(".")[0]
    return isinstance(error, ConnectionError | TimeoutError) or package in _DRIVERS
