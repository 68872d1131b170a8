"""What has become of each profile in a run, by all that is known of it.

The unit is a profile. It counts as what became of the first message that was met of it; its
further messages are repeats, whatever became of them, as long as it can be.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from liveReport.events.columns import Ints, Mask
from liveReport.events.hashes import NO_MESSAGE

from .edges import starts_of_runs
from .histories import (
    ARRIVED,
    BOUNCED,
    DEFERRED,
    EXCLUDED,
    FAILED,
    NEVER,
    OF_MESSAGE,
    SENT,
    TARGETED,
    Facts,
    groups,
)


class Fate(IntEnum):
    """What a profile counts as. Of the names but ``QUEUED`` and ``IMPOSSIBLE`` a ledger is made."""

    QUEUED = 0
    EXCLUDED = 1
    FAILED = 2
    AWAITING = 3
    DEFERRED = 4
    DELIVERED = 5
    BOUNCED = 6
    IMPOSSIBLE = 7


FATES = len(Fate)
COUNTED = FATES + 1
"""Numbers that are kept of a run: of profiles by fate, then their further messages."""


def counts(facts: Facts, runs: int) -> Ints:
    """How many profiles of each run are what: by run, by whether they are targeted, by ``COUNTED``.

    All facts of whoever is in there are given. An impossible profile's messages are not counted.
    """
    profiles = _Profiles.of(facts)
    fate = profiles.fates()
    repeats = np.where(fate == Fate.IMPOSSIBLE, 0, np.maximum(profiles.sent - 1, 0))
    targeted = (profiles.mask & TARGETED != 0).astype(np.int64)
    row = 2 * profiles.run + targeted
    found = np.zeros((runs * 2, COUNTED), np.int64)
    np.add.at(found, (row, fate), 1)
    np.add.at(found[:, FATES], row, repeats)
    return found.reshape(runs, 2, COUNTED)


@dataclass(frozen=True, eq=False)
class _Profiles:
    """Profiles of runs: all that is said of them, and of the message by which they are judged."""

    run: Ints
    mask: Ints
    """Of all of their facts."""
    lead: Ints
    """The facts of the message that was first met."""
    sent: Ints
    """How many messages were."""
    is_sound: Mask
    """Whether there is nothing impossible about their other messages."""

    @classmethod
    def of(cls, facts: Facts) -> "_Profiles":
        first = starts_of_runs(facts.run, facts.profile)
        group = groups(first, len(facts))
        mask = facts.mask.astype(np.int64)
        whole = np.bitwise_or.reduceat(mask, first) if len(first) else mask
        messages = _messages(facts, group, len(first))
        return cls(facts.run[first], whole, *messages.with_nameless(_nameless(facts, first)))

    def fates(self) -> Ints:
        """What each of them counts as."""
        sent = self.lead & SENT != 0
        held_back = self.mask & EXCLUDED != 0
        impossible = ~self.is_sound | ~_is_sound(self.lead) | (held_back & (self.sent > 0))
        return np.select(
            [
                impossible,
                held_back,
                sent & (self.lead & BOUNCED != 0),
                sent & (self.lead & ARRIVED != 0),
                sent & (self.lead & DEFERRED != 0),
                sent,
                self.mask & FAILED != 0,
            ],
            [
                Fate.IMPOSSIBLE,
                Fate.EXCLUDED,
                Fate.BOUNCED,
                Fate.DELIVERED,
                Fate.DEFERRED,
                Fate.AWAITING,
                Fate.FAILED,
            ],
            Fate.QUEUED,
        )


@dataclass(frozen=True, eq=False)
class _Messages:
    """Of each profile: its first message, when that was met, how many were sent, and whether
    the others are sound."""

    lead: Ints
    at: Ints
    sent: Ints
    is_sound: Mask

    def with_nameless(self, bare: "_Messages") -> tuple[Ints, Ints, Mask]:
        """The first message, how many were sent, and whether the others are sound.

        What is said without a name is about the first message as well, unless of both it is said
        that they were sent: then they are two, and the one that was met first is the first.
        """
        are_two = self.lead & bare.lead & SENT != 0
        is_earlier = are_two & (bare.at <= self.at)
        lead = np.where(are_two, self.lead, self.lead | bare.lead)
        other = np.where(is_earlier, self.lead, bare.lead)
        return (
            np.where(is_earlier, bare.lead, lead),
            self.sent + bare.sent,
            self.is_sound & (~are_two | _is_sound(other)),
        )


def _messages(facts: Facts, group: Ints, profiles: int) -> _Messages:
    """Of those that have a name."""
    said = facts.mask.astype(np.int64) & OF_MESSAGE
    order = np.flatnonzero(facts.message != NO_MESSAGE)
    sent = np.bincount(group[order], said[order] & SENT != 0, profiles).astype(np.int64)
    if len(starts_of_runs(group[order])) < len(order):
        order = order[np.lexsort((facts.message[order], facts.at[order], group[order]))]
    starts = starts_of_runs(group[order])
    heads, others = order[starts], np.delete(order, starts)
    lead, at = np.zeros(profiles, np.int64), np.full(profiles, NEVER)
    lead[group[heads]], at[group[heads]] = said[heads], facts.at[heads]
    is_sound = np.ones(profiles, np.bool_)
    is_sound[group[others[~_is_sound(said[others])]]] = False
    return _Messages(lead, at, sent, is_sound)


def _nameless(facts: Facts, first: Ints) -> _Messages:
    """Of those without a name: each profile has one, which stands before the others."""
    is_there = facts.message[first] == NO_MESSAGE
    said = np.where(is_there, facts.mask[first] & OF_MESSAGE, 0).astype(np.int64)
    sends = np.where(is_there, facts.sends[first], 0).astype(np.int64)
    return _Messages(said, facts.at[first], sends, np.ones(len(first), np.bool_))


def _is_sound(message: Ints) -> Mask:
    """Whether all that is known of a message goes together."""
    has_no_end = message & (DEFERRED | ARRIVED | BOUNCED) == 0
    is_both = message & (ARRIVED | BOUNCED) == ARRIVED | BOUNCED
    sound: Mask = ((message & SENT != 0) | has_no_end) & ~is_both
    return sound
