"""Keeping a few child processes alive, and leaving none behind.

For one machine without systemd or containers: ``manage.py run`` uses it. Of the libraries
that do this, one does not start again what has ended, others bring a messaging system.
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
"""Seconds between asking the children to stop and killing them."""
STEADY = 10.0
"""Seconds after which a child counts as well: its next restart is immediate."""
SLOWEST = 30.0
"""Seconds between two starts of a child that never gets well."""
STEP = 0.2
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

    def check(self, report: Callable[[str], None]) -> None:
        """Start the child when it is due, and plan a restart when it has ended."""
        if self.process is None:
            if time.monotonic() >= self.due:
                self._start()
        elif self.process.poll() is not None:
            report(f"{self.name} ended ({self.process.returncode}), starting it again")
            self.signal(signal.SIGKILL)  # what it left behind would be in its successor's way
            self.process = None
            self.due = time.monotonic() + self._pause()

    def signal(self, number: int) -> None:
        """Signal the child and all that it started."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return

    def ask_to_end(self) -> None:
        """Leave it to the child to end what it started: its pool would miss a process."""
        if self.process is not None:
            self.process.terminate()

    def wait(self, seconds: float) -> bool:
        """Whether the child has ended within some seconds."""
        try:
            if self.process is not None:
                self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 (our own commands)
            self.command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )

    def _pause(self) -> float:
        steady = time.monotonic() - self.started > STEADY
        self.failures = 0 if steady else self.failures + 1
        return min(2.0 ** (self.failures - 1), SLOWEST) if self.failures else 0.0


@dataclass
class Supervisor:
    """Runs children until a signal, or ``stop``, asks for the end."""

    children: list[Child]
    report: Callable[[str], None]
    stopping: bool = field(default=False, init=False)

    def stop(self, *_: object) -> None:
        """Ask for the end; also the handler of the signals."""
        self.stopping = True

    def run(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Keep every child alive; return once all of them are gone.

        ``meanwhile`` is called again and again, and must not take long.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.stop)
        try:
            while not self.stopping:
                for child in self.children:
                    child.check(self.report)
                meanwhile()
                time.sleep(STEP)
        finally:
            self._end()

    def _end(self) -> None:
        for child in self.children:
            child.ask_to_end()
        deadline = time.monotonic() + GRACE
        for child in self.children:
            if not child.wait(max(0.1, deadline - time.monotonic())):
                self.report(f"{child.name} does not stop, killing it")
            child.signal(signal.SIGKILL)
            child.wait(1)


def _end_with_parent() -> None:
    """Runs in the new child: even a killed supervisor leaves nobody behind (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
