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
from tests.chaos.nemesis import Nemesis
from tests.chaos.stage import Stage, staged, wait
from tests.processes import eventually


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
    unexpected: list[int]
    freshness_p99: float
    """Seconds from an event to the report that shows it."""
    longest_gap: float

    @property
    def complaints(self) -> list[str]:
        """Why the run is no success; empty if it is one."""
        wrong = [f"{name}: {getattr(self.verdict, name)}" for name in NUMBERS]
        found = [text for text in wrong if not text.endswith(": 0")]
        if self.unexpected:
            found.append(f"unexpected answers: {sorted(set(self.unexpected))}")
        if not self.struck:
            found.append("nothing was struck")
        if self.verdict.acknowledged < self.floor:
            found.append(f"only {self.verdict.acknowledged} events, fewer than {self.floor}")
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
            nemesis = Nemesis(stage, plan.seed)
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
        delays = sorted(driver.delays)
        return Result(
            plan=plan,
            verdict=verdict,
            struck=dict(nemesis.struck),
            unexpected=driver.unexpected,
            freshness_p99=round(delays[int(len(delays) * 0.99)], 2) if delays else float("nan"),
            longest_gap=round(Told.read(path).longest_gap, 2),
        )


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
