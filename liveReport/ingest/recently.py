"""What whoever sets a source up wants to see: its latest requests, and what became of them."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from cachetools import TTLCache
from django.db import Error
from django.utils import timezone

from liveReport.channels import HookRequest, Webhook
from liveReport.engines import recent
from liveReport.engines.outage import database, retrying_lock
from liveReport.memory import Memory
from liveReport.models import QuarantinedBatch, RecentRequest

from .masking import shown
from .sorting import Sorted

TRY_LATER = "try_later"
"""Why a request is refused that asks for what could not be done just then."""

REASONS = RecentRequest._meta.get_field("reasons").max_length
"""Characters of reasons that are kept."""

logger = logging.getLogger(__name__)


class Fate(NamedTuple):
    """What became of a request: ``refused`` is the code of why it was, or ``""``; ``reasons``
    those of events that wait or were not taken."""

    refused: str
    accepted: int = 0
    ignored: int = 0
    quarantined: int = 0
    reasons: str = ""

    @classmethod
    def of(cls, found: Sorted) -> "Fate":
        """That of a request which was taken."""
        reasons = set(map(str, found.held))
        if len(found.events) > found.accepted + found.derived:
            reasons.add(str(QuarantinedBatch.Reason.UNKNOWN_CAMPAIGN))
        return cls("", found.accepted, found.ignored, found.quarantined, listed(reasons))


def listed(reasons: Iterable[str]) -> str:
    """Reasons as they are kept, as many as there is room for."""
    return ",".join(sorted(reasons))[:REASONS]


def remember(source: int, request: HookRequest, fate: Fate) -> None:
    """Keep a request, masked: one a second at most. No answer depends on it."""
    kind = source, bool(fate.refused)
    if _lately.get(kind) or not database.lets_through():
        return
    _lately.put(kind, True)  # noqa: FBT003 (what is remembered is that it was)
    kept = RecentRequest(
        source_id=source, at=request.received_at, text=shown(request), **fate._asdict()
    )
    _try(partial(recent.note, kept), "A request is not among the recent ones")


def turn_away(source: int, why: str) -> None:
    """Keep that a request was refused before it was read: of it nothing is shown."""
    remember(source, HookRequest("POST", "", {}, b"", timezone.now()), Fate(why))


def remember_subscription(
    source: int, webhook: Webhook, request: HookRequest, why: str = ""
) -> None:
    """Keep how a request ended that asks for the confirmation of a subscription, if it is one."""
    topic = webhook.confirms(request)
    if topic and database.lets_through():
        note = partial(recent.note_subscription, source, topic, request.received_at, why)
        _try(note, "A subscription's state was not kept")


def _try(work: Callable[[], None], otherwise: str) -> None:
    try:
        retrying_lock(work)
    except Error as error:
        logger.warning("%s: %s.", otherwise, type(error).__name__)


_lately = Memory[tuple[int, bool], bool](TTLCache(10_000, 1.0))
"""Sources of which a request was kept within this second, and whether it was a refused one."""
