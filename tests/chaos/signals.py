"""Signals, and whether they took effect (Linux): a strike that hit nobody is none."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

DEAD = ("", "Z", "X")
STOPPED = ("T",)
PATIENCE = 5.0
"""Seconds within which the kernel must have done what it was told."""

Send = Callable[[int, int], None]
"""``os.kill``, or ``os.killpg`` for a process and all that it started."""


def state(pid: int) -> str:
    """The letter that stands for what a process does; empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except OSError:
        return ""


def kill(pid: int, send: Send = os.kill) -> bool:
    """Kill a process that lives; whether it is dead."""
    return _strike(pid, signal.SIGKILL, DEAD, send)


def stop(pid: int, send: Send = os.kill) -> bool:
    """Stop a process that runs; whether it stands still."""
    return _strike(pid, signal.SIGSTOP, STOPPED, send)


def go_on(pid: int, send: Send = os.kill) -> None:
    """Let a process go on, if it still exists."""
    with suppress(ProcessLookupError):
        send(pid, signal.SIGCONT)


def _strike(pid: int, number: int, wanted: tuple[str, ...], send: Send) -> bool:
    if state(pid) in (*DEAD, *wanted):
        return False
    with suppress(ProcessLookupError):
        send(pid, number)
    deadline = time.monotonic() + PATIENCE
    while state(pid) not in wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    return state(pid) in wanted
