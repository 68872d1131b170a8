"""What the machine gives just now: absolute figures are worth nothing without it.

A crowded host doubles some of these and leaves others alone, and the parts that
depend on them follow.
"""

import os
import socket
import statistics
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

from django.conf import settings

from ..found import Found
from ..options import MILLION, Options

TIMES = 1_000
BLOCK = bytes(4_096)


def measure(options: Options) -> Found:
    found = Found()
    found.figures["a million additions in Python: ms"] = _median(_add, 9) / 1_000
    found.figures["a round trip between two processes: µs"] = _round_trip()
    found.figures["4 KB written and synchronized: µs"] = _write()
    return found


def _median(work: Callable[[], None], times: int = TIMES) -> float:
    """In microseconds."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return statistics.median(took) * 1e6


def _add() -> None:
    total = 0
    for number in range(MILLION):
        total += number


def _round_trip() -> float:
    """A byte there and back: what every request and every query pays for being woken."""
    ours, theirs = socket.socketpair()
    echo = get_context("fork").Process(target=_echo, args=(ours, theirs), daemon=True)
    echo.start()
    theirs.close()
    with ours:

        def ask() -> None:
            ours.send(b"?")
            ours.recv(1)

        taken = _median(ask)
    echo.join()
    return taken


def _echo(ours: socket.socket, theirs: socket.socket) -> None:
    ours.close()  # or nobody would see the other side hang up
    while asked := theirs.recv(1):
        theirs.send(asked)


def _write() -> float:
    path = Path(settings.DATA_DIR) / "synchronized"
    with path.open("wb", buffering=0) as file:

        def write() -> None:
            file.write(BLOCK)
            os.fsync(file.fileno())

        taken = _median(write)
    path.unlink()
    return taken
