"""One run: a stage, a load, a nemesis, and the verdict."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from tests.chaos.checker import NUMBERS, Verdict
from tests.chaos.driver import Driver
from tests.chaos.ledger import Ledger, Told
from tests.chaos.nemesis import FOLD, POISON, Nemesis
from tests.chaos.stage import Stage, staged, wait
from tests.support.processes import eventually


@dataclass(frozen=True)
class Plan:
    """What is to happen. The same plan strikes at the same times in the same order."""

    database: str
    seconds: float
    """How long, once the site is at work."""
    seed: int = 1
    rate: int = 400
    every: float = 1.5
    """Seconds between two strikes; 0 for none at all."""
    only: str = ""
    mutant: str = ""
    patience: float = 60.0
    """Seconds after the load within which everything must have been counted."""


@dataclass(frozen=True)
class Result:
    """What has happened, and what it cost."""

    plan: Plan
    verdict: Verdict
    struck: dict[str, int]
    """How often each kind of the plan took effect."""
    taken_over: int
    """Folds that were paused until another had taken their lease."""
    refused: int
    """Commits of those whose lease was taken that were refused."""
    unexpected: list[int]
    unseen: int
    """Timed events that were never in the report."""
    freshness_p50: float
    """Seconds from an event to the report that shows it."""
    freshness_p99: float
    longest_gap: float

    @property
    def complaints(self) -> list[str]:
        """Why the run is no success; empty if it is one."""
        wrong = [f"{name}: {getattr(self.verdict, name)}" for name in NUMBERS]
        found = [text for text in wrong if not text.endswith(": 0")]
        if self.unexpected:
            found.append(f"unexpected answers: {sorted(set(self.unexpected))}")
        if self.unseen:
            found.append(f"never in the report: {self.unseen} timed events")
        if self.verdict.acknowledged < self.floor:
            found.append(f"only {self.verdict.acknowledged} events, fewer than {self.floor}")
        return found + self.idle

    @property
    def idle(self) -> list[str]:
        """What was planned and did not happen: what that would have cost is not known."""
        found = [f"no effect: {name}" for name, times in self.struck.items() if not times]
        if not self.struck:
            found.append("nothing was struck")
        if FOLD in self.struck and not self.taken_over:
            found.append("no pause outlived the lease")
        if self.struck.get(POISON) and not self.verdict.set_aside:
            found.append("no poison was set aside")
        if self.refused < self.taken_over:
            found.append(f"only {self.refused} of {self.taken_over} late commits were refused")
        return found

    @property
    def floor(self) -> int:
        """A quarter of what was meant to be sent: less is no load."""
        return int(self.plan.rate * self.plan.seconds / 4)

    def as_json(self) -> str:
        return json.dumps({**asdict(self), "complaints": self.complaints})


def perform(plan: Plan) -> Result:
    """Carry out a plan, on a site that is gone afterwards."""
    with TemporaryDirectory(prefix="chaos-") as folder:
        path = Path(folder) / "ledger"
        with staged(plan.database, Path(folder) / "site", plan.mutant) as stage:
            ledger = Ledger(path)
            driver = Driver(stage.target, ledger, plan.seed, plan.rate, plan.patience)
            nemesis = Nemesis(stage, plan.seed, ledger)
            with driver.running():
                # Before, there is nothing to interrupt: whoever counts is still starting.
                eventually(lambda: driver.delays, "the report shows an event")
                if plan.every:
                    nemesis.rage(plan.seconds, plan.every, plan.only)
                else:
                    wait(plan.seconds)
                nemesis.relent()
            ledger.close()
            verdict = check(stage, path, plan.patience)
            refused = nemesis.refused
        return Result(
            plan=plan,
            verdict=verdict,
            struck=nemesis.struck,
            taken_over=nemesis.taken_over,
            refused=refused,
            unexpected=driver.unexpected,
            unseen=driver.unseen,
            freshness_p50=share_of(driver.delays, 0.5),
            freshness_p99=share_of(driver.delays, 0.99),
            longest_gap=round(Told.read(path).longest_gap, 2),
        )


def share_of(delays: list[float], share: float) -> float:
    """The seconds within which that share of the events was in the report."""
    return round(sorted(delays)[int(len(delays) * share)], 2) if delays else float("nan")


def check(stage: Stage, ledger: Path, patience: float) -> Verdict:
    """Let a process with the site's settings compare ledger and database."""
    environment = {"DJANGO_SETTINGS_MODULE": "liveReport.settings"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.checker", str(ledger), str(patience)],
        env={**stage.site.environment, **environment},
        cwd=settings.BASE_DIR,
        check=False,
        capture_output=True,
    )
    if done.returncode:
        raise RuntimeError(f"{done.stderr.decode()[-3_000:]}\n{stage.logs()}")
    return Verdict(**json.loads(done.stdout.splitlines()[-1]))
