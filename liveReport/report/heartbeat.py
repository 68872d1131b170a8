"""Whether the sources behind a campaign's numbers are alive: who has fallen silent, who is refused.

Asked with every poll, so that a process looks once every few seconds only.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from cachetools import LRUCache

from liveReport.channels import providers
from liveReport.counts.rhythm import LEAST, Rhythm, rhythm
from liveReport.engines import feeds
from liveReport.engines.feeds import Minutes, Sender
from liveReport.engines.ledger import reading
from liveReport.engines.ledger.reading import LedgerRow
from liveReport.events.moments import microseconds, rfc3339
from liveReport.memory import Memory

from .window import LENGTH, MINUTE

BELIEF = 15
"""Seconds for which a process believes what it read: what is refused is to be seen in a minute."""
STILL = timedelta(hours=1)
"""For so long a refusal stands in the report, unless the source is heard again."""
HEARD_AGAIN = timedelta(minutes=5)
"""What comes so long after the last refusal says that it is mended."""
ALL_BUT_DONE = 0.01
"""Of a run that is over, no more than this part has not been heard of: a few never are."""
_SECONDS = round(MINUTE.total_seconds())


@dataclass(frozen=True)
class Silent:
    """A source that has fallen silent, by its own rhythm, for a channel that rests on it.

    ``since`` is when its last minute with events was over.
    """

    source: str
    channel: str
    since: datetime
    minutes: int


@dataclass(frozen=True)
class Refusal:
    """A source of which so many requests were refused since a minute; ``why`` is a code.

    ``channels`` are those that it feeds, or would.
    """

    source: str
    channels: frozenset[str]
    why: str
    number: int
    since: datetime


@dataclass(frozen=True)
class Heartbeat:
    """What there is to say of the sources of a campaign, or of some of its channels."""

    silent: Sequence[Silent] = ()
    refusals: Sequence[Refusal] = ()

    def of(self, channels: Iterable[str]) -> "Heartbeat":
        """The part that is about some channels."""
        shown = frozenset(channels)
        return Heartbeat(
            [one for one in self.silent if one.channel in shown],
            [one for one in self.refusals if one.channels & shown],
        )

    @property
    def provisional(self) -> frozenset[str]:
        """The channels whose numbers lack what a silent source has not told."""
        return frozenset(one.channel for one in self.silent)

    def as_json(self) -> list[dict[str, Any]]:
        """The silent channels, without their sources: not every reader may know those."""
        latest: dict[str, Silent] = {}
        for one in sorted(self.silent, key=lambda one: one.since, reverse=True):
            latest[one.channel] = one
        return [
            {"channel": channel, "since": rfc3339(one.since)}
            for channel, one in sorted(latest.items())
        ]


_read = Memory[tuple[int, int], Heartbeat](LRUCache(256))
"""By campaign, and number of the stretch of ``BELIEF`` seconds."""


def heartbeat(campaign: int, until: datetime, now: datetime) -> Heartbeat:
    """That of a campaign. ``until`` is when the oldest event was received that waits to be
    counted: of what came later, nobody knows yet whom it is from."""
    key = campaign, int(now.timestamp()) // BELIEF
    return _read.get(key) or _read.put(key, _heartbeat(campaign, until, now))


def _heartbeat(campaign: int, until: datetime, now: datetime) -> Heartbeat:
    told = feeds.told(campaign, now - LENGTH)
    quiet = list(_quiet(told.fed, until))
    if any(is_sending for _silent, is_sending in quiet):  # seldom: what a poll is spared
        runs = reading.rows(campaign, microseconds(now - LENGTH))
        over = {one.channel for one, _ in quiet if _is_over(runs, one.channel)}
        quiet = [(one, sends) for one, sends in quiet if not (sends and one.channel in over)]
    silent = sorted((one for one, _sends in quiet), key=lambda one: (one.source, one.channel))
    return Heartbeat(silent, list(_refusals(told, now)))


def _quiet(
    fed: dict[tuple[Sender, str], Minutes], until: datetime
) -> Iterator[tuple[Silent, bool]]:
    """Who is silent by their own rhythm, and whether the last they told was of sending alone."""
    now = int(until.timestamp()) // _SECONDS
    for (sender, channel), minutes in fed.items():
        found = _rhythm(minutes, now)
        if sender.is_active and found.is_silent:
            end = minutes.starts[-1] + _SECONDS
            since = datetime.fromtimestamp(end, UTC)
            yield Silent(sender.name, channel, since, found.quiet), _was_sending(minutes)


def _rhythm(minutes: Minutes, now: int) -> Rhythm:
    return rhythm([start // _SECONDS for start in minutes.starts], minutes.counts, now)


def _was_sending(minutes: Minutes) -> bool:
    """Whether nobody had opened or clicked anything just before: then nobody will."""
    first = minutes.starts[-1] - LEAST * _SECONDS
    last = zip(minutes.starts, minutes.counts, minutes.sending, strict=True)
    return all(count == sending for start, count, sending in last if start > first)


def _is_over(runs: Iterable[LedgerRow], channel: str) -> bool:
    """Whether all who were to be reached on a channel have been dealt with, as far as is known."""
    own = [run for run in runs if run.channel == channel]
    return bool(own) and all(run.is_whole and _is_done(run.targeted) for run in own)


def _is_done(counts: dict[str, int]) -> bool:
    targeted = sum(counts.values()) - counts["repeats"] - counts["impossible"]
    sent = targeted - counts["queued"] - counts["excluded"] - counts["failed"]
    waiting = counts["awaiting"] + counts["deferred"] if counts["delivered"] else 0
    return (
        targeted > 0
        and counts["queued"] <= ALL_BUT_DONE * targeted
        and waiting <= ALL_BUT_DONE * sent
    )


def _refusals(told: feeds.Told, now: datetime) -> Iterator[Refusal]:
    """The latest of each source, by reason. To a public one any stranger can send anything."""
    for (sender, why), minutes in told.refused.items():
        fed = {channel: of for (one, channel), of in told.fed.items() if one.pk == sender.pk}
        last = datetime.fromtimestamp(minutes.starts[-1], UTC)
        heard = max((of.starts[-1] for of in fed.values()), default=0)
        is_mended = heard > minutes.starts[-1] + HEARD_AGAIN.total_seconds()
        if sender.is_public or not sender.is_active or is_mended or now - last > STILL:
            continue
        first, number = _latest(minutes)
        since = datetime.fromtimestamp(first, UTC)
        yield Refusal(sender.name, _channels(sender, fed), why, number, since)


def _latest(minutes: Minutes) -> tuple[int, int]:
    """When the latest row of refusals began, and how many they are: it ends with a pause."""
    pauses = [0, *(after - before for before, after in pairwise(minutes.starts))]
    breaks = [place for place, pause in enumerate(pauses) if pause > STILL.total_seconds()]
    first = breaks[-1] if breaks else 0
    return minutes.starts[first], sum(minutes.counts[first:])


def _channels(sender: Sender, fed: Iterable[str]) -> frozenset[str]:
    """Those that a source has fed, and those that its provider is for."""
    provider = providers().get(sender.provider)
    own = (provider.channel, *provider.webhook.others) if provider else ()
    return frozenset([*fed, *own])
