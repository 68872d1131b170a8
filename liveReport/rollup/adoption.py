"""Other rules for verdicts: what they would change, and putting them in force."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.utils import timezone

from liveReport.channels import Channel, channels_by_slug
from liveReport.engines import campaigns, log, verdicts
from liveReport.engines.keys import periods
from liveReport.engines.lease import Lease
from liveReport.events.batch import Events
from liveReport.events.judging import Rules, judged
from liveReport.events.moments import microseconds

from .tick import Chunk
from .verify import Difference, differing, nothing_folding, recounted, replace

DAY = timedelta(hours=24)


class Told(NamedTuple):
    """Events of a campaign's channel and type that have one verdict."""

    campaign: str
    channel: str
    type: str
    verdict: str


class Change(NamedTuple):
    """How many there are by the rules in force, and by those that are drafted."""

    told: Told
    before: int
    after: int


class Outdated(Exception):
    """The draft is not the one any more that somebody has looked at."""


@dataclass(frozen=True)
class Draft:
    """The rules as they were drafted at a moment."""

    rules: Rules

    @classmethod
    def now(cls) -> "Draft":
        return cls(verdicts.drafted())

    @property
    def digest(self) -> str:
        """Names it, so that nobody adopts another one than they have seen."""
        said = repr(sorted(self.rules.items())).encode()
        return hashlib.blake2b(said, digest_size=8).hexdigest()

    @property
    def is_news(self) -> bool:
        """Whether it is anything but what is in force."""
        return self.rules != verdicts.in_force()


def preview(draft: Draft, now: datetime | None = None) -> list[Change]:
    """Fold the last 24 hours by both rules: what there would be, where that is not what there is.

    Holds the fold's lease, so that the draft is compared with what is folded and nothing else.
    """
    now = now or timezone.now()
    if not draft.is_news:
        return []
    before: Counter[Told] = Counter()
    after: Counter[Told] = Counter()
    with nothing_folding(now) as lease:
        channels, in_force = channels_by_slug(), verdicts.in_force()
        for events in _last_day(now, lease):
            before.update(told(events, channels, in_force))
            after.update(told(events, channels, draft.rules))
    changes = [Change(key, before[key], after[key]) for key in sorted({*before, *after})]
    moved = {each.told[:3] for each in changes if each.before != each.after}
    return [each for each in changes if each.told[:3] in moved]


def _last_day(now: datetime, lease: Lease) -> Iterator[Events]:
    """The events that are counted in the last 24 hours, batch by batch, for the lease's holder."""
    since = microseconds(now - DAY)
    known = campaigns.all_ids()
    alive = periods.load(now)
    for batch in log.folded(since):
        lease.renew(timezone.now())
        events = Chunk.of([batch]).owned(alive).events
        kept = events.of_shapes(shape.campaign in known for shape in events.shapes)
        yield events.where(kept & (events.at >= since))


def told(events: Events, channels: Mapping[str, Channel], rules: Rules) -> Counter[Told]:
    """How many events there are of each verdict by some rules. Pure."""
    each = np.bincount(events.shape, minlength=len(events.shapes)).tolist()
    found: Counter[Told] = Counter()
    for shape, count in zip(judged(events, channels, rules).shapes, each, strict=True):
        channel = channels.get(shape.channel)
        derived = channel.derived if channel else None
        verdict = dict(shape.dimensions).get(derived.key) if derived else None
        if verdict is not None and count:
            found[Told(shape.campaign, shape.channel, shape.type, verdict)] += count
    return found


def adopt(seen: str | None = None, now: datetime | None = None) -> list[Difference]:
    """Put the draft in force, and count anew by it what is counted; what that changed.

    Nothing is folded meanwhile. Rules and numbers change in one transaction: before it
    everything is by the old ones, after it by the new. ``Outdated`` if the draft's digest is not
    the one that was ``seen``.
    """
    now = now or timezone.now()
    with nothing_folding(now) as lease:
        draft = Draft.now()
        if seen is not None and seen != draft.digest:
            raise Outdated
        found = differing(recounted(now, lease, draft.rules), lease)
        with lease.commit(timezone.now()):
            replace(found)
            verdicts.put_in_force(draft.rules)
    return found.differences


def adopt_asked() -> None:
    """Adopt the draft that somebody has asked for, if there is any, and say what came of it.

    What fails, or finds no lease, is tried again by the next call: a few times.
    """
    asked = verdicts.begin()
    if asked is None:
        return
    try:
        changed = len(adopt(asked.draft))
    except Outdated:
        verdicts.end(asked, verdicts.State.OUTDATED)
    else:
        verdicts.end(asked, verdicts.State.DONE, changed)
