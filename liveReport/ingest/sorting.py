"""What a provider has sent, item by item: events, what is ignored, what has to wait, and why."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from liveReport.channels import Event, Ignored, Provider, Unreadable
from liveReport.channels.fields import CONTROL, LONGEST
from liveReport.engines.sources import HookSource
from liveReport.events.batch import Events
from liveReport.events.moments import instant_in_url
from liveReport.models import QuarantinedBatch

from .append import known_campaigns
from .attribution import SEPARATOR, Named, Rules, candidates
from .contract import current_contract

Reason = QuarantinedBatch.Reason
_WHY = {"unknown_type": Reason.UNKNOWN_TYPE}
_REFUSED = {"too_old": Reason.TOO_OLD}

logger = logging.getLogger(__name__)


class Said(NamedTuple):
    """An event, and the place of the item that said it."""

    item: int
    event: Event


@dataclass
class Sorted:
    """The good ``events`` as columns; ``held`` has the items that wait, by why they do.

    The counts are of recipients: ``accepted`` events of campaigns that exist, ``ignored``, and
    those that are ``quarantined``: held, or of a campaign that does not exist (yet).
    """

    events: Events
    held: dict[Reason, list[Any]] = field(default_factory=dict)
    accepted: int = 0
    ignored: int = 0
    quarantined: int = 0

    @property
    def received(self) -> int:
        return self.accepted + self.ignored + self.quarantined


class Sorter:
    """Sorts the items of one source. ``received_at`` is when events were that say no time."""

    def __init__(
        self, provider: Provider, source: HookSource, received_at: datetime, now: datetime
    ) -> None:
        self.provider = provider
        self.source = source
        self.received_at = received_at
        self.now = now
        self.contract = current_contract()
        self.sorted = Sorted(Events.of([]))
        self._waiting: dict[int, Reason] = {}

    def sort(self, items: Sequence[Any]) -> Sorted:
        said = [one for place, item in enumerate(items) for one in self._said(place, item)]
        slugs = {text for text in candidates(one.event for one in said) if len(text) <= LONGEST}
        slugs.update(self.source.mapping.values(), [self.source.campaign])
        rules = Rules(self.source.mapping, frozenset(known_campaigns(slugs)), self.source.campaign)
        self._judge(said, rules)
        for place, reason in self._waiting.items():
            self.sorted.held.setdefault(reason, []).append(items[place])
        return self.sorted

    def count(self, items: Sequence[Any]) -> Sorted:
        """How much the items say, while nobody can tell whose it is: as if it were known."""
        said = [one for place, item in enumerate(items) for one in self._said(place, item)]
        self.sorted.accepted = sum(_recipients(one.event) for one in said)
        return self.sorted

    def _said(self, place: int, item: Any) -> Iterable[Said]:
        try:
            found = list(self.provider.webhook.events(item))
        except Unreadable as error:
            self._wait(place, _WHY.get(error.code, Reason.UNREADABLE))
            return []
        except Exception as error:  # noqa: BLE001 (one odd item never spoils the others)
            logger.debug("An odd item of %s: %s", self.source.name, type(error).__name__)
            self._wait(place, Reason.UNREADABLE)
            return []
        events = [Said(place, one) for one in found if not isinstance(one, Ignored)]
        # An item that says nothing at all is as good as ignored.
        self.sorted.ignored += len(found) - len(events) if found else 1
        return events

    def _wait(self, place: int, reason: Reason, recipients: int = 1) -> None:
        self._waiting.setdefault(place, reason)
        self.sorted.quarantined += recipients

    def _judge(self, said: Sequence[Said], rules: Rules) -> None:
        """Attribute events, and check them as the contract does whatever comes in."""
        kept: list[Said] = []
        structs: list[Any] = []
        exist: list[bool] = []
        for one in said:
            struct = self._struct(one.event, rules.attribute(one.event))
            if isinstance(struct, Reason):
                self._wait(one.item, struct, _recipients(one.event))
                continue
            kept.append(one)
            structs.append(struct)
            exist.append(struct.campaign in rules.campaigns)
        events, _ids, rejected = self.contract.judged(structs, self.now, source=self.source.pk)
        self.sorted.events = events
        refused = {one.index: one for one in rejected}
        for index, rejection in refused.items():
            one = kept[index]
            reason = _REFUSED.get(rejection.code, Reason.REFUSED)
            self._wait(one.item, reason, _recipients(one.event))
        good = np.array([index not in refused for index in range(len(kept))], np.bool_)
        own = np.array([not one.event.derived for one in kept], np.bool_)
        known = np.array(exist, np.bool_)
        self.sorted.accepted += int((good & own & known).sum())
        self.sorted.quarantined += int((good & own & ~known).sum())

    def _struct(self, event: Event, named: Named) -> Any:
        """The event of our contract, or why there is none."""
        if not named.campaign:
            return Reason.NO_CAMPAIGN
        try:
            execution = instant_in_url(named.execution) if named.execution else None
        except ValueError:
            return Reason.REFUSED
        identity = _identity(event, named.profile)
        dimensions = {key: text[:LONGEST] for key, text in event.dimensions.items()}
        if CONTROL.search("".join((identity, named.message, *dimensions.values()))):
            return Reason.REFUSED
        return self.contract.event(
            id=identity,
            campaign=named.campaign,
            channel=self.provider.channel,
            type=event.type,
            occurred_at=event.at or self.received_at,
            profile=named.profile,
            message=named.message or None,
            execution=execution,
            **dimensions,
        )


def _identity(event: Event, profile: str) -> str:
    """What is the same when a provider says something again, under whatever id of its own."""
    if event.derived:
        return SEPARATOR.join((event.type, event.message, profile))
    seconds = str(int(event.at.timestamp())) if event.at else ""
    reason = event.dimensions.get("reason", "")
    parts = (event.type, event.message, profile, seconds, event.link, event.attempt, reason)
    return SEPARATOR.join(parts)


def _recipients(event: Event) -> int:
    return 0 if event.derived else 1
