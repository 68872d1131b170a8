"""The entrance of providers: a request is verified as it came, read, and stored.

What the database cannot take at the moment waits in the spool as it came, sealed: only then it
is known whose events they are. Providers give up on errors, or send for days what nobody can use:
so whatever is authentic is taken, and what cannot be counted (yet) waits in quarantine.
"""

import logging
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from django.db import Error
from django.utils import timezone

from liveReport.channels import REUSED, WRONG, Credentials, HookRequest, TryLater, Unauthorised
from liveReport.engines import sources
from liveReport.engines.outage import AWAY, RETRY_SECONDS, database, is_outage, retrying_lock
from liveReport.engines.sources import Apart, HookSource
from liveReport.events.sealing import Unsealable

from .body import BodyError
from .group_commit import GroupCommit
from .hook_sources import NobodyKnows, known_sources
from .intake import HookPoint, take_in
from .kept import KeptRequest, items_of
from .receiving import has_room, is_spooling, spooling_errors
from .recently import TRY_LATER, Fate, remember, remember_subscription
from .sorting import Sorted, Sorter
from .spool import spool

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class HookReceipt:
    """How many recipients a request told of, and what became of it: durable, all of them."""

    received: int
    accepted: int
    ignored: int
    quarantined: int

    @classmethod
    def of(cls, found: Sorted) -> "HookReceipt":
        return cls(found.received, found.accepted, found.ignored, found.quarantined)


def hook_point(name: str) -> HookPoint | None:
    """Where requests for this source go, if it is switched on; ``BodyError`` (503) while nobody
    knows."""
    try:
        return HookPoint.of(known_sources().find(name, timezone.now()))
    except NobodyKnows as error:
        raise BodyError(503, "database", str(AWAY), RETRY_SECONDS) from error


def is_familiar(name: str) -> bool:
    """Whether there was such a source within the last minute: whoever asks for it guesses not."""
    return known_sources().is_familiar(name)


def deliver(point: HookPoint, request: HookRequest) -> HookReceipt:
    """Verify a request and store what it says; durable on return.

    Raises ``Unauthorised``, ``TryLater``, and ``BodyError`` (503) when too much is pending, or
    neither database nor spool takes anything.
    """
    source, webhook = point.source, point.provider.webhook
    try:
        found = _taken(point, request)
    except Unauthorised as error:
        note(Apart(source.pk, request.received_at, refused=1, why=error.code))
        remember(source.pk, request, Fate(error.code))
        raise
    except TryLater:
        remember(source.pk, request, Fate(TRY_LATER))
        remember_subscription(source.pk, webhook, request, TRY_LATER)
        raise
    if found.ignored or found.derived:
        apart = Apart(source.pk, request.received_at, ignored=found.ignored, derived=found.derived)
        note(apart)
    fate = Fate.of(found)
    remember(source.pk, request, fate)
    if not found.accepted:  # what asks for a confirmation brings no event
        remember_subscription(source.pk, webhook, request, fate.reasons)
    return HookReceipt.of(found)


def _taken(point: HookPoint, request: HookRequest) -> Sorted:
    """A request, verified and stored, or kept for later."""
    point.provider.webhook.verify(request, credentials_of(point.source))
    found = _stored(point, request)
    return _kept(point, request) if found is None else found


def _stored(point: HookPoint, request: HookRequest) -> Sorted | None:
    """What a verified request says, stored; ``None`` while the database takes nothing."""
    if is_spooling() or not has_room():
        return None
    try:
        _spend(point.source, point.provider.webhook.one_time(request), request)
        return take_in(point, request)
    except Error as error:
        if not is_outage(error):
            raise
        return None


def note(apart: Apart) -> None:
    """Count what no answer depends on: while the database takes nothing, it goes uncounted."""
    if not database.lets_through():
        return
    try:
        _together.do(apart)
    except Error as error:
        if not is_outage(error):
            raise
        logger.warning("What came of source %d could not be counted.", apart.source)


# Others of the same moment with it, so that a flood of refusals costs as little as can be.
_together = GroupCommit[Apart](lambda apart: retrying_lock(partial(sources.note, apart)))


def credentials_of(source: HookSource) -> Credentials:
    """What a request can be verified with. ``Unauthorised`` if the key that opens it is gone."""
    try:
        opened = source.opened()
    except Unsealable as error:
        raise Unauthorised(WRONG) from error
    return Credentials(opened, source.digests, frozenset(source.topics))


def _spend(source: HookSource, token: str, request: HookRequest) -> None:
    if not token:
        return
    digest, body = (sha256(one).hexdigest() for one in (token.encode(), request.body))
    if not sources.spend(source.pk, digest, body, request.received_at):
        raise Unauthorised(REUSED)


def _kept(point: HookPoint, request: HookRequest) -> Sorted:
    """To the spool as it came. Whose it is will be seen when the database is there again."""
    items, unreadable = items_of(point.provider.webhook, request)
    found = Sorter(point.provider, point.source, request.received_at, timezone.now()).count(items)
    found.quarantined += len(unreadable)
    with spooling_errors():
        kept = KeptRequest.of(request).sealed()
        spool().put_sealed(point.source.pk, request.received_at, kept, found.received)
    return found
