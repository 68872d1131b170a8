"""Loaded by a process under test at its start: its wall clock is as far ahead as a file says.

Steady time is not touched, as when an administrator sets a machine's clock.
"""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

FILE = Path(os.environ["CLOCK_AHEAD"])
LOOK = 0.02


def follow() -> None:
    ahead = 0.0
    clock = time_machine.travel(datetime.now(UTC), tick=True).start()
    while True:
        wanted = float(FILE.read_text())
        if wanted != ahead:
            clock.shift(timedelta(seconds=wanted - ahead))
            ahead = wanted
        started.set()
        time.sleep(LOOK)


started = threading.Event()
threading.Thread(target=follow, daemon=True).start()
started.wait(10)
