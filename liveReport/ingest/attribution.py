"""Whose an event of a provider is: campaign, run, profile and message. Pure.

What a sender has passed through the provider comes first, then the texts that providers carry
for other purposes, then what the source says of all its events.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

from liveReport.channels import KEYS, Event

CAMPAIGN = KEYS[0]
SEPARATOR = "␟"
"""Between the parts of an id: no provider writes it."""


Named = tuple[str, str, str, str]
"""What an event says of itself, in the order of ``KEYS``: of campaign and message as much as it
can, else ``""``."""


@dataclass(frozen=True)
class Rules:
    """``mapping`` has slugs by the texts that stand for them, ``campaigns`` those that exist of
    what may be a slug, ``campaign`` whose events are that say nothing."""

    mapping: Mapping[str, str]
    campaigns: Set[str]
    campaign: str

    def attribute(self, event: Event) -> Named:
        """Whose it is; no campaign if nobody can say. A named one need not exist."""
        keys, slug = event.keys, ""
        if event.labels and not keys.get(CAMPAIGN):
            keys, slug = self._labelled(event)
        found = [*map(keys.get, KEYS, _MISSING)]
        if not _TEXT.issuperset(map(type, found)):
            found = [*map(_as_text, found)]
        campaign, execution, profile, message = found
        profile = profile or event.recipient or event.message
        if event.derived:
            message = ""
        elif event.message and not message:
            message = f"{event.message}{SEPARATOR}{profile}"
        return campaign or slug or self.campaign, execution, profile, message

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


def labels_of(events: Iterable[Event]) -> Iterator[str]:
    """Every text that may be the slug of a campaign, for want of a campaign among the keys."""
    return chain.from_iterable(event.labels for event in events if not event.keys.get(CAMPAIGN))


_MISSING = ("",) * len(KEYS)
_TEXT = frozenset({str})


def _as_text(found: Any) -> str:
    """A value as text: providers hand on numbers as numbers, and lists of one."""
    if isinstance(found, list) and len(found) == 1:
        return str(found[0])
    return "" if found is None or isinstance(found, dict | list | bool) else str(found)
