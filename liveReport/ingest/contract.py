"""The one strict validator of events, used by every entrance.

The whole body is decoded at once into typed structs; only when that fails are
its events decoded one by one, to name the field and the reason of each bad one.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import isfinite
from operator import attrgetter
from typing import Annotated, Any, NamedTuple, TypeGuard

import msgspec
import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from liveReport.channels import NONE, OTHER, Channel, Dimension, all_channels
from liveReport.channels.fields import CONTROL, LONGEST, REQUIRED
from liveReport.channels.values import trimmed
from liveReport.events.batch import Events, Shape
from liveReport.events.columns import Ints, Mask
from liveReport.events.hashes import id_keys, message_keys, pseudonyms
from liveReport.events.limits import MAX_AGE, MAX_FUTURE
from liveReport.events.moments import Instant, is_start_of_run

from .body import NDJSON, SEQUENCE, lines, sequence, split
from .salvage import leniently

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]
Short = Annotated[str, msgspec.Meta(max_length=LONGEST)]


_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,100}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOWHERE = Shape("", "", "", 0, ())
_SAID = 300
"""Characters of a reason, of which an event's own text can be a part."""


class Refused(Exception):
    """One event is refused: which field, a stable code, and why."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Rejection:
    """What the producer is told about an event that was refused."""

    index: int
    id: str | None
    field: str
    code: str
    message: str


class Validated(NamedTuple):
    """What is in a body: the good events, their ids as they were sent, and what was refused."""

    events: Events
    ids: Sequence[str]
    rejected: list[Rejection]


class Told(NamedTuple):
    """Events that are no text, by the column; no control character is in them.

    What those of a kind have in common, one of them says for all: ``kinds`` has an ``event`` of
    the contract for each, and ``kind`` says which one an event is of. ``at`` is in seconds since
    1970.
    """

    kinds: Sequence[Any]
    kind: Sequence[int]
    at: Sequence[float]
    ids: Sequence[str]
    profiles: Sequence[str]
    messages: Sequence[str]

    def without(self, places: Collection[int]) -> "Told":
        """Those at other places than these."""
        kept = [place for place in range(len(self.ids)) if place not in places]
        _kinds, *columns = self
        return Told(self.kinds, *([column[place] for place in kept] for column in columns))  # type: ignore[arg-type]


@dataclass(frozen=True)
class EventRule:
    """What an event type takes: its dimensions, and what each is when it is not given."""

    dimensions: Mapping[str, Dimension]
    defaults: Mapping[str, str]


class Contract:
    """The validator for one set of installed channels."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self.channels = {channel.slug: channel for channel in channels}
        self.rules = {
            (channel.slug, event.key): EventRule(
                {key: channel.dimension_by_key[key] for key in event.dimensions},
                dict.fromkeys(event.dimensions, NONE),
            )
            for channel in channels
            for event in channel.events
        }
        self.dimensions = tuple(sorted({d.key for c in channels for d in c.dimensions}))
        self.dimension_values = _getter(self.dimensions)
        self.shape_of = _getter(("campaign", "channel", "type", "execution", *self.dimensions))
        self.event: Any = msgspec.defstruct(
            "Event",
            [
                *((name, Key) for name in ("id", "campaign", "channel", "type")),
                ("occurred_at", Instant),
                ("profile", Key),
                ("message", Short | None, None),
                ("execution", Instant | None, None),
                *((key, Short | None, None) for key in self.dimensions),
            ],
            forbid_unknown_fields=True,
            gc=False,
        )
        self.one: msgspec.json.Decoder[Any] = msgspec.json.Decoder(self.event)
        self.many: msgspec.json.Decoder[Any] = msgspec.json.Decoder(list[self.event])  # type: ignore[name-defined]

    def validate(
        self,
        body: bytes,
        media: str,
        now: datetime,
        limit: int,
        campaigns: frozenset[str] | None = None,
        *,
        source: int,
    ) -> Validated:
        """Every event of a body, accepted in order or rejected with its index.

        ``limit`` is the number of events beyond which the body is refused (413),
        ``campaigns`` the only ones its sender may write to, if not all, and ``source``
        whose events they are.
        """
        indices, events, rejected = self._decode(body, media, limit)
        # JSON holds control characters as escapes only: without any there is nothing to look for.
        has_escapes = b"\\" in body or b"\x7f" in body
        checks = _Checks(self, now, campaigns, has_escapes=has_escapes)
        return self._sorted(indices, events, rejected, checks, source)

    def judged(
        self, told: Told, now: datetime, *, source: int
    ) -> tuple[Events, Mapping[int, Refused]]:
        """What ``validate`` says of events that are no text; who is refused, by place."""
        checks = _Checks(self, now, None, has_escapes=False)
        shape, at = np.array(told.kind, np.int64), _rounded(np.array(told.at, np.float64))
        shapes, good = checks.judged(told.kinds, shape, at)
        refused = {
            place: checks.refusal(told.kinds[told.kind[place]], int(at[place]))
            for place in np.flatnonzero(~good).tolist()
        }
        if refused:
            told, shape, at = told.without(refused), shape[good], at[good]
        columns = told.ids, told.profiles, told.messages
        return _columns(shapes, shape, at, *columns, source), refused

    def _sorted(
        self,
        indices: Sequence[int],
        events: Sequence[Any],
        rejected: list[Rejection],
        checks: "_Checks",
        source: int,
    ) -> Validated:
        shapes, shape, at, refused = checks.checked(events)
        if refused:
            rejected += [
                _rejection(indices[place], events[place].id, refusal)
                for place, refusal in refused.items()
            ]
            rejected.sort(key=lambda rejection: rejection.index)
            good = [place for place in range(len(events)) if place not in refused]
            events, shape, at = [events[place] for place in good], shape[good], at[good]
        ids = [event.id for event in events]
        names = [event.profile for event in events], [event.message for event in events]
        return Validated(_columns(shapes, shape, at, ids, *names, source), ids, rejected)

    def _decode(
        self, body: bytes, media: str, limit: int
    ) -> tuple[Sequence[int], list[Any], list[Rejection]]:
        try:
            events = self._decode_all(body, media)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._decode_each(split(body, media, limit))
        if len(events) > limit:
            split(body, media, limit)
        return range(len(events)), events, []

    def _decode_all(self, body: bytes, media: str) -> list[Any]:
        if media == NDJSON:
            return self._decode_lines(body)
        if media == SEQUENCE:
            return list(map(self.one.decode, sequence(body)))
        events: list[Any] = self.many.decode(body)
        return events

    def _decode_lines(self, body: bytes) -> list[Any]:
        events: list[Any] = self.one.decode_lines(body)
        if len(events) != len(lines(body)):  # the decoder does not care where a line ends
            raise msgspec.DecodeError
        return events

    def _decode_each(
        self, raws: Sequence[msgspec.Raw]
    ) -> tuple[Sequence[int], list[Any], list[Rejection]]:
        indices: list[int] = []
        decoded: list[Any] = []
        rejected: list[Rejection] = []
        for index, raw in enumerate(raws):
            try:
                decoded.append(self.one.decode(raw))
                indices.append(index)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                event = _leniently(raw)
                rejected.append(_rejection(index, _id_of(event), self._refusal_of(error, event)))
        return indices, decoded, rejected

    def _refusal_of(self, error: Exception, event: Mapping[str, Any]) -> Refused:
        """Why an event cannot be decoded. A field that no channel has is told by its channel."""
        refusal, channel = _refusal_of(error, event), event.get("channel")
        if refusal.code == "unknown_field" and self._is_unheard_of(channel):
            return self.no_channel(channel)
        return refusal

    def _is_unheard_of(self, channel: object) -> TypeGuard[str]:
        is_name = isinstance(channel, str) and 0 < len(channel) <= LONGEST and _is_text(channel)
        return is_name and channel not in self.channels

    def no_channel(self, slug: str) -> Refused:
        """It is not installed, or was installed after the processes began."""
        known = ", ".join(self.channels)
        return Refused("channel", "unknown_channel", f"No channel {slug!r} here, but {known}.")


class _Checks:
    """What types cannot say: known channel and type, time, dimensions, characters.

    What events have in common is checked once for all that share it.
    """

    def __init__(
        self,
        contract: Contract,
        now: datetime,
        campaigns: frozenset[str] | None,
        *,
        has_escapes: bool,
    ) -> None:
        self.contract = contract
        self.campaigns = campaigns
        self.oldest = _microseconds(now - MAX_AGE)
        self.newest = _microseconds(now + MAX_FUTURE)
        self.has_escapes = has_escapes

    def checked(self, events: Sequence[Any]) -> tuple[list[Shape], Ints, Ints, dict[int, Refused]]:
        """The shapes of the good events, which each event has, when it was, and who is refused.

        Times are in microseconds; the refusals are by place.
        """
        numbers = _Numbers()
        shape = np.fromiter(
            map(numbers.__getitem__, map(self.contract.shape_of, events)), np.int64, len(events)
        )
        at = _all_microseconds([event.occurred_at for event in events])
        firsts = [events[place] for place in _firsts(shape, len(numbers))]
        shapes, good = self.judged(firsts, shape, at)
        if self.has_escapes:
            good &= np.array([not self._controlled(event) for event in events], np.bool_)
        refused = {
            place: self.refusal(events[place], int(at[place]))
            for place in np.flatnonzero(~good).tolist()
        }
        return shapes, shape, at, refused

    def judged(self, firsts: Sequence[Any], shape: Ints, at: Ints) -> tuple[list[Shape], Mask]:
        """The shapes that an event of each stands for, and which events are good by these."""
        found = [self._shape_or_none(event) for event in firsts]
        good = (at >= self.oldest) & (at <= self.newest)
        good &= np.array([one is not None for one in found], np.bool_)[shape]
        return [one or _NOWHERE for one in found], good

    def _shape_or_none(self, event: Any) -> Shape | None:
        try:
            return self._shape(event)
        except Refused:
            return None

    def _shape(self, event: Any) -> Shape:
        rule = self._rule(event)
        if not _SLUG.fullmatch(event.campaign):
            raise Refused("campaign", "not_a_slug", f"{event.campaign!r} is not a slug.")
        if self.campaigns is not None and event.campaign not in self.campaigns:
            raise Refused("campaign", "forbidden", "The token is not for this campaign.")
        return Shape(
            event.campaign,
            event.channel,
            event.type,
            _execution(event.execution),
            tuple(self._dimensions(event, rule).items()),
        )

    def refusal(self, event: Any, at: int) -> Refused:
        """Why an event is refused: the first thing that is wrong with it."""
        try:
            self._rule(event)
            self._check_time(at)
            self._check_characters(event)
            self._shape(event)
        except Refused as refusal:
            return refusal
        raise AssertionError("Nothing is wrong with this event.")

    def _rule(self, event: Any) -> EventRule:
        return self.contract.rules.get((event.channel, event.type)) or self._no_rule(event)

    def _no_rule(self, event: Any) -> EventRule:
        if event.channel not in self.contract.channels:
            raise self.contract.no_channel(event.channel)
        known = ", ".join(self.contract.channels[event.channel].event_by_key)
        raise Refused(
            "type", "unknown_type", f"{event.channel} has no type {event.type!r}, but {known}."
        )

    def _check_time(self, at: int) -> None:
        if at > self.newest:
            raise Refused("occurred_at", "in_the_future", "More than 5 minutes in the future.")
        if at < self.oldest:
            raise Refused("occurred_at", "too_old", "Older than 72 hours.")

    def _check_characters(self, event: Any) -> None:
        if name := self._controlled(event):
            raise _control_character(name)

    def _controlled(self, event: Any) -> str:
        """The first field that holds a control character, or ""; around dimensions are blanks."""
        for name in ("id", "profile", "message"):
            if CONTROL.search(getattr(event, name) or ""):
                return name
        for name in self.contract.dimensions:
            if CONTROL.search(text := getattr(event, name) or "") and CONTROL.search(trimmed(text)):
                return name
        return ""

    def _dimensions(self, event: Any, rule: EventRule) -> dict[str, str]:
        dimensions = dict(rule.defaults)
        for key, text in zip(
            self.contract.dimensions, self.contract.dimension_values(event), strict=True
        ):
            if text and (value := _value(event, rule, key, text)):
                dimensions[key] = value
        return dimensions


def _columns(
    shapes: Sequence[Shape],
    shape: Ints,
    at: Ints,
    ids: Sequence[str],
    profiles: Sequence[str],
    messages: Sequence[str | None],
    source: int,
) -> Events:
    """Good events of a source as columns, with what names anybody hashed."""
    used, shape = np.unique(shape, return_inverse=True)
    kept = [shapes[place] for place in used.tolist()]
    scopes = [(each.campaign, each.channel) for each in kept]
    return Events(
        kept,
        shape.astype(np.int64),
        id_keys(source, [campaign for campaign, _channel in scopes], shape, ids),
        at,
        pseudonyms(profiles),
        message_keys(scopes, shape, messages),
        settings.PSEUDONYM_KEY.version,
    )


def _control_character(field: str) -> Refused:
    return Refused(field, "control_character", "Control characters are not allowed.")


def _value(event: Any, rule: EventRule, key: str, text: str) -> str:
    """The value of a dimension that an event is counted under; "" if it is not given."""
    if (dimension := rule.dimensions.get(key)) is None:
        if trimmed(text):
            raise Refused(key, "not_taken", f"{event.channel} {event.type} takes no {key}.")
        return ""
    value = dimension.value_of(text)
    if value and dimension.choices and value not in dimension.choices:
        allowed = ", ".join(sorted(dimension.choices))
        raise Refused(key, "not_a_choice", f"{value!r} is none of {allowed}.")
    if value in (NONE, OTHER):
        raise Refused(key, "reserved", f"{value!r} is a reserved value.")
    return value


class _Numbers(dict[tuple[object, ...], int]):
    """Numbers the different things it is asked for, from 0."""

    def __missing__(self, key: tuple[object, ...]) -> int:
        self[key] = number = len(self)
        return number


def _firsts(numbers: Ints, different: int) -> list[int]:
    """The place of the first of each number."""
    places = np.empty(different, np.int64)
    places[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    return places.tolist()


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _all_microseconds(moments: Sequence[datetime]) -> Ints:
    return _rounded(np.fromiter(map(datetime.timestamp, moments), np.float64, len(moments)))


def _rounded(seconds: NDArray[np.float64]) -> Ints:
    """Microseconds."""
    return np.rint(seconds * 1_000_000).astype(np.int64)


def _execution(started_at: datetime | None) -> int:
    if started_at is None:
        return 0
    if not is_start_of_run(started_at):
        raise Refused("execution", "out_of_range", "The year (in UTC) is not within 2000 and 2199.")
    return _microseconds(started_at)


def _getter(names: Sequence[str]) -> Any:
    """Like ``attrgetter``, but always a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda event: tuple(getattr(event, name) for name in names)


def _rejection(index: int, event_id: str | None, refusal: Refused) -> Rejection:
    return Rejection(index, event_id, refusal.field, refusal.code, refusal.message)


def _leniently(raw: msgspec.Raw) -> Mapping[str, Any]:
    """As much of a refused event as can be read: to say which it is, and what is wrong."""
    try:
        event = leniently(bytes(raw))
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _id_of(event: Mapping[str, Any]) -> str | None:
    found = event.get("id")
    return found[:LONGEST] if isinstance(found, str) and _is_text(found) else None


def _is_text(value: str) -> bool:
    return not _SURROGATE.search(value)


_AT = re.compile(r"^(?P<reason>.*?)(?: - at `\$\.(?P<field>\w+)`)?$", re.DOTALL)
_NAMED = re.compile(r"Object contains unknown field `(?P<field>[^`]*)`")
_CODES = {
    "Object missing": "required",
    "Object contains": "unknown_field",
    "Expected `str` of length >=": "blank",
    "Expected `str` of length <=": "too_long",
    "Expected `str | null` of length <=": "too_long",
    "Invalid RFC3339": "not_a_time",
    "Expected `datetime` with": "no_offset",
    "Expected `datetime | null` with": "no_offset",
    "Expected `object`": "not_an_object",
}


def _refusal_of(error: Exception, event: Mapping[str, Any]) -> Refused:
    """Translate a decoding error into field, code and message."""
    if not isinstance(error, msgspec.ValidationError):
        return _malformed(error, event)
    found = _AT.match(str(error))
    reason = found["reason"] if found else str(error)
    code = next((code for start, code in _CODES.items() if reason.startswith(start)), "wrong_type")
    if code == "required":
        return _missing(event)
    named = _NAMED.match(reason)
    field = named["field"] if named else (found["field"] if found else "")
    return Refused((field or "")[:LONGEST], code, f"{reason[:_SAID]}.")


def _missing(event: Mapping[str, Any]) -> Refused:
    """All that an event lacks; the decoder, which has read everything else, names the first."""
    missing = [field for field in REQUIRED if field not in event]
    fields = f"field{'s' if len(missing) > 1 else ''} {', '.join(f'`{f}`' for f in missing)}"
    return Refused(missing[0], "required", f"Object missing required {fields}.")


def _malformed(error: Exception, event: Mapping[str, Any]) -> Refused:
    """The first field that only a lenient parser reads, if that is what is wrong."""
    for field, value in event.items():
        if not _is_text(field):
            return Refused("", "malformed", "A field's name is not Unicode text.")
        if isinstance(value, str) and not _is_text(value):
            message = "Not Unicode text: a lone surrogate, or bytes that are not UTF-8."
            return Refused(field[:LONGEST], "malformed", message)
        if isinstance(value, str) and CONTROL.search(value):
            return _control_character(field[:LONGEST])
        if isinstance(value, float) and not isfinite(value):
            return Refused(field[:LONGEST], "malformed", "NaN and Infinity are not JSON.")
    return Refused("", "malformed", f"Not usable JSON: {str(error)[:_SAID]}.")


@lru_cache(maxsize=8)
def _contract(channels: tuple[Channel, ...]) -> Contract:
    return Contract(channels)


def current_contract() -> Contract:
    """The validator for the channels that are installed now."""
    return _contract(tuple(all_channels()))
