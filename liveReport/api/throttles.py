"""How often a token, a page or an app may send."""

import logging
import time

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from liveReport.engines.outage import Breaker

WINDOW = 60

counting = Breaker()
"""Whether this process finds the cache away."""
logger = logging.getLogger(__name__)


class TokenThrottle(BaseThrottle):
    """``INGEST_RATE`` requests of a token in each minute of the clock.

    REST framework's keeps the time of every request: a list of 600,000 to be read for each.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        window, self.elapsed = divmod(time.time(), WINDOW)
        return count(f"sent:{request.auth.pk[:32]}:{window:.0f}") <= settings.INGEST_RATE

    def wait(self) -> float:
        return WINDOW - self.elapsed


def exceeded(limits: dict[str, int]) -> float:
    """Seconds to wait if one of these was asked for more often than it may in this minute, else 0.

    ``limits`` are in requests a minute. Each is counted, up to the first that is exceeded.
    """
    window, elapsed = divmod(time.time(), WINDOW)
    is_over = any(count(f"{key}:{window:.0f}") > limit for key, limit in limits.items())
    return WINDOW - elapsed if is_over else 0.0


def count(key: str) -> int:
    """Requests so far; 0 where the cache does not answer, which must not cost each its timeout."""
    if not counting.lets_through():
        return 0
    try:
        cache.add(key, 0, 2 * WINDOW)
        count = cache.incr(key)
    except Exception as error:  # noqa: BLE001 (whatever the cache raises: events come first)
        logger.warning("Requests cannot be counted: %s", type(error).__name__)
        counting.failed()
        return 0
    counting.succeeded()
    return count
