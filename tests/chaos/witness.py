"""Tells from inside the site who takes the lease and whose late commit is refused.

Harness and site speak through files in the site's data directory. A fold that is asked to
lingers between its computation and its transaction, where it holds the lease but no lock:
were it stopped for long within, SQLite would let nobody write, let alone take over.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.chaos.mutants.defects import plant as replace

LINGERING = 5.0
"""Seconds for which a fold waits to be stopped; while it is, they do not pass."""
LOOK = 0.02
"""Seconds between two looks at a file."""


@dataclass(frozen=True)
class Entry:
    """What a process of the site has seen: ``acquired``, ``held`` or ``refused``."""

    what: str
    pid: int
    fence: int


class Witness:
    """The files, seen from both sides."""

    def __init__(self, folder: Path) -> None:
        self._told = folder / "lease.log"
        self._wanted = folder / "hold"
        self._held = folder / "held"

    # -- In the site

    def note(self, what: str, fence: int) -> None:
        with self._told.open("a") as out:
            out.write(f"{what} {os.getpid()} {fence}\n")

    def linger(self, fence: int) -> None:
        """Wait to be stopped and let go again, if the harness wants a fold to."""
        try:
            self._wanted.rename(self._held)
        except FileNotFoundError:
            return
        self.note("held", fence)
        for _ in range(int(LINGERING / LOOK)):
            if not self._held.exists():
                break
            time.sleep(LOOK)

    # -- In the harness

    def entries(self, what: str) -> list[Entry]:
        lines = self._told.read_text().splitlines() if self._told.exists() else []
        found = [line.split() for line in lines if line.startswith(what)]
        return [Entry(word, int(pid), int(fence)) for word, pid, fence in found]

    def catch(self, patience: float) -> Entry | None:
        """The next fold, which lingers from now on; ``None`` if there is none for so long."""
        known = len(self.entries("held"))
        self._wanted.touch()
        try:
            return self.await_entry("held", patience, lambda _: True, known)
        finally:
            self._wanted.unlink(missing_ok=True)

    def let_go(self) -> None:
        """Let the fold that lingers go on."""
        self._held.unlink(missing_ok=True)

    def await_entry(
        self, what: str, patience: float, wanted: Callable[[Entry], bool], known: int = 0
    ) -> Entry | None:
        """The first entry after those known that is wanted; ``None`` after so many seconds."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            for entry in self.entries(what)[known:]:
                if wanted(entry):
                    return entry
            time.sleep(LOOK)
        return None


def plant() -> None:
    """Have the fold of this process tell and linger."""
    from django.conf import settings
    from django.db import connection

    from liveReport.engines.lease import Fenced, Lease
    from liveReport.rollup import tick

    witness = Witness(settings.DATA_DIR)
    acquire, renew, fold = tick.acquire, Lease.renew, tick.Scope.fold
    ours: list[Lease] = []

    def acquire_and_tell(now: datetime) -> Lease | None:
        if lease := acquire(now):
            ours[:] = [lease]
            witness.note("acquired", lease.fence)
        return lease

    def renew_and_tell(lease: Lease, now: datetime) -> None:
        try:
            renew(lease, now)
        except Fenced:
            witness.note("refused", lease.fence)
            raise

    def fold_and_linger(scope: tick.Scope, *given: Any) -> Any:
        folded = fold(scope, *given)
        if ours and not connection.in_atomic_block:
            witness.linger(ours[0].fence)
        return folded

    replace(tick, "acquire", acquire_and_tell)
    replace(Lease, "renew", renew_and_tell)
    replace(tick.Scope, "fold", fold_and_linger)
