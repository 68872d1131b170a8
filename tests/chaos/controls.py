"""Runs that show what the harness would notice: with a defect planted, and with none."""

from dataclasses import replace
from typing import Any

from tests.chaos.nemesis import FOLD
from tests.chaos.run import Plan, Result

BREACHES = {
    "two_step": "over",
    "id_cursor": "skipped",
    "ack_before_commit": "lost",
    "unfenced": "over",
}
"""The number of the verdict by which each defect is known."""
ON = {
    # One writer at a time: no id is committed after a greater one.
    "sqlite": ("", "two_step", "ack_before_commit", "unfenced"),
    "postgresql": ("", *BREACHES),
}
"""What is planted on which database; nothing first."""
SPECIAL: dict[str, dict[str, Any]] = {
    "id_cursor": {"every": 0, "patience": 3},  # needs no help
    "ack_before_commit": {"patience": 3},
    "unfenced": {"only": FOLD},
}
"""What differs from the plan that they share."""


def control(database: str, mutant: str) -> Plan:
    """Kills for a while, and the same without any defect."""
    plan = Plan(database, 4, every=1, only="kill of", mutant=mutant, patience=30)
    return replace(plan, **SPECIAL.get(mutant, {}))


def failure(result: Result) -> str:
    """Why a control has failed: a defect that was not found, or one where none is; or empty."""
    mutant = result.plan.mutant
    if not mutant:
        return "; ".join(result.complaints)
    if not getattr(result.verdict, BREACHES[mutant]):
        return f"{mutant} was not found"
    if mutant == "two_step" and result.verdict.unsettled:
        return f"{mutant}: {result.verdict.unsettled} batches were not folded"
    return ""
