"""Who strikes: a seeded schedule of kills, pauses and outages."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from threading import Thread, Timer

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from liveReport.engines.lease import LENGTH
from tests.chaos import poison, signals
from tests.chaos.ledger import Ledger
from tests.chaos.stage import Actor, Stage
from tests.chaos.witness import Entry, Witness

PAUSE = LENGTH.total_seconds() + 2
"""Seconds for which a worker is stopped: longer than its lease."""
AWAY = 3.0
"""Seconds for which the broker is gone, or hangs."""
CATCH = 15.0
"""Seconds within which somebody folds, even after an outage."""
TAKEOVER = 30.0
"""Seconds within which somebody else must have taken the lease of a fold that is stopped."""
GRACE = 30.0
"""Seconds after the time is over in which kinds without any effect are tried again."""
FOLD = "pause of a fold beyond its lease"
WORKER = "pause of a worker"
POISON = "poison batch"
ROUNDS = 3
"""Of so many rounds, the first has pauses: few or none are left to count meanwhile."""
APART = {
    *(WORKER, "kill of a worker", "kill of all workers", "kill of a pool child"),
    *("broker gone", "restart of PostgreSQL"),
}
"""What would end the pause of a fold, or leave nobody to take over: waits until it is over."""

Strike = Callable[[], bool]
"""Whether it took effect."""


@dataclass
class Nemesis:
    """Strikes the stage; every kind has its turn in every round, but for pauses."""

    stage: Stage
    seed: int
    ledger: Ledger
    struck: dict[str, int] = field(default_factory=dict)
    """How often each kind of the plan took effect."""
    taken_over: int = 0
    """Folds that were stopped until another had taken their lease."""
    _timers: list[Timer] = field(default_factory=list)
    _pauses: list[Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._plan = random.Random(self.seed)
        # Who can be struck depends on how things went: the schedule must not.
        self._victims = random.Random(f"{self.seed}-victims")
        self._witness = Witness(self.stage.site.data_dir)

    @property
    def strikes(self) -> dict[str, Strike]:
        """By name; the long ones first, so that a short run sees their end."""
        common: dict[str, Strike] = {
            FOLD: self._pause_fold,
            "kill of the web server": lambda: self._actor("web").kill(),
            "kill of a web worker": lambda: self._kill_child("web"),
            "kill of a worker": lambda: self._kill_some("worker"),
            "kill of all workers": self._kill_workers,
            "kill of a beat": lambda: self._kill_some("beat"),
            WORKER: self._pause_worker,
            POISON: self._poison,
        }
        if self.stage.database is None:
            return common | {"queue lost": self._lose_queue}
        return {
            "broker hung": self._hang_broker,
            "broker gone": self._stop_broker,
            "restart of PostgreSQL": self._restart_database,
            **common,
            "kill of a pool child": lambda: self._kill_child("worker"),
            "broker flushed": self._flush_broker,
        }

    @property
    def refused(self) -> int:
        """Late commits that were refused."""
        return len(self._witness.entries("refused"))

    def rage(self, seconds: float, every: float, only: str = "") -> None:
        """Strike about ``every`` so many seconds; ``only`` kinds that contain a word.

        Goes on a little after its time for kinds that have not taken any effect yet.
        """
        strikes = {name: strike for name, strike in self.strikes.items() if only in name}
        self.struck = dict.fromkeys(strikes, 0)
        end = time.monotonic() + seconds
        for name in schedule(list(strikes), self._plan):
            late = time.monotonic() - end
            if late > GRACE or (late > 0 and all(self.struck.values())):
                break
            pause = every * self._plan.uniform(0.6, 1.4)
            if late < 0 or not self.struck[name]:
                self._await_pauses(name)
                self.struck[name] += strikes[name]()
                time.sleep(pause)

    def relent(self) -> None:
        """Undo what is not undone yet: nobody is stopped, and everybody may start."""
        for pause in self._pauses:
            pause.join()
        for timer in self._timers:
            timer.cancel()
        for actor in self.stage.actors.values():
            actor.signal(signal.SIGCONT)
            actor.held_back = False

    def _await_pauses(self, name: str) -> None:
        if name in APART or name == FOLD:
            for pause in self._pauses:
                pause.join()

    # -- Whom it strikes

    def _actor(self, name: str) -> Actor:
        return self.stage.actors[name]

    def _not_paused(self, kind: str) -> list[Actor]:
        return [a for a in self.stage.actors.values() if kind in a.name and not a.paused]

    def _later(self, seconds: float, then: Callable[[], None]) -> None:
        timer = Timer(seconds, then)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    # -- Poison

    def _poison(self) -> bool:
        """Events that the fold fails of among good ones, and a batch that nobody can unpack."""
        name = f"{self.seed}-strike-{self.struck[POISON]}-{time.monotonic_ns()}"
        site = self.stage, self.ledger, name
        return poison.send(*site) and poison.spoil(*site)

    # -- Kills

    def _kill_some(self, kind: str) -> bool:
        actors = self._not_paused(kind)
        return bool(actors) and self._victims.choice(actors).kill_alone()

    def _kill_child(self, kind: str) -> bool:
        children = [pid for actor in self._not_paused(kind) for pid in actor.children()]
        return bool(children) and signals.kill(self._victims.choice(children))

    def _kill_workers(self) -> bool:
        return sum(actor.kill() for actor in self._not_paused("worker")) > 0

    # -- Pauses

    def _pause_worker(self) -> bool:
        """Stop a worker beyond the length of a lease, whatever it is doing."""
        workers = self._not_paused("worker")
        worker = self._victims.choice(workers) if workers else None
        if worker is None or not worker.stop():
            return False
        worker.paused = True

        def go_on() -> None:
            signals.go_on(worker.pid, os.killpg)
            worker.paused = False

        self._later(PAUSE, go_on)
        return True

    def _pause_fold(self) -> bool:
        """Stop the very process that holds the lease, in the middle of its work."""
        held = self._witness.catch(CATCH)
        worker = self._owner(held.pid) if held else None
        if held is None or worker is None or not signals.stop(held.pid):
            self._witness.let_go()
            return False
        worker.paused = True
        pause = Thread(target=self._outlast, args=(held, worker))
        self._pauses.append(pause)
        pause.start()
        return True

    def _outlast(self, held: Entry, worker: Actor) -> None:
        """Let a stopped fold go on when another has its lease, and try to commit."""
        successor = self._witness.await_entry(
            "acquired", TAKEOVER, lambda entry: entry.fence > held.fence
        )
        self.taken_over += successor is not None
        self._witness.let_go()
        signals.go_on(held.pid)
        self._witness.await_entry("refused", CATCH, lambda entry: entry.fence == held.fence)
        worker.paused = False

    def _owner(self, pid: int) -> Actor | None:
        """The worker to which a process belongs."""
        with suppress(ProcessLookupError):
            group = os.getpgid(pid)
            return next((a for a in self._not_paused("worker") if a.pid == group), None)
        return None

    # -- Outages

    def _hang_broker(self) -> bool:
        broker = self._actor("broker")
        self._later(AWAY, lambda: broker.signal(signal.SIGCONT))
        return broker.stop()

    def _stop_broker(self) -> bool:
        broker = self._actor("broker")
        broker.held_back = True

        def allow() -> None:
            broker.held_back = False

        self._later(AWAY, allow)
        return broker.kill()

    def _flush_broker(self) -> bool:
        url = self.stage.site.environment["CELERY_BROKER_URL"]
        once = Retry(NoBackoff(), 0)
        with suppress(RedisError), Redis.from_url(url, socket_timeout=2, retry=once) as broker:
            return bool(broker.flushall())
        return False  # it hangs, or is gone

    def _lose_queue(self) -> bool:
        """Delete what waits in the queue, as soon as something does."""
        queue = self.stage.site.data_dir / "queue"
        deadline = time.monotonic() + AWAY
        lost = 0
        while not lost and time.monotonic() < deadline:
            for message in queue.glob("*.msg"):
                with suppress(FileNotFoundError):
                    message.unlink()
                    lost += 1
            time.sleep(0.005)
        return lost > 0

    def _restart_database(self) -> bool:
        assert self.stage.database
        self.stage.database.crash()
        self.stage.database.start()
        return True


def schedule(names: list[str], chance: random.Random) -> Iterator[str]:
    """Round after round, each in an order of its own; the first in the order given.

    In a round that pauses a fold, that is first, and what would spoil it comes last.
    Who is paused is spared: rounds without pauses strike those who count.
    """
    for number in count() if names else ():
        order = chance.sample(names, len(names)) if number else names
        if number % ROUNDS == 0:
            order = sorted(order, key=lambda name: (name != FOLD, name in APART))
        else:
            order = [name for name in order if name not in (FOLD, WORKER)]
        yield from order
