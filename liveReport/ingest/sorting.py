"""What a provider has sent, item by item: events, what is ignored, what has to wait, and why."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
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
from .attribution import SEPARATOR, Rules, labels_of
from .contract import Contract, Told, current_contract

Reason = QuarantinedBatch.Reason
_WHY = {"unknown_type": Reason.UNKNOWN_TYPE}
_REFUSED = {"too_old": Reason.TOO_OLD}

logger = logging.getLogger(__name__)

_Pairs = tuple[tuple[str, str], ...]
_Kind = tuple[str, str, str, bool, _Pairs]
"""What events of a kind have in common: campaign, execution as the sender wrote it, type, whether
they are derived, dimensions. No class, as each event makes one."""
_Row = tuple[int, int, float, str, str, str]
"""An event that may be good: its place among all, its kind, when it was in seconds since 1970, its
id, profile and message."""


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

    def sort(self, items: Sequence[Any]) -> Sorted:
        self._read(items)
        labels = {text for text in labels_of(self._events) if len(text) <= LONGEST}
        self._judge(Rules(self.source.mapping, known_campaigns(labels), self.source.campaign))
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
            if not all([_is_sound(one) for one in said]):  # noqa: C419 (a generator takes longer)
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
        kinds = _Kinds(self.contract, self.provider.channel)
        rows = self._without_controls([*self._rows(kinds, rules)])
        numbers, which, *columns = zip(*rows, strict=True) if rows else [()] * 6
        told = Told(kinds.events, which, *columns)
        self.sorted.events, refused = self.contract.judged(told, self.now, source=self.source.pk)
        for place, refusal in refused.items():
            self._hold(numbers[place], _REFUSED.get(refusal.code, Reason.REFUSED))
        known = known_campaigns(self.sorted.events.campaigns())
        good = Counter(kind for place, kind in enumerate(which) if place not in refused)
        for kind, count in good.items():
            is_known = kinds.events[kind].campaign in known
            self._tally(count, is_known=is_known, is_derived=kinds.derived[kind])

    def _rows(self, kinds: "_Kinds", rules: Rules) -> Iterator[_Row]:
        """The events that can be any of the contract's; the others wait."""
        received_at = self.received_at.timestamp()
        for number, event in enumerate(self._events):
            campaign, execution, profile, message = rules.attribute(event)
            kind = kinds[
                (campaign, execution, event.type, event.derived, (*event.dimensions.items(),))
            ]
            if isinstance(kind, Reason):
                self._hold(number, kind)
                continue
            at = event.at.timestamp() if event.at else None
            identity = _identity(event, profile, at)
            yield number, kind, received_at if at is None else at, identity, profile, message

    def _without_controls(self, rows: list[_Row]) -> list[_Row]:
        """Those whose texts have no control character; the others wait."""
        if "".join([row[3] + row[5] for row in rows]).isprintable():
            return rows
        odd = {row[0] for row in rows if CONTROL.search(row[3] + row[5])}
        for number in odd:
            self._hold(number, Reason.REFUSED)
        return [row for row in rows if row[0] not in odd]

    def _hold(self, number: int, reason: Reason) -> None:
        """Have the item wait of which an event is."""
        self._wait(self._places[number], reason, _recipients(self._events[number]))

    def _tally(self, count: int, *, is_known: bool, is_derived: bool) -> None:
        """Count good events: whether their campaign exists, and whether they are derived."""
        if is_derived:
            self.sorted.derived += count * is_known
        elif is_known:
            self.sorted.accepted += count
        else:
            self.sorted.quarantined += count


class _Kinds(dict[_Kind, int | Reason]):
    """Numbers kinds, from 0, or says why the events of one have to wait.

    A request has many events and few kinds: what is the same for all of a kind is made, and
    checked, once. ``events`` has an event of the contract for each number.
    """

    def __init__(self, contract: Contract, channel: str) -> None:
        super().__init__()
        self._contract = contract
        self._channel = channel
        self._known = frozenset(contract.dimensions)
        self.events: list[Any] = []
        self.derived: list[bool] = []

    def __missing__(self, kind: _Kind) -> int | Reason:
        self[kind] = found = self._why_not(kind) or self._added(kind)
        return found

    def _why_not(self, kind: _Kind) -> Reason | None:
        campaign, execution, _type, _derived, dimensions = kind
        if not campaign:
            return Reason.NO_CAMPAIGN
        is_odd = any(key not in self._known or CONTROL.search(text) for key, text in dimensions)
        return Reason.REFUSED if is_odd or not _is_run(execution) else None

    def _added(self, kind: _Kind) -> int:
        campaign, execution, type_, derived, dimensions = kind
        event = self._contract.event(
            id="",
            campaign=campaign,
            channel=self._channel,
            type=type_,
            occurred_at=None,
            profile="",
            execution=instant_in_url(execution) if execution else None,
            **{key: text[:LONGEST] for key, text in dimensions},
        )
        self.events.append(event)
        self.derived.append(derived)
        return len(self.events) - 1


def _is_run(text: str) -> bool:
    """Whether a text says when a run began, or that there is none."""
    try:
        return not text or bool(instant_in_url(text))
    except ValueError:
        return False


_TEXT = frozenset({str})


def _is_sound(said: Event | Ignored) -> bool:
    """Whether all is of the type that ``Event`` says: what an item holds may be anything."""
    if isinstance(said, Ignored):
        return True
    _type, _at, recipient, message, keys, labels, dimensions, link, attempt, _derived = said
    return (
        message.__class__ is recipient.__class__ is link.__class__ is attempt.__class__ is str
        and isinstance(keys, dict)
        and isinstance(labels, list | tuple)
        and _TEXT.issuperset(map(type, labels))
        and _TEXT.issuperset(map(type, dimensions.values()))
    )


def _identity(event: Event, profile: str, at: float | None) -> str:
    """What is the same when a provider says something again, under whatever id of its own."""
    if event.derived:
        return SEPARATOR.join((event.type, event.message, profile))
    seconds = "" if at is None else int(at)
    reason = event.dimensions.get("reason", "")
    parts = (event.type, event.message, profile, seconds, event.link, event.attempt, reason)
    return _IDENTITY % parts


_IDENTITY = SEPARATOR.join(["%s"] * 7)
"""Filling it in takes half as long as joining texts one of which has to be made first."""


def _recipients(event: Event) -> int:
    return 0 if event.derived else 1
