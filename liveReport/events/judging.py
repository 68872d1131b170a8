"""What events do not say, but what they say of something else tells. Pure; knows no database."""

from collections.abc import Mapping
from dataclasses import replace

from liveReport.channels import NONE, Channel
from liveReport.events.batch import Events, Shape

Rules = Mapping[tuple[str, str], str]
"""What administrators derive from a channel's evidence, where it is not what that declares."""

NO_RULES: Rules = {}


def judged(events: Events, channels: Mapping[str, Channel], rules: Rules = NO_RULES) -> Events:
    """Events with what is derived in place of the evidence for it; by shape, which are few.

    What an event says outright stays, and without evidence nothing is known.
    """
    shapes = [_judged(shape, channels.get(shape.channel), rules) for shape in events.shapes]
    return replace(events, shapes=shapes)


def _judged(shape: Shape, channel: Channel | None, rules: Rules) -> Shape:
    derived = channel.derived if channel else None
    said = dict(shape.dimensions)
    if derived is None or derived.derived_from not in said:
        return shape
    signal = said.pop(derived.derived_from)
    if said.get(derived.key) == NONE:
        ruled = rules.get((shape.channel, signal), "")
        said[derived.key] = ruled if ruled in derived.choices else derived.rules.get(signal, NONE)
    return shape._replace(dimensions=tuple(said.items()))
