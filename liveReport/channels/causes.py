"""Who has to act on what stops a message, whether trying again could help, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from .texts import Text


class Actor(StrEnum):
    """Whose move it is: a closed list, which the API hands on."""

    RECIPIENT_DATA = "recipient_data"
    """Whoever keeps the recipients' addresses, numbers and tokens."""
    CONSENT = "consent"
    """Whoever keeps what recipients have agreed to."""
    CONTENT = "content"
    """Whoever makes the message."""
    CONFIGURATION = "configuration"
    """Whoever sets up senders, keys, rules and lists."""
    PROVIDER = "provider"
    """Whoever carries or receives it, on the other side."""
    CAPACITY = "capacity"
    """Whoever decides how much is sent, and how fast."""
    US = "us"
    """Whoever runs the sending itself."""


ACTORS: Mapping[Actor, Text] = {
    Actor.RECIPIENT_DATA: _("whoever keeps the recipients’ data"),
    Actor.CONSENT: _("whoever keeps the recipients’ consent"),
    Actor.CONTENT: _("whoever makes the content"),
    Actor.CONFIGURATION: _("whoever sets up the sending"),
    Actor.PROVIDER: _("the provider"),
    Actor.CAPACITY: _("whoever plans how fast to send"),
    Actor.US: _("whoever runs the sending"),
}
"""What they are called within a sentence."""


@dataclass(frozen=True)
class Cause:
    """What is behind a reason: who acts, the next step in a plain sentence, and whether the same
    message may pass if it is sent again as it is."""

    actor: Actor
    next_step: Text
    retryable: bool = False


ANY = "*"
"""Ends a value that stands for all that begin like it: ``5.7.*``."""


def cause_among(causes: Mapping[str, Cause], value: str) -> Cause | None:
    """That of a value: its own, else of the longest beginning that is declared, else none."""
    if value in causes:
        return causes[value]
    beginnings = [key[:-1] for key in causes if key.endswith(ANY) and value.startswith(key[:-1])]
    return causes[max(beginnings, key=len) + ANY] if beginnings else None


_NOTHING_TO_MEND = _("Nothing has to be mended, unless the rule is stricter than meant.")
COMMON_EXCLUSION_CAUSES: Mapping[str, Cause] = {
    "RuntimeDispatchError": Cause(
        Actor.US, _("Look into the log of the sending program, then send again."), retryable=True
    ),
    "RuntimeRenderingError": Cause(
        Actor.CONTENT, _("Mend the template: look for a field that some profiles lack.")
    ),
    "NamespaceErrorForExperimentation": Cause(
        Actor.CONFIGURATION, _("Use one kind of identity for the experiment and for the profiles.")
    ),
    "ExperimentationHoldoutExclusion": Cause(
        Actor.CONFIGURATION, _("Nothing has to be mended: these people are to compare with.")
    ),
    "ExcludedForControlRules": Cause(Actor.CONFIGURATION, _NOTHING_TO_MEND, retryable=True),
}
"""Of the exclusion reasons that any channel can meet."""
