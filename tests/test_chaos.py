"""The site survives a short attack; and the harness notices when it would not."""

import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from tests.chaos import __main__ as command
from tests.chaos.__main__ import table
from tests.chaos.checker import NUMBERS, Held, Verdict, judge
from tests.chaos.controls import control, failure
from tests.chaos.ledger import Told
from tests.chaos.nemesis import APART, FOLD, POISON, ROUNDS, schedule
from tests.chaos.run import Plan, Result, perform

CELL = ("sent", "", "", 0, 60, 0)
NOTHING = dict.fromkeys((*NUMBERS, "skipped"), 0)
SOUND = Verdict(**NOTHING, acknowledged=10_000, logged=11_000, recovered=3, set_aside=4)
STRUCK = {"kill of a worker": 3, FOLD: 1}


def result(plan: Plan, **changes: Any) -> Result:
    return Result(plan, **{
        "verdict": SOUND, "struck": STRUCK, "taken_over": 1, "refused": 1, "unexpected": [],
        "unseen": 0, "freshness_p50": 1.0, "freshness_p99": 2.0, "longest_gap": 1.0, **changes,
    })  # fmt: skip


# -- Real attacks --------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_attack_costs_nothing(database: str) -> None:
    assert perform(Plan(database, seconds=5, every=0.7)).complaints == []


@pytest.mark.parametrize(
    ("database", "mutant"),
    [
        ("sqlite", ""),
        ("sqlite", "two_step"),
        ("sqlite", "ack_before_commit"),
        ("postgresql", "id_cursor"),
    ],
)
def test_a_planted_defect_is_found_and_none_where_none_is(database: str, mutant: str) -> None:
    assert failure(perform(control(database, mutant))) == ""


# -- The harness ---------------------------------------------------------------------------


def test_a_schedule_is_the_same_for_the_same_seed() -> None:
    names = [*sorted(APART), FOLD, "a", "b"]
    first, second, other = (
        list(islice(schedule(names, random.Random(seed)), 40)) for seed in (1, 1, 2)
    )
    assert first == second != other


def test_a_fold_is_paused_before_what_would_end_its_pause_and_not_in_every_round() -> None:
    others = 2 * (ROUNDS - 1)
    found = list(islice(schedule(["kill of a worker", "a", FOLD], random.Random(1)), 6 + others))
    assert found[:3] == found[-3:] == [FOLD, "a", "kill of a worker"]
    assert FOLD not in found[3:-3]


def test_a_run_that_did_nothing_is_no_success() -> None:
    plan = Plan("sqlite", seconds=10, rate=400)
    assert result(plan).complaints == []
    assert result(plan, struck={}).complaints == ["nothing was struck"]
    idle = Verdict(**NOTHING, acknowledged=999, logged=999, recovered=0, set_aside=0)
    assert result(plan, verdict=idle).complaints == ["only 999 events, fewer than 1000"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"unexpected": [500, 500]}, "unexpected answers: [500]"),
        ({"struck": {**STRUCK, "queue lost": 0}}, "no effect: queue lost"),
        ({"taken_over": 0}, "no pause outlived the lease"),
        ({"taken_over": 2}, "only 1 of 2 late commits were refused"),
        (
            {"struck": {**STRUCK, POISON: 1}, "verdict": replace(SOUND, set_aside=0)},
            "no poison was set aside",
        ),
        ({"unseen": 1}, "never in the report: 1 timed events"),
    ],
)
def test_what_went_wrong_is_told(changes: dict[str, Any], complaint: str) -> None:
    assert result(Plan("sqlite", seconds=10), **changes).complaints == [complaint]


@pytest.mark.parametrize(
    ("mutant", "found", "text"),
    [
        ("", {}, ""),
        ("", {"lost": 1}, "lost: 1"),
        ("two_step", {"under": 1}, "two_step was not found"),
        ("two_step", {"over": 1}, ""),
        ("two_step", {"over": 1, "unsettled": 2}, "two_step: 2 batches were not folded"),
        ("id_cursor", {"unsettled": 1, "skipped": 1}, ""),
    ],
)
def test_a_control_fails_unless_it_shows_its_own_defect(
    mutant: str, found: dict[str, int], text: str
) -> None:
    verdict = replace(SOUND, **found)
    assert failure(result(Plan("sqlite", 1, mutant=mutant), verdict=verdict)) == text


def held(
    *ids: str,
    cells: int | None = None,
    counted: int | None = None,
    pending: Sequence[int] = (),
    aside: Sequence[str] = (),
    spoilt: Sequence[str] = (),
) -> Held:
    number = len(set(ids))
    return Held(
        ids=Counter(ids),
        cells={CELL: number if cells is None else cells},
        recount={CELL: number},
        counted=number if counted is None else counted,
        different=0,
        pending=list(pending),
        folded=5,
        aside=Counter(aside),
        spoilt=set(spoilt),
    )


def test_what_was_acknowledged_and_is_counted_once_is_sound() -> None:
    told = Told(ok={"a", "b"}, possible={"b", "c", "d"})
    verdict = judge(told, held("a", "a", "b", "c"))
    assert verdict.clean
    assert (verdict.acknowledged, verdict.logged, verdict.recovered) == (2, 4, 2)


def test_poison_that_was_set_aside_is_neither_lost_nor_misplaced() -> None:
    told = Told(ok={"a", "p"}, possible={"q"}, poison={"p", "q", "never sent"}, spoilt={"x"})
    verdict = judge(told, held("a", aside=["p", "p", "q"], spoilt=["x"]))
    assert verdict.clean
    assert verdict.set_aside == 4


@pytest.mark.parametrize(
    ("breach", "amount", "told", "found"),
    [
        ("lost", 1, Told(ok={"a", "b"}), held("a")),
        ("phantom", 1, Told(ok={"a"}), held("a", "b")),
        ("over", 1, Told(ok={"a"}), held("a", cells=2)),
        ("under", 2, Told(ok={"a", "b"}), held("a", "b", cells=0)),
        ("imbalance", 1, Told(ok={"a", "b"}), held("a", "b", counted=1)),
        ("unsettled", 2, Told(ok={"a"}), held("a", pending=[4, 6])),
        ("lost", 1, Told(ok={"a", "p"}, poison={"p"}), held("a")),
        ("phantom", 1, Told(ok={"a"}, poison={"p"}), held("a", aside=["p"])),
        ("misplaced", 1, Told(ok={"a", "b"}), held("a", aside=["b"])),
        ("misplaced", 1, Told(ok={"a"}, poison={"a"}), held("a")),
        ("misplaced", 1, Told(ok={"a"}, spoilt={"x"}), held("a")),
        ("misplaced", 1, Told(ok={"a"}), held("a", spoilt=["x"])),
    ],
)
def test_every_breach_is_told_by_name(breach: str, amount: int, told: Told, found: Held) -> None:
    verdict = judge(told, found)
    assert getattr(verdict, breach) == amount
    assert not verdict.clean
    assert f"{breach}: {amount}" in result(Plan("sqlite", 1), verdict=verdict).complaints


def test_a_batch_is_skipped_if_a_younger_one_was_folded() -> None:
    assert judge(Told(ok={"a"}), held("a", pending=[4, 6])).skipped == 1


def test_the_table_has_a_column_for_each_database() -> None:
    lines = table([result(Plan("sqlite", 1)), result(Plan("postgresql", 1))]).splitlines()
    assert lines[0] == "|  | SQLite | PostgreSQL + Redis |"
    assert {line.count("|") for line in lines} == {4}
    assert "| kill of a worker | 3 | 3 |" in lines


@pytest.mark.parametrize(("struck", "status"), [(STRUCK, 0), ({}, 1)])
def test_the_command_fails_if_and_only_if_there_is_a_complaint(
    struck: dict[str, int], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "perform", lambda plan: result(plan, struck=struck))
    monkeypatch.setattr(sys, "argv", ["chaos", "--seconds", "10"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert bool(ended.value.code) == bool(status)
