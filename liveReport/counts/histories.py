"""What is known of each profile in a run: facts, which only become more.

So the order in which events arrive does not matter, nor how they are divided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from liveReport.channels import Channel
from liveReport.events.batch import Events, Shape
from liveReport.events.columns import Ints, Mask
from liveReport.events.hashes import NO_MESSAGE

from .cells import Run, run_of
from .edges import starts_of_runs

TARGETED, EXCLUDED, FAILED = 1, 2, 4
SENT, DEFERRED, ARRIVED, BOUNCED = 8, 16, 32, 64
OF_PROFILE = TARGETED | EXCLUDED | FAILED
OF_MESSAGE = SENT | DEFERRED | ARRIVED | BOUNCED
ROLES = (
    ("audience", TARGETED),
    ("exclusions", EXCLUDED),
    ("errors", FAILED),
    ("sends", SENT),
    ("deferrals", DEFERRED),
    ("arrivals", ARRIVED),
    ("bounces", BOUNCED),
)
"""The attributes of ``Channel`` whose event types say a fact."""

HOUR_US = 3_600_000_000
_NONE = -1
"""The number of no run."""
Column = NDArray[Any]
"""Of integers, as small as they can be: see ``_KINDS``."""
NEVER = np.iinfo(np.int64).max
"""When a message was met that was not."""


def _meanings(shapes: Sequence[Shape], channels: Mapping[str, Channel]) -> Ints:
    """The facts that an event of each shape says; none on a channel that has no ledger."""
    return np.array([_meaning(shape, channels.get(shape.channel)) for shape in shapes], np.int64)


def has_ledger(run: Run, channels: Mapping[str, Channel]) -> bool:
    """Whether its channel sends anything."""
    channel = channels.get(run.channel)
    return channel is not None and bool(channel.sends)


def says_something(shape: Shape, channels: Mapping[str, Channel]) -> bool:
    """Whether an event of a shape says a fact."""
    return bool(_meaning(shape, channels.get(shape.channel)))


def _meaning(shape: Shape, channel: Channel | None) -> int:
    if channel is None or not channel.sends:
        return 0
    return sum(fact for role, fact in ROLES if shape.type in getattr(channel, role))


@dataclass(frozen=True, eq=False)
class Facts:
    """Facts of profiles and their messages, in order of run, profile and message.

    ``run`` is a place in whatever list of runs the holder has. Under ``NO_MESSAGE`` stands what
    is said of the profile as a whole, and of the one message that events without a name are
    about: ``sends`` is how many of them said that it was sent. ``at`` is when the first of a
    message's events occurred, in microseconds, and ``seen`` the hour since 1970 in which the
    last of what is new was received.
    """

    run: Column
    profile: Column
    message: Column
    at: Column
    mask: Column
    sends: Column
    seen: Column

    @classmethod
    def none(cls) -> "Facts":
        return cls(*(np.empty(0, kind) for kind in _KINDS))

    @classmethod
    def joined(cls, parts: Sequence["Facts"]) -> "Facts":
        """All facts of all parts, those of one message as one."""
        if len(parts) == 1:
            return parts[0]
        return _concatenated(parts).united() if parts else cls.none()

    def __len__(self) -> int:
        return len(self.profile)

    def united(self) -> "Facts":
        """The same in order, none of them said twice."""
        facts = self.take(_order(self.run, self.profile, self.message))
        return facts._reduced(starts_of_runs(facts.run, facts.profile, facts.message))

    def _reduced(self, first: Ints) -> "Facts":
        """Those of one message as one, by where each message begins."""
        if len(first) == len(self):
            return self
        return Facts(
            self.run[first],
            self.profile[first],
            self.message[first],
            np.minimum.reduceat(self.at, first),
            np.bitwise_or.reduceat(self.mask, first),
            np.add.reduceat(self.sends, first, dtype=np.uint32),
            np.maximum.reduceat(self.seen, first),
        )

    def added_to(self, known: "Facts") -> tuple["Facts", "Facts"]:
        """Those that say something which the known ones do not, and all of both."""
        if not len(known):
            return self, self
        is_ours = np.repeat([False, True], [len(known), len(self)])
        both = _concatenated([known, self])
        order = _order(both.run, both.profile, both.message)
        both, is_ours = both.take(order), is_ours[order]
        first = starts_of_runs(both.run, both.profile, both.message)
        is_first = np.zeros(len(both), np.bool_)
        is_first[first] = True
        # Of what both know, the known one is right before ours.
        was = np.where(is_first, 0, np.roll(both.mask, 1))
        since = np.where(is_first, NEVER, np.roll(both.at, 1))
        says_more = (both.mask & ~was != 0) | (both.at < since) | (both.sends > 0)
        return both.take(is_ours & says_more), both._reduced(first)

    def take(self, places: Ints | Mask) -> "Facts":
        return Facts(*(getattr(self, name)[places] for name in _NAMES))

    def of_run(self, run: int) -> "Facts":
        """The same of another run, all of them."""
        everywhere = np.broadcast_to(np.int64(run), len(self))
        return Facts(everywhere, *(getattr(self, name) for name in _NAMES[1:]))

    def of_runs(self, runs: Ints) -> "Facts":
        """The same of other runs, ``runs[i]`` in place of run i."""
        return replace(self, run=runs[self.run])

    def copied(self) -> "Facts":
        """The same, that hold no others in memory of which they were a part."""
        return Facts(self.run, *(getattr(self, name).copy() for name in _NAMES[1:]))

    def compact(self) -> "Facts":
        """The same in fewer rows: what is said of a profile as a whole stands with its first
        message, if it has any that has a name."""
        follows = np.zeros(len(self), np.bool_)
        follows[:-1] = (self.profile[1:] == self.profile[:-1]) & (self.run[1:] == self.run[:-1])
        moved = np.flatnonzero(follows & (self.mask & OF_MESSAGE == 0))
        if not len(moved):
            return self
        mask, seen = self.mask.copy(), self.seen.copy()
        mask[moved + 1] |= mask[moved]
        seen[moved + 1] = np.maximum(seen[moved + 1], seen[moved])
        kept = np.ones(len(self), np.bool_)
        kept[moved] = False
        return replace(self, mask=mask, seen=seen).take(kept)

    def normal(self) -> "Facts":
        """The one form of all that say the same, whatever they were joined from."""
        facts = self.united().compact()
        first = starts_of_runs(facts.run, facts.profile)
        mask = facts.mask & OF_MESSAGE
        if len(first):
            mask[first] |= np.bitwise_or.reduceat(facts.mask, first) & OF_PROFILE
        return replace(facts, mask=mask)

    def says_the_same_as(self, other: "Facts") -> bool:
        """Whether both, of one run, say the same; not when it was received."""
        ours, theirs = self.normal(), other.normal()
        told = ("profile", "message", "at", "mask", "sends")
        return all(np.array_equal(getattr(ours, name), getattr(theirs, name)) for name in told)

    def by_run(self) -> dict[int, "Facts"]:
        """Those of each run that has any."""
        first = starts_of_runs(self.run).tolist()
        parts = pairwise([*first, len(self)])
        return {int(self.run[start]): self.between(start, end) for start, end in parts}

    def between(self, start: int, end: int) -> "Facts":
        """Those of these places."""
        return Facts(*(getattr(self, name)[start:end] for name in _NAMES))

    def of_profiles(self, profiles: Ints) -> "Facts":
        """Those of some profiles, which are in order; of one run only."""
        if not len(self):
            return self
        low = np.searchsorted(self.profile, profiles)
        met = self.profile.take(low, mode="clip") == profiles
        profiles, low = profiles[met], low[met]
        sizes = np.searchsorted(self.profile, profiles, "right") - low
        ends = np.cumsum(sizes)
        places = np.arange(sizes.sum()) + np.repeat(low - ends + sizes, sizes)
        return self.take(places)


_NAMES = tuple(field.name for field in fields(Facts))
_KINDS = (np.int64, np.int64, np.uint64, np.int64, np.uint8, np.uint32, np.uint32)


def _order(run: Ints, profile: Ints, message: Column) -> Ints:
    """By run, profile and message. Few profiles have several messages, and most are in order."""
    several = len(run) and (run != run[0]).any()
    order = np.lexsort((profile, run)) if several else np.argsort(profile, kind="stable")
    same = starts_of_runs(run[order], profile[order])
    sorted_ = message[order]
    wrong = sorted_[1:] < sorted_[:-1]
    wrong[same[1:] - 1] = False
    if not wrong.any():
        return order
    group = groups(same, len(order))
    mixed = np.flatnonzero(np.isin(group, group[1:][wrong]))
    within = np.lexsort((sorted_[mixed], group[mixed]))
    order[mixed] = order[mixed][within]
    return order


def groups(first: Ints, size: int) -> Ints:
    """The number of the group of each row, by where groups begin."""
    return np.repeat(np.arange(len(first)), np.diff(first, append=size))


def _concatenated(parts: Sequence[Facts]) -> Facts:
    columns = ([getattr(part, name) for part in parts] for name in _NAMES)
    return Facts(*map(np.concatenate, columns))


# -- What events say -----------------------------------------------------------------------------


class Met(NamedTuple):
    """When events of a run were met."""

    last_at: int
    """When the last of them occurred, in microseconds."""
    first_received: int
    last_received: int


@dataclass(frozen=True)
class Histories:
    """What events say of profiles in runs, and all runs that they belong to.

    A run's number in ``facts`` is its place in ``runs``.
    """

    runs: Mapping[Run, Met]
    facts: Facts


def histories(events: Events, received: Ints, channels: Mapping[str, Channel]) -> Histories:
    """What events say, of those channels that have a ledger.

    ``received`` is when each of them was, in microseconds.
    """
    runs = [run_of(shape) for shape in events.shapes]
    kept = events.of_shapes(has_ledger(run, channels) for run in runs)
    used = np.flatnonzero(np.bincount(events.shape[kept]))
    found = sorted({runs[place] for place in used.tolist()})
    number = {run: place for place, run in enumerate(found)}
    run = np.array([number.get(run, _NONE) for run in runs], np.int64)[events.shape]
    return Histories(
        dict(zip(found, _met(run[kept], events.at[kept], received[kept]), strict=True)),
        _said(events, run, received, _meanings(events.shapes, channels)[events.shape]),
    )


def _met(run: Ints, at: Ints, received: Ints) -> list[Met]:
    if not len(run):
        return []
    if (run != run[0]).any():
        order = np.argsort(run, kind="stable")
        run, at, received = run[order], at[order], received[order]
    first = starts_of_runs(run)
    columns = (
        np.maximum.reduceat(at, first),
        np.minimum.reduceat(received, first),
        np.maximum.reduceat(received, first),
    )
    return [Met(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _said(events: Events, run: Ints, received: Ints, meaning: Ints) -> Facts:
    places = np.flatnonzero(meaning)
    mask, at = meaning[places], events.at[places]
    of_message = mask & OF_MESSAGE != 0
    message = np.where(of_message, events.messages[places], NO_MESSAGE)
    is_bare_send = (mask & SENT != 0) & (message == NO_MESSAGE)
    return Facts(
        run[places],
        events.profile[places],
        message.view(np.uint64),
        np.where(of_message, at, NEVER),
        mask.astype(np.uint8),
        is_bare_send.astype(np.uint32),
        (received[places] // HOUR_US).astype(np.uint32),
    ).united()
