"""Strikes a site for a while, prints what that cost, and fails if it cost anything."""

import argparse
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveReport.settings")
django.setup()

from tests.chaos.controls import BREACHES, ON, control, failure  # noqa: E402
from tests.chaos.run import Plan, Result, perform  # noqa: E402

TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL + Redis"}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--database", choices=TITLES, action="append")
    arguments.add_argument("--seconds", type=float, default=60, help="of load, on each database")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--rate", type=int, default=400, help="events a second")
    arguments.add_argument("--every", type=float, default=1.5, help="seconds between two strikes")
    arguments.add_argument("--only", default="", help="strikes whose name contains this")
    arguments.add_argument("--mutant", choices=BREACHES, default="")
    arguments.add_argument("--controls", action="store_true", help="plant every defect as well")
    asked = arguments.parse_args()
    databases = asked.database or list(TITLES)
    results = []
    for database in databases:
        plan = Plan(database, asked.seconds, asked.seed, asked.rate, asked.every, asked.only, asked.mutant)  # fmt: skip  # noqa: E501
        results.append(perform(plan))
        print(results[-1].as_json(), flush=True)
    print(table(results), flush=True)
    complaints = [text for result in results for text in result.complaints]
    if asked.controls:
        complaints += [text for database in databases for text in failures(database)]
    sys.exit("\n".join(complaints) or 0)


def failures(database: str) -> list[str]:
    """Which controls have failed on a database."""
    found = []
    for mutant in ON[database]:
        result = perform(control(database, mutant))
        found.append(failure(result))
        print(f"{database}, {mutant or 'no defect'}:", found[-1] or "as it should", flush=True)
    return [f"{database}: {text}" for text in found if text]


def table(results: list[Result]) -> str:
    """The results as Markdown."""
    rows = [("", [TITLES[result.plan.database] for result in results])]
    rows.append(("---", ["---" for _ in results]))
    strikes = dict.fromkeys(name for result in results for name in result.struck)
    rows += [(one, [str(result.struck.get(one, "–")) for result in results]) for one in strikes]
    verdicts = [result.verdict for result in results]
    rows += [
        ("**strikes in all**", [f"**{sum(result.struck.values())}**" for result in results]),
        ("lease taken over", [str(result.taken_over) for result in results]),
        ("late commit refused", [str(result.refused) for result in results]),
        ("events acknowledged", [f"{verdict.acknowledged:,}" for verdict in verdicts]),
        ("**lost**", [f"**{verdict.lost}**" for verdict in verdicts]),
        ("**counted too often**", [f"**{verdict.over}**" for verdict in verdicts]),
        ("**counted too seldom**", [f"**{verdict.under}**" for verdict in verdicts]),
        ("set aside, as planted", [str(verdict.set_aside) for verdict in verdicts]),
        ("set aside wrongly, or not", [str(verdict.misplaced) for verdict in verdicts]),
        ("never folded (batches)", [str(verdict.unsettled) for verdict in verdicts]),
        ("from nowhere", [str(verdict.phantom) for verdict in verdicts]),
        ("ledger out of balance by", [str(verdict.imbalance) for verdict in verdicts]),
        ("event to report, median", [f"{result.freshness_p50:.1f} s" for result in results]),
        ("event to report, 99 %", [f"{result.freshness_p99:.1f} s" for result in results]),
        ("longest time without an answer", [f"{result.longest_gap:.1f} s" for result in results]),
    ]
    return "\n".join(f"| {name} | {' | '.join(cells)} |" for name, cells in rows)


if __name__ == "__main__":
    main()
