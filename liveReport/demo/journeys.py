"""What happens to one profile: a flow, a pair of dice, and the events that follow."""

from collections.abc import Iterator
from random import Random

from .flows import DETAILS, NAMED, TRAITS, Details, Flow, Step

LONGEST = 20 * 3_600
"""Seconds after which nothing happens any more."""


def walk(random: Random, flow: Flow) -> Iterator[tuple[float, str]]:
    """The events of one journey: seconds since its start, and type. Not by time."""
    open_ends = [(0.0, "")]
    while open_ends:
        at, type_ = open_ends.pop()
        if type_:
            yield at, type_
        for group in flow.get(type_, ()):
            step = _one_of(random, group)
            if step:
                wait = random.expovariate(1 / step.mean) if step.mean else 0.0
                if at + step.after + wait < LONGEST:
                    open_ends.append((at + step.after + wait, step.type))


def _one_of(random: Random, group: tuple[Step, ...]) -> Step | None:
    chance = random.random()
    for step in group:
        chance -= step.share
        if chance < 0:
            return step
    return None


def journey(
    random: Random, channel: str, flow: Flow, name: str
) -> Iterator[tuple[float, dict[str, str]]]:
    """The events of one journey, with the fields that tell what they are about."""
    traits = [(wheel.spin(random), types) for wheel, types in TRAITS.get(channel, ())]
    for number, (at, type_) in enumerate(walk(random, flow)):
        fields = {"id": f"{name}.{number}", "channel": channel, "type": type_}
        fields.update(_details(random, channel, type_))
        for trait, types in traits:
            if type_ in types:
                fields.update(trait)
        if channel == "email" and type_ in NAMED:
            fields["message"] = name
        yield at, fields


def _details(random: Random, channel: str, type_: str) -> Details:
    wheel = DETAILS.get((channel, type_))
    return wheel.spin(random) if wheel else {}
