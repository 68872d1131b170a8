"""Runs that show what the harness would notice: with a defect planted, and with none."""

from dataclasses import replace

from tests.chaos.run import Plan, Result

BREACHES = {"two_step": "over", "id_cursor": "skipped", "ack_before_commit": "lost"}
"""The number of the verdict by which each defect is known."""
ON = {"sqlite": ("", "two_step", "ack_before_commit"), "postgresql": ("", *BREACHES)}
"""What is planted on which database. SQLite has one writer: ids are never late there."""


def control(database: str, mutant: str) -> Plan:
    """Kills only; the same whatever is planted, but for a cursor that needs none."""
    plan = Plan(database, 4, every=1, only="kill of", mutant=mutant, patience=30)
    if mutant == "id_cursor":
        return replace(plan, every=0, patience=3)
    return replace(plan, patience=3) if mutant == "ack_before_commit" else plan


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
