"""What a provider has sent, item by item: events, what is ignored, what has to wait, and why."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
    derived: int = 0
    """Events besides, that are derived from others."""

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
        self._events: list[Event] = []
        self._places: list[int] = []
        """Of each event, which item said it."""
        self._waiting: dict[int, Reason] = {}
        self._known = frozenset(self.contract.dimensions)

    def sort(self, items: Sequence[Any]) -> Sorted:
        self._read(items)
        slugs = {text for text in candidates(self._events) if len(text) <= LONGEST}
        slugs.update(self.source.mapping.values(), [self.source.campaign])
        rules = Rules(self.source.mapping, frozenset(known_campaigns(slugs)), self.source.campaign)
        self._judge(rules)
        for place, reason in self._waiting.items():
            self.sorted.held.setdefault(reason, []).append(items[place])
        return self.sorted

    def count(self, items: Sequence[Any]) -> Sorted:
        """How much the items say, while nobody can tell whose it is: as if it were known."""
        self._read(items)
        self.sorted.accepted = sum(map(_recipients, self._events))
        return self.sorted

    def _read(self, items: Sequence[Any]) -> None:
        read = self.provider.webhook.events
        for place, item in enumerate(items):
            try:
                said = list(read(item))
            except Unreadable as error:
                self._wait(place, _WHY.get(error.code, Reason.UNREADABLE))
                continue
            except Exception as error:  # noqa: BLE001 (one odd item never spoils the others)
                logger.debug("An odd item of %s: %s", self.source.name, type(error).__name__)
                self._wait(place, Reason.UNREADABLE)
                continue
            if not all(isinstance(one, Ignored) or _is_sound(one) for one in said):
                self._wait(place, Reason.UNREADABLE)
                continue
            if not said:  # as good as ignored
                self.sorted.ignored += 1
            for one in said:
                if isinstance(one, Ignored):
                    self.sorted.ignored += 1
                else:
                    self._events.append(one)
                    self._places.append(place)

    def _wait(self, place: int, reason: Reason, recipients: int = 1) -> None:
        self._waiting.setdefault(place, reason)
        self.sorted.quarantined += recipients

    def _judge(self, rules: Rules) -> None:
        """Attribute events, and check them as the contract does whatever comes in."""
        kept: list[int] = []
        structs: list[Any] = []
        for number, event in enumerate(self._events):
            struct = self._struct(event, rules.attribute(event))
            if struct.__class__ is Reason:
                self._wait(self._places[number], struct, _recipients(event))
            else:
                kept.append(number)
                structs.append(struct)
        events, _ids, rejected = self.contract.judged(structs, self.now, source=self.source.pk)
        self.sorted.events = events
        refused = {kept[one.index]: one.code for one in rejected}
        for number, code in refused.items():
            reason = _REFUSED.get(code, Reason.REFUSED)
            self._wait(self._places[number], reason, _recipients(self._events[number]))
        for number, struct in zip(kept, structs, strict=True):
            is_known = struct.campaign in rules.campaigns
            if number in refused:
                continue
            if self._events[number].derived:
                self.sorted.derived += is_known
                continue
            self.sorted.accepted += is_known
            self.sorted.quarantined += not is_known

    def _struct(self, event: Event, named: Named) -> Any:
        """The event of our contract, or why there is none."""
        if not named.campaign:
            return Reason.NO_CAMPAIGN
        execution = None
        if named.execution:
            try:
                execution = instant_in_url(named.execution)
            except ValueError:
                return Reason.REFUSED
        identity = _identity(event, named.profile)
        dimensions = event.dimensions
        if not dimensions.keys() <= self._known:
            return Reason.REFUSED
        said = "".join((identity, named.message, *dimensions.values()))
        if len(said) > LONGEST:  # perhaps one of them alone
            dimensions = {key: text[:LONGEST] for key, text in dimensions.items()}
        if CONTROL.search(said):
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


def _is_sound(event: Event) -> bool:
    """Whether all is of the type that ``Event`` says: what an item holds may be anything."""
    texts = (event.message, event.recipient, event.link, event.attempt)
    return (
        isinstance(event.keys, dict)
        and isinstance(event.labels, list | tuple)
        and all(text.__class__ is str for text in texts)
        and all(text.__class__ is str for text in event.labels)
        and all(text.__class__ is str for text in event.dimensions.values())
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
