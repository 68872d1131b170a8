"""``manage.py run`` under load for a while: everything is counted, and nobody has to complain.

For an hour: ``python -m tests.endurance --seconds 3600``
"""

import argparse
import os
import random
import re
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import django
import msgspec
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveReport.settings")
django.setup()

from tests.chaos.driver import EVENTS, REPORT, Line, Target, event_of  # noqa: E402
from tests.support.processes import MANAGE, Running, Site, eventually, free_port  # noqa: E402

BATCH = 25
PRODUCERS = 4
VIEWERS = 2
POLL = 0.5
"""Seconds between two looks of a viewer."""
CHILDREN = ("granian", settings.FOLD_QUEUE, settings.SLOW_QUEUE, "beat")
QUIET = re.compile(r"\S+ \S+ (INFO|DEBUG) ")
"""How a line of the log begins that nobody has to read."""
HISTORY = re.compile(r"The last 24 hours are complete")
NOT_AS_ROOT = "ignore:You're running the worker with superuser privileges"
"""Celery's warning, which is about whoever runs the tests."""
SENT = "SELECT coalesce(sum(count), 0) FROM livereport_eventbatch"


@dataclass
class Load:
    """Producers and viewers, and what they were told."""

    target: Target
    rate: int
    """Events a second, all producers together."""
    taken: list[int] = field(default_factory=list)
    """How many events each request brought."""
    refused: list[int] = field(default_factory=list)
    """Every status that was no success; 0 for no answer."""
    lags: list[float] = field(default_factory=list)
    """Seconds by which the report was behind, at each look."""
    _end: Event = field(default_factory=Event)

    def run(self, seconds: float) -> None:
        threads = [Thread(target=self._produce, args=(number,)) for number in range(PRODUCERS)]
        threads += [Thread(target=self._view) for _ in range(VIEWERS)]
        for thread in threads:
            thread.start()
        try:
            time.sleep(seconds)
        finally:
            self._end.set()
            for thread in threads:
                thread.join()

    def _produce(self, number: int) -> None:
        chance = random.Random(number)
        line = Line(self.target, self.target.may_send)
        pause = BATCH * PRODUCERS / self.rate
        due, turn = time.monotonic(), 0
        while not self._end.wait(max(0.0, due - time.monotonic())):
            due, turn = max(due + pause, time.monotonic() - 1), turn + 1
            batch = [event_of(chance, f"{number}-{turn}-{place}") for place in range(BATCH)]
            status, _, answer = line.ask("POST", EVENTS, msgspec.json.encode(batch))
            if status == 202:
                self.taken.append(BATCH - len(answer["rejected"]))
            else:
                self.refused.append(status)
        line.close()

    def _view(self) -> None:
        line = Line(self.target, self.target.may_read)
        while not self._end.wait(POLL):
            for path in (REPORT, "/readyz"):
                status, _, answer = line.ask("GET", path)
                if status != 200:
                    self.refused.append(status)
                elif path == REPORT:
                    self.lags.append(answer["lag_seconds"])
        line.close()


@dataclass(frozen=True)
class Endured:
    """What a run was like."""

    events: int
    looks: int
    furthest_behind: float
    complaints: list[str]


def endure(folder: Path, seconds: float, rate: int, *options: str) -> Endured:
    """Run a site of two web processes, workers and beat for a while; then say what was wrong."""
    site = Site.prepared(folder, PORT=free_port(), PYTHONWARNINGS=NOT_AS_ROOT)
    load = Load(Target(int(site.environment["PORT"]), site.may_send, site.may_read), rate)
    with site.running("run", MANAGE, "run", *options) as run:
        eventually(lambda: "Ctrl-C stops everything." in run.says(), "the greeting")
        eventually(lambda: all(_pids(site, run)), "everybody runs")
        site.post(event_of(random.Random(), "first"))
        eventually(lambda: site.ask(f"{SENT} WHERE folded"), "an event is counted")
        before = _pids(site, run)
        load.run(seconds)
        complaints = [f"others than before: {before}"] if _pids(site, run) != before else []
        eventually(lambda: site.unfolded() < 3, "nearly everything is counted")
        complaints += [f"in the log: {line}" for line in unexpected(run.says())]
        run.end(signal.SIGINT)
    sent, kept = 1 + sum(load.taken), int(site.ask(f"{SENT} WHERE source_id = 1"))
    if load.refused:
        complaints.append(f"answered by {sorted(set(load.refused))}, {len(load.refused)} times")
    if kept != sent:
        complaints.append(f"{sent} events were taken, {kept} are in the log")
    return Endured(kept, len(load.lags), max(load.lags, default=float("inf")), complaints)


def _pids(site: Site, run: Running) -> list[list[int]]:
    children = [site.children(run.process.pid, mark) for mark in CHILDREN]
    return [*children, *(site.children(server) for server in children[0])]


def unexpected(log: str) -> list[str]:
    """The lines of a log that are neither the greeting nor of level INFO."""
    _, _, rest = log.partition("Ctrl-C stops everything.\n")
    return [
        line
        for line in rest.splitlines()
        if line and not QUIET.match(line) and not HISTORY.match(line)
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60.0, help="of load")
    arguments.add_argument("--rate", type=int, default=200, help="events a second")
    arguments.add_argument("--demo", action="store_true", help="with its history and traffic")
    asked = arguments.parse_args()
    options = [] if asked.demo else ["--no-demo"]
    with TemporaryDirectory(prefix="endurance-") as folder:
        endured = endure(Path(folder), asked.seconds, asked.rate, *options)
    print(
        f"{endured.events:,} events in {asked.seconds:.0f} s,"
        f" {endured.looks:,} looks at the report, {endured.furthest_behind:.1f} s behind at most"
    )
    sys.exit("\n".join(endured.complaints) or 0)


if __name__ == "__main__":
    main()
