"""Keeping a few child processes alive, and leaving none behind.

For one machine without systemd or containers: ``manage.py run`` uses it.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

GRACE = 8.0
"""Seconds between asking a child to stop and killing it."""
STEADY = 10.0
"""Seconds after which a child counts as well: its next restart is immediate."""
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A command that must run; started again, more and more slowly, when it ends."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 (our own commands)
            self.command, start_new_session=True, preexec_fn=_die_with_parent
        )

    def check(self, report: Callable[[str], None]) -> None:
        """Start the child when it is due, and plan a restart when it has ended."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due:
                self.start()
        elif self.process.poll() is not None:
            self.failures = 0 if now - self.started > STEADY else self.failures + 1
            self.due = now + min(2.0 ** (self.failures - 1), 30.0) if self.failures else now
            report(f"{self.name} ended ({self.process.returncode}), starting it again")
            self.process = None

    def signal_all(self, number: int) -> None:
        """Signal the child and all that it started."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return


@dataclass
class Supervisor:
    """Runs children until ``stop`` is called or a signal asks for the end."""

    children: Sequence[Child]
    report: Callable[[str], None]
    stopping: bool = field(default=False, init=False)

    def stop(self, *_: object) -> None:
        self.stopping = True

    def run(self, while_running: Callable[[], None] = lambda: None) -> None:
        """Keep every child alive; returns once all of them are gone."""
        signal.signal(signal.SIGINT, self.stop)
        signal.signal(signal.SIGTERM, self.stop)
        try:
            while not self.stopping:
                for child in self.children:
                    child.check(self.report)
                while_running()
                time.sleep(0.2)
        finally:
            self._end()

    def _end(self) -> None:
        running = [child for child in self.children if child.process is not None]
        for child in running:
            child.signal_all(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for child in running:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))  # type: ignore[union-attr]
            except subprocess.TimeoutExpired:
                self.report(f"{child.name} does not stop, killing it")
            child.signal_all(signal.SIGKILL)


def _die_with_parent() -> None:
    """On Linux, even a killed supervisor leaves no child behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
