"""How often a token, a provider, a page or an app may send."""

import ipaddress
import logging
import time
from collections.abc import Callable, Mapping

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from liveReport.engines.outage import Breaker
from liveReport.events.hashes import pseudonyms
from liveReport.ingest import BodyError
from liveReport.site.middleware import client_ip

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


def count_and_check(limits: Mapping[str, int]) -> None:
    """Count a request; ``BodyError`` (429) if it is one more than may come in this minute.

    ``limits`` are in requests a minute. Each is counted, up to the first that is exceeded.
    """
    window, elapsed = divmod(time.time(), WINDOW)
    if any(count(f"{key}:{window:.0f}") > limit for key, limit in limits.items()):
        raise _too_often(WINDOW - elapsed)


def check(limits: Mapping[str, int]) -> None:
    """``BodyError`` (429) if one of these was counted as often as it may be in this minute.

    Nothing is counted: for what is known to count only once it is answered (see ``note``).
    """
    window, elapsed = divmod(time.time(), WINDOW)
    if any(_counted(f"{key}:{window:.0f}") >= limit for key, limit in limits.items()):
        raise _too_often(WINDOW - elapsed)


def note(key: str) -> None:
    """Count one in this minute."""
    count(f"{key}:{time.time() // WINDOW:.0f}")


def client_of(request: HttpRequest) -> str:
    """Who sends a request, as a key: no address is kept, not even for a minute."""
    (client,) = pseudonyms([_network(client_ip(request))])
    return str(client)


def _network(address: str) -> str:
    """An address, or of IPv6 the network that whoever has it chooses addresses from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False))


def _too_often(wait: float) -> BodyError:
    return BodyError(429, "too_often", "", int(wait) + 1)


def count(key: str) -> int:
    """Requests so far, with this one; 0 where the cache does not answer."""

    def counting_it() -> int:
        cache.add(key, 0, 2 * WINDOW)
        return cache.incr(key)

    return _asked(counting_it)


def _counted(key: str) -> int:
    """Requests so far; 0 where the cache does not answer."""
    return _asked(lambda: cache.get(key, 0))


def _asked(ask: Callable[[], int]) -> int:
    """What the cache says; 0 where it does not answer, which must not cost each its timeout."""
    if not counting.lets_through():
        return 0
    try:
        found = ask()
    except Exception as error:  # noqa: BLE001 (whatever the cache raises: events come first)
        logger.warning("Requests cannot be counted: %s", type(error).__name__)
        counting.failed()
        return 0
    counting.succeeded()
    return found
