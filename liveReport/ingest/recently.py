"""What whoever sets a source up wants to see: its latest requests, and what became of them."""

import logging
from functools import partial
from typing import NamedTuple

from cachetools import TTLCache
from django.db import Error

from liveReport.channels import HookRequest
from liveReport.engines import recent
from liveReport.engines.outage import database, retrying_lock
from liveReport.memory import Memory
from liveReport.models import RecentRequest

from .masking import shown

TRY_LATER = "try_later"
"""Why a request is refused that asks for what could not be done just then."""

logger = logging.getLogger(__name__)


class Fate(NamedTuple):
    """What became of a request: ``refused`` is the code of why it was, or ``""``."""

    refused: str
    accepted: int = 0
    ignored: int = 0
    quarantined: int = 0


def remember(source: int, request: HookRequest, fate: Fate) -> None:
    """Keep a request, masked: one a second at most. No answer depends on it."""
    kind = source, bool(fate.refused)
    if _lately.get(kind) or not database.lets_through():
        return
    _lately.put(kind, True)  # noqa: FBT003 (what is remembered is that it was)
    kept = RecentRequest(
        source_id=source, at=request.received_at, text=shown(request), **fate._asdict()
    )
    try:
        retrying_lock(partial(recent.note, kept))
    except Error as error:
        logger.warning("A request is not among the recent ones: %s.", type(error).__name__)


_lately = Memory[tuple[int, bool], bool](TTLCache(10_000, 1.0))
"""Sources of which a request was kept within this second, and whether it was a refused one."""
