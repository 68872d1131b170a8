"""The rules for verdicts as they are stored: those in force, and those that are drafted.

Either has what differs from what channels declare, by channel and signal.
"""

from collections.abc import Mapping

from django.db.models import F
from django.utils import timezone

from liveReport.models import Adoption, VerdictRule

TRIES = 3
"""Times that an adoption is begun: each recounts the log, and nothing is folded meanwhile."""
_ROW = 1

State = Adoption.State

Stored = dict[tuple[str, str], str]


def in_force() -> Stored:
    """By which rollups are counted. They change under the fold's lease only."""
    return _given("adopted")


def drafted() -> Stored:
    """By which they are to be counted once that is adopted."""
    return _given("verdict")


def _given(column: str) -> Stored:
    rows = VerdictRule.objects.exclude(**{column: ""}).order_by()
    return {
        (channel, signal): said
        for channel, signal, said in rows.values_list("channel", "signal", column)
    }


def put_in_force(rules: Mapping[tuple[str, str], str]) -> None:
    """Let these be in force, and no others. In a transaction that holds the fold's lease."""
    VerdictRule.objects.update(adopted="")
    for (channel, signal), verdict in rules.items():
        found = VerdictRule.objects.filter(channel=channel, signal=signal)
        found.update(adopted=verdict)


def ask(draft: str) -> None:
    """Have the draft of this digest adopted by whoever looks next, and no former one."""
    fresh = {"draft": draft, "asked_at": timezone.now(), "state": State.WAITING}
    Adoption.objects.update_or_create(fresh | {"tries": 0, "changed": 0}, pk=_ROW)


def latest() -> Adoption | None:
    """The last that was asked for, with what has become of it."""
    return Adoption.objects.filter(pk=_ROW).first()


def begin() -> Adoption | None:
    """The adoption that waits, if any, begun once more; one that was begun too often has failed.

    Whoever began it and was killed said nothing: that it is tried again must have an end.
    """
    waiting = Adoption.objects.filter(pk=_ROW, state=State.WAITING)
    waiting.filter(tries__gte=TRIES).update(state=State.FAILED)
    waiting.update(tries=F("tries") + 1)
    return waiting.first()


def end(asked: Adoption, state: Adoption.State, changed: int = 0) -> None:
    """Say what has become of an adoption, unless another one was asked for meanwhile."""
    same = Adoption.objects.filter(pk=_ROW, asked_at=asked.asked_at, state=State.WAITING)
    same.update(state=state, changed=changed)
