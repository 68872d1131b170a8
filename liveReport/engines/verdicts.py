"""The rules for verdicts as they are stored: those in force, and those that are drafted.

Either has what differs from what channels declare, by channel and signal.
"""

from collections.abc import Mapping

from liveReport.models import VerdictRule

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
