"""Whose an event of a provider is: campaign, run, profile and message. Pure.

What a sender has passed through the provider comes first, then the texts that providers carry
for other purposes, then what the source says of all its events.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from liveReport.channels import KEYS, Event

CAMPAIGN, EXECUTION, PROFILE, MESSAGE = KEYS
SEPARATOR = "␟"
"""Between the parts of an id: no provider writes it."""


class Named(NamedTuple):
    """What an event says of itself: of campaign and message as much as it can, else ``""``."""

    campaign: str
    execution: str
    profile: str
    message: str


@dataclass(frozen=True)
class Rules:
    """``mapping`` has slugs by the texts that stand for them, ``campaigns`` those that exist of
    what may be a slug, ``campaign`` whose events are that say nothing."""

    mapping: Mapping[str, str]
    campaigns: frozenset[str]
    campaign: str

    def attribute(self, event: Event) -> Named:
        """Whose it is; no campaign if nobody can say. A named one need not exist."""
        keys, slug = event.keys, ""
        if event.labels and not keys.get(CAMPAIGN):
            keys, slug = self._labelled(event)
        profile = _text(keys, PROFILE) or event.recipient or event.message
        message = _text(keys, MESSAGE)
        if event.derived:
            message = ""
        elif event.message and not message:
            message = f"{event.message}{SEPARATOR}{profile}"
        campaign = _text(keys, CAMPAIGN) or slug or self.campaign
        return Named(campaign, _text(keys, EXECUTION), profile, message)

    def _labelled(self, event: Event) -> tuple[Mapping[str, Any], str]:
        """The keys that stand in a label besides the event's own, or the slug that one means."""
        for label in event.labels:
            if (found := keys_in(label)).get(CAMPAIGN):
                return {**found, **event.keys}, ""
        for label in event.labels:
            if slug := self.mapping.get(label):
                return event.keys, slug
        return event.keys, next((label for label in event.labels if label in self.campaigns), "")


def keys_in(label: str) -> dict[str, str]:
    """The keys in a text such as ``lr_campaign=spring&lr_profile=ada``."""
    if "lr_" not in label:
        return {}
    return {key: value for key, value in parse_qsl(label) if key in KEYS}


def candidates(events: Iterable[Event]) -> Iterator[str]:
    """Everything that may be the slug of a campaign."""
    for event in events:
        if event.keys.get(CAMPAIGN):
            yield _text(event.keys, CAMPAIGN)
        else:
            for label in event.labels:
                yield keys_in(label).get(CAMPAIGN, label)


def _text(keys: Mapping[str, Any], name: str) -> str:
    found = keys.get(name, "")
    return found if found.__class__ is str else _as_text(found)


def _as_text(found: Any) -> str:
    """A value as text: providers hand on numbers as numbers, and lists of one."""
    if isinstance(found, list) and len(found) == 1:
        return str(found[0])
    return "" if found is None or isinstance(found, dict | list | bool) else str(found)
