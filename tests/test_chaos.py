"""The site survives a short attack; and the harness notices when it would not."""

import sys
from collections import Counter
from typing import Any

import pytest

from tests.chaos import __main__ as command
from tests.chaos.__main__ import table
from tests.chaos.checker import Held, Verdict, judge
from tests.chaos.ledger import Told
from tests.chaos.run import Plan, Result, perform

CELL = ("sent", "", "", 0, 60, 0)
SOUND = Verdict(0, 0, 0, 0, 0, acknowledged=10_000, logged=11_000, recovered=3)


def result(plan: Plan, **changes: Any) -> Result:
    return Result(plan, **{
        "verdict": SOUND, "struck": {"kill of a worker": 3}, "unexpected": [],
        "freshness_p99": 2.0, "longest_gap": 1.0, **changes,
    })  # fmt: skip


# -- Real attacks --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "plan",
    [
        Plan("sqlite", seconds=10, every=1.2),
        Plan("postgresql", seconds=15, every=1.2),
    ],
    ids=lambda plan: plan.database,
)
def test_an_attack_costs_nothing(plan: Plan) -> None:
    found = perform(plan)
    assert found.complaints == []
    assert len(found.struck) >= 6


@pytest.mark.parametrize(
    ("plan", "breach"),
    [
        (Plan("sqlite", 1, every=3, only="all workers", mutant="two_step", patience=20), "double"),
        (Plan("postgresql", 3, every=0, mutant="id_cursor", patience=3), "double"),
        (
            Plan("sqlite", 4, every=1, only="a web worker", mutant="ack_before_commit", patience=3),
            "lost",
        ),
    ],
    ids=lambda value: value.mutant if isinstance(value, Plan) else value,
)
def test_a_planted_defect_is_found(plan: Plan, breach: str) -> None:
    assert getattr(perform(plan).verdict, breach) > 0


# -- The harness ---------------------------------------------------------------------------


def test_a_run_that_did_nothing_is_no_success() -> None:
    plan = Plan("sqlite", seconds=10, rate=400)
    assert result(plan).complaints == []
    assert result(plan, struck={}).complaints == ["nothing was struck"]
    idle = Verdict(0, 0, 0, 0, 0, acknowledged=999, logged=999, recovered=0)
    assert result(plan, verdict=idle).complaints == ["only 999 events, fewer than 1000"]
    assert result(plan, unexpected=[500, 500]).complaints == ["unexpected answers: [500]"]


def held(*ids: str, cells: int | None = None, counted: int | None = None) -> Held:
    number = len(set(ids))
    return Held(
        ids=Counter(ids),
        cells={CELL: number if cells is None else cells},
        recount={CELL: number},
        counted=number if counted is None else counted,
        different=0,
    )


def test_what_was_acknowledged_and_is_counted_once_is_sound() -> None:
    told = Told(ok={"a", "b"}, possible={"b", "c", "d"})
    verdict = judge(told, held("a", "a", "b", "c"))
    assert verdict.clean
    assert (verdict.acknowledged, verdict.logged, verdict.recovered) == (2, 4, 2)


@pytest.mark.parametrize(
    ("breach", "amount", "told", "found"),
    [
        ("lost", 1, Told(ok={"a", "b"}), held("a")),
        ("phantom", 1, Told(ok={"a"}), held("a", "b")),
        ("double", 1, Told(ok={"a"}), held("a", cells=2)),
        ("double", 2, Told(ok={"a", "b"}), held("a", "b", cells=0)),
        ("imbalance", 1, Told(ok={"a", "b"}), held("a", "b", counted=1)),
    ],
)
def test_every_breach_is_told_by_name(breach: str, amount: int, told: Told, found: Held) -> None:
    verdict = judge(told, found)
    assert getattr(verdict, breach) == amount
    assert not verdict.clean
    assert f"{breach}: {amount}" in result(Plan("sqlite", 1), verdict=verdict).complaints


def test_the_table_has_a_column_for_each_database() -> None:
    lines = table([result(Plan("sqlite", 1)), result(Plan("postgresql", 1))]).splitlines()
    assert lines[0] == "|  | SQLite | PostgreSQL + Redis |"
    assert {line.count("|") for line in lines} == {4}
    assert "| kill of a worker | 3 | 3 |" in lines


@pytest.mark.parametrize(("struck", "status"), [({"kill of a worker": 9}, 0), ({}, 1)])
def test_the_command_fails_if_and_only_if_there_is_a_complaint(
    struck: dict[str, int], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "perform", lambda plan: result(plan, struck=struck))
    monkeypatch.setattr(sys, "argv", ["chaos", "--seconds", "10"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert bool(ended.value.code) == bool(status)
