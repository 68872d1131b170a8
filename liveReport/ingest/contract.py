"""The one strict validator of events, used by every entrance.

The whole body is decoded at once into typed structs; only when that fails are
its events decoded one by one, to name the field and the reason of each bad one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any

import msgspec

from liveReport.channels import NONE, OTHER, Channel, all_channels

from .body import NDJSON, split
from .payload import LogEvent
from .pseudonym import pseudonym

MAX_FUTURE = timedelta(minutes=5)
MAX_AGE = timedelta(hours=72)

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]

FIELDS = ("id", "campaign", "channel", "type", "occurred_at", "profile", "message", "execution")
"""The fields that every channel has. Dimensions come on top."""

_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,100}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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


@dataclass(frozen=True)
class EventRule:
    """What an event type takes: a default for each dimension, and closed sets."""

    defaults: Mapping[str, str]
    choices: Mapping[str, frozenset[str]]


class Contract:
    """The validator for one set of installed channels."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self.channels = {channel.slug: channel for channel in channels}
        self.rules = {
            (channel.slug, event.key): EventRule(
                dict.fromkeys(event.dimensions, NONE),
                {
                    key: frozenset(channel.dimension_by_key[key].choices)
                    for key in event.dimensions
                    if channel.dimension_by_key[key].choices
                },
            )
            for channel in channels
            for event in channel.events
        }
        self.dimensions = tuple(sorted({d.key for c in channels for d in c.dimensions}))
        self.dimension_values = _getter(self.dimensions)
        event = msgspec.defstruct(
            "Event",
            [
                *((name, Key) for name in ("id", "campaign", "channel", "type")),
                ("occurred_at", Moment),
                ("profile", Key),
                ("message", Short | None, None),
                ("execution", Moment | None, None),
                *((key, Short | None, None) for key in self.dimensions),
            ],
            forbid_unknown_fields=True,
            gc=False,
        )
        self.one: msgspec.json.Decoder[Any] = msgspec.json.Decoder(event)
        self.many: msgspec.json.Decoder[Any] = msgspec.json.Decoder(list[event])  # type: ignore[valid-type]

    def validate(
        self,
        body: bytes,
        media: str,
        now: datetime,
        limit: int,
        campaigns: frozenset[str] | None = None,
    ) -> tuple[list[LogEvent], list[Rejection]]:
        """Every event of a body, accepted in order or rejected with its index.

        ``limit`` is the number of events beyond which the body is refused (413),
        ``campaigns`` the only ones its sender may write to, if not all.
        """
        decoded, rejected = self._decode(body, media, limit)
        checks = _Checks(self, body, now, campaigns)
        accepted = []
        for index, event in decoded:
            try:
                accepted.append(checks.accept(event))
            except Refused as refusal:
                rejected.append(_rejection(index, event.id, refusal))
        rejected.sort(key=lambda rejection: rejection.index)
        return accepted, rejected

    def _decode(
        self, body: bytes, media: str, limit: int
    ) -> tuple[list[tuple[int, Any]], list[Rejection]]:
        try:
            events = self.many.decode_lines(body) if media == NDJSON else self.many.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._decode_each(split(body, media, limit))
        if len(events) > limit:
            split(body, media, limit)
        return list(enumerate(events)), []

    def _decode_each(
        self, raws: Sequence[msgspec.Raw]
    ) -> tuple[list[tuple[int, Any]], list[Rejection]]:
        decoded: list[tuple[int, Any]] = []
        rejected: list[Rejection] = []
        for index, raw in enumerate(raws):
            try:
                decoded.append((index, self.one.decode(raw)))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                rejected.append(_rejection(index, _id_of(raw), _refusal_of(error)))
        return decoded, rejected


class _Checks:
    """What types cannot say: known channel and type, time, dimensions, characters."""

    def __init__(
        self, contract: Contract, body: bytes, now: datetime, campaigns: frozenset[str] | None
    ) -> None:
        self.contract = contract
        self.campaigns = campaigns
        self.oldest = now - MAX_AGE
        self.newest = now + MAX_FUTURE
        # JSON holds control characters as escapes only: without any there is nothing to look for.
        self.has_escapes = b"\\" in body or b"\x7f" in body

    def accept(self, event: Any) -> LogEvent:
        rule = self.contract.rules.get((event.channel, event.type)) or self._no_rule(event)
        if not self.oldest <= event.occurred_at <= self.newest:
            self._out_of_time(event.occurred_at)
        if not _SLUG.fullmatch(event.campaign):
            raise Refused("campaign", "not_a_slug", f"{event.campaign!r} is not a slug.")
        if self.campaigns is not None and event.campaign not in self.campaigns:
            raise Refused("campaign", "forbidden", "The token is not for this campaign.")
        if self.has_escapes:
            self._check_characters(event)
        return LogEvent(
            event.id,
            event.campaign,
            event.channel,
            event.type,
            _microseconds(event.occurred_at),
            pseudonym(event.profile),
            _execution(event.execution),
            event.message or "",
            self._dimensions(event, rule),
        )

    def _no_rule(self, event: Any) -> EventRule:
        if event.channel not in self.contract.channels:
            raise Refused("channel", "unknown_channel", f"No channel {event.channel!r}.")
        known = ", ".join(self.contract.channels[event.channel].event_by_key)
        raise Refused(
            "type", "unknown_type", f"{event.channel} has no type {event.type!r}, but {known}."
        )

    def _out_of_time(self, at: datetime) -> None:
        if at > self.newest:
            raise Refused("occurred_at", "in_the_future", "More than 5 minutes in the future.")
        raise Refused("occurred_at", "too_old", "Older than 72 hours.")

    def _check_characters(self, event: Any) -> None:
        for name in ("id", "profile", "message", *self.contract.dimensions):
            if _CONTROL.search(getattr(event, name) or ""):
                raise Refused(name, "control_character", "Control characters are not allowed.")

    def _dimensions(self, event: Any, rule: EventRule) -> dict[str, str]:
        dimensions = dict(rule.defaults)
        for key, value in zip(
            self.contract.dimensions, self.contract.dimension_values(event), strict=True
        ):
            if value:
                _check_dimension(event, rule, key, value)
                dimensions[key] = value
        return dimensions


def _check_dimension(event: Any, rule: EventRule, key: str, value: str) -> None:
    if key not in rule.defaults:
        raise Refused(key, "not_taken", f"{event.channel} {event.type} takes no {key}.")
    if key in rule.choices and value not in rule.choices[key]:
        allowed = ", ".join(sorted(rule.choices[key]))
        raise Refused(key, "not_a_choice", f"{value!r} is none of {allowed}.")
    if value in (NONE, OTHER):
        raise Refused(key, "reserved", f"{value!r} is a reserved value.")


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _execution(started_at: datetime | None) -> int:
    if started_at is None:
        return 0
    if not 2000 <= started_at.year < 2200:
        raise Refused("execution", "out_of_range", "The year is not within 2000 and 2199.")
    return _microseconds(started_at)


def _getter(names: Sequence[str]) -> Any:
    """Like ``attrgetter``, but always a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda event: tuple(getattr(event, name) for name in names)


def _rejection(index: int, event_id: str | None, refusal: Refused) -> Rejection:
    return Rejection(index, event_id, refusal.field, refusal.code, refusal.message)


def _id_of(raw: msgspec.Raw) -> str | None:
    try:
        found = msgspec.json.decode(raw)["id"]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError, KeyError):
        return None
    return found[:200] if isinstance(found, str) else None


_AT = re.compile(r"^(?P<reason>.*?)(?: - at `\$\.(?P<field>\w+)`)?$", re.DOTALL)
_NAMED = re.compile(r"Object (missing required|contains unknown) field `(?P<field>[^`]*)`")
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


def _refusal_of(error: Exception) -> Refused:
    """Translate a decoding error into field, code and message."""
    if not isinstance(error, msgspec.ValidationError):
        return Refused("", "malformed", f"Not usable JSON: {error}.")
    found = _AT.match(str(error))
    reason = found["reason"] if found else str(error)
    code = next((code for start, code in _CODES.items() if reason.startswith(start)), "wrong_type")
    named = _NAMED.match(reason)
    field = named["field"] if named else (found["field"] if found else "")
    return Refused(field or "", code, f"{reason}.")


@lru_cache(maxsize=8)
def _contract(channels: tuple[Channel, ...]) -> Contract:
    return Contract(channels)


def current_contract() -> Contract:
    """The validator for the channels that are installed now."""
    return _contract(tuple(all_channels()))
