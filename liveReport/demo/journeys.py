"""What happens to one profile: a flow, a pair of dice, and the events that follow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from .flows import DETAILS, NAMED, TRAITS, Details, Flow, Step

LONGEST = 20 * 3_600
"""Seconds after which nothing happens any more."""


@dataclass(frozen=True)
class Trouble:
    """A while in which something goes wrong for those whom ``traits`` describe.

    ``since`` and ``until`` are in seconds since the execution began.
    """

    since: float
    until: float
    traits: Details
    flow: Flow

    def concerns(self, at: float, traits: Details) -> bool:
        return self.since <= at < self.until and self.traits.items() <= traits.items()


@dataclass(frozen=True)
class Journey:
    """What may happen to one profile, whose journey begins ``began`` seconds into an execution."""

    channel: str
    flow: Flow
    trouble: Trouble | None = None
    began: float = 0.0

    def events(self, random: Random, name: str) -> Iterator[tuple[float, dict[str, str]]]:
        """Seconds since it began, and the fields that tell what happened then."""
        spun = [(wheel.spin(random), types) for wheel, types in TRAITS.get(self.channel, ())]
        traits = {key: value for trait, _types in spun for key, value in trait.items()}
        steps = walk(random, lambda at: self._flow(at, traits))
        for number, (at, step) in enumerate(steps):
            fields = {"id": f"{name}.{number}", "channel": self.channel, "type": step.type}
            fields.update(step.details or _details(random, self.channel, step.type))
            for trait, types in spun:
                if step.type in types:
                    fields.update(trait)
            if self.channel == "email" and step.type in NAMED:
                fields["message"] = name
            yield at, fields

    def _flow(self, at: float, traits: Details) -> Flow:
        if self.trouble and self.trouble.concerns(self.began + at, traits):
            return self.trouble.flow
        return self.flow


def walk(random: Random, flow: Callable[[float], Flow]) -> Iterator[tuple[float, Step]]:
    """The steps of one journey, each with the seconds since its start. Not by time.

    ``flow`` says by these seconds what may come next.
    """
    open_ends = [(0.0, Step("", 1))]
    while open_ends:
        at, last = open_ends.pop()
        if last.type:
            yield at, last
        for group in flow(at).get(last.type, ()):
            step = _one_of(random, group)
            if step and (then := at + _wait(random, step)) < LONGEST:
                open_ends.append((then, step))


def _wait(random: Random, step: Step) -> float:
    wait = random.expovariate(1 / step.mean) if step.mean else 0.0
    return step.after + wait + (random.uniform(0, step.within) if step.within else 0.0)


def _one_of(random: Random, group: tuple[Step, ...]) -> Step | None:
    chance = random.random()
    for step in group:
        chance -= step.share
        if chance < 0:
            return step
    return None


def _details(random: Random, channel: str, type_: str) -> Details:
    wheel = DETAILS.get((channel, type_))
    return wheel.spin(random) if wheel else {}
