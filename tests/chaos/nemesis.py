"""Who strikes: a seeded schedule of kills, pauses and outages."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Timer

from liveReport.rollup.lease import LENGTH
from tests.chaos.stage import Actor, Stage

PAUSE = LENGTH.total_seconds() + 2
"""Seconds for which a worker is stopped: longer than its lease."""
AWAY = 3.0
"""Seconds for which the broker is gone, or hangs."""
FLUSH = "import sys, redis; redis.Redis.from_url(sys.argv[1]).flushall()"

Strike = Callable[[], None]


@dataclass
class Nemesis:
    """Strikes the stage; every kind is used once before any is used again."""

    stage: Stage
    seed: int
    struck: Counter[str] = field(default_factory=Counter)
    _timers: list[Timer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    @property
    def strikes(self) -> dict[str, Strike]:
        """By name; the long ones first, so that a short run sees their end."""
        common: dict[str, Strike] = {
            "pause of a worker": self._pause_worker,
            "kill of the web server": lambda: self._actor("web").signal(signal.SIGKILL),
            "kill of a web worker": lambda: self._kill_child("web"),
            "kill of a worker": lambda: self._some("worker").kill_alone(),
            "kill of all workers": self._kill_workers,
            "kill of a beat": lambda: self._some("beat").kill_alone(),
        }
        if self.stage.database is None:
            return common | {"queue lost": self._lose_queue}
        return {
            "pause of a worker": common.pop("pause of a worker"),
            "broker hung": self._hang_broker,
            "broker gone": self._stop_broker,
            "restart of PostgreSQL": self._restart_database,
            **common,
            "kill of a pool child": lambda: self._kill_child(self._some("worker").name),
            "broker flushed": self._flush_broker,
        }

    def rage(self, seconds: float, every: float, only: str = "") -> None:
        """Strike about ``every`` so many seconds; ``only`` kinds that contain a word."""
        strikes = {name: strike for name, strike in self.strikes.items() if only in name}
        end = time.monotonic() + seconds
        queue = list(strikes)
        while time.monotonic() < end:
            name = queue.pop(0)
            strikes[name]()
            self.struck[name] += 1
            queue = queue or self._chance.sample(list(strikes), len(strikes))
            time.sleep(min(every * self._chance.uniform(0.6, 1.4), max(0, end - time.monotonic())))

    def relent(self) -> None:
        """Undo what is not undone yet: nobody is stopped, and everybody may start."""
        for timer in self._timers:
            timer.cancel()
        for actor in self.stage.actors.values():
            actor.signal(signal.SIGCONT)
            actor.held_back = False

    def _actor(self, name: str) -> Actor:
        return self.stage.actors[name]

    def _some(self, kind: str) -> Actor:
        return self._chance.choice([a for a in self.stage.actors.values() if kind in a.name])

    def _later(self, seconds: float, then: Strike) -> None:
        timer = Timer(seconds, then)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    def _kill_child(self, name: str) -> None:
        if children := self._actor(name).children():
            with suppress(ProcessLookupError):
                os.kill(self._chance.choice(children), signal.SIGKILL)

    def _kill_workers(self) -> None:
        for actor in self.stage.actors.values():
            if "worker" in actor.name:
                actor.signal(signal.SIGKILL)

    def _pause_worker(self) -> None:
        worker = self._some("worker")
        worker.signal(signal.SIGSTOP)
        self._later(PAUSE, lambda: worker.signal(signal.SIGCONT))

    def _hang_broker(self) -> None:
        broker = self._actor("broker")
        broker.signal(signal.SIGSTOP)
        self._later(AWAY, lambda: broker.signal(signal.SIGCONT))

    def _stop_broker(self) -> None:
        broker = self._actor("broker")
        broker.held_back = True
        broker.signal(signal.SIGKILL)

        def allow() -> None:
            broker.held_back = False

        self._later(AWAY, allow)

    def _flush_broker(self) -> None:
        url = self.stage.site.environment["CELERY_BROKER_URL"]
        with suppress(subprocess.TimeoutExpired):  # it may hang, or be gone
            subprocess.run(
                [sys.executable, "-c", FLUSH, url], check=False, timeout=5, capture_output=True
            )

    def _lose_queue(self) -> None:
        for message in (self.stage.site.data_dir / "queue" / "messages").glob("*"):
            message.unlink(missing_ok=True)

    def _restart_database(self) -> None:
        assert self.stage.database
        self.stage.database.crash()
        self.stage.database.start()
