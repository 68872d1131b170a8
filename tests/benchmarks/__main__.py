"""Measures liveReport and its peers on each database, and prints Markdown."""

import argparse
import fcntl
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from .engines import Engine, PostgreSQL, SQLite, reachable
from .found import Found, markdown
from .options import MILLION, Options

PARTS = (
    *("machine", "ingest", "hooks", "fold", "sustained", "freshness", "tab", "polls"),
    *("cardinality", "quarantine", "backlogs", "drill", "growth", "soak", "libraries", "profile"),
)
"""In the order in which they run; each is a module of ``parts``."""
POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
PEERS = ".venv/bench/bin/python"
LOCK = Path(tempfile.gettempdir()) / "livereport-bench.lock"


def main() -> None:
    signal.signal(signal.SIGTERM, _end)  # so that whatever runs is ended in turn
    asked = _arguments()
    options = _options(asked)
    with _alone():
        results = {
            engine.name: _measured(engine, asked.part or PARTS, options)
            for engine in _engines(asked, options)
        }
    print(markdown(results))
    if any(found.failed for found in results.values()):
        sys.exit("A part failed.")
    if asked.strict and not all(goal.met for found in results.values() for goal in found.goals):
        sys.exit("A goal was not met.")


def _measured(engine: Engine, parts: Sequence[str], options: Options) -> Found:
    found = Found()
    for part in parts:
        print(f"{engine.name}: {part} …", file=sys.stderr, flush=True)
        found.add(engine.measure(part, options))
    return found


@contextmanager
def _alone() -> Iterator[None]:
    """Two runs would take each other's databases, and each other's time."""
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit("Another run is measuring.")
        yield


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("part", nargs="*", type=_part, help=f"all, or some of {', '.join(PARTS)}")
    parser.add_argument("--events", type=int, default=MILLION, help="in the window")
    parser.add_argument(
        "--stages", type=_sizes, default=[], help="events for growth, as in 1M,10M,100M"
    )
    parser.add_argument("--keep", type=Path, help="a folder: growth goes on where it ended")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round of requests")
    parser.add_argument("--rounds", type=int, default=3, help="of ours and theirs in turn")
    parser.add_argument("--freshness", type=float, default=75.0, help="seconds of traffic")
    parser.add_argument("--days", type=int, default=10, help="simulated, of the soak")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), help="only this one")
    parser.add_argument("--strict", action="store_true", help="fail if a goal is not met")
    return parser.parse_args()


def _options(asked: argparse.Namespace) -> Options:
    server = os.environ.get("LIVEREPORT_TEST_POSTGRES", POSTGRES).rsplit("/", 1)[0]
    peers = Path(os.environ.get("LIVEREPORT_BENCH_PEERS", PEERS))
    return Options(
        events=asked.events,
        seconds=asked.seconds,
        rounds=asked.rounds,
        freshness=asked.freshness,
        days=asked.days,
        stages=asked.stages or [asked.events],
        postgres=server if reachable(server) else "",
        peers=str(peers.absolute()) if peers.exists() else "",
        state=str(asked.keep.absolute()) if asked.keep else "",
    )


def _engines(asked: argparse.Namespace, options: Options) -> list[Engine]:
    engines: list[Engine] = []
    if asked.engine != "postgresql":
        engines.append(SQLite(options.state))
    if asked.engine != "sqlite" and options.postgres:
        engines.append(PostgreSQL(options.state, options.postgres))
    if not options.postgres:
        print("PostgreSQL is not reachable: measured without.", file=sys.stderr)
    return engines


def _part(name: str) -> str:
    # Not by ``choices``: with these, argparse takes no part at all for a wrong one.
    if name not in PARTS:
        raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(PARTS)}")
    return name


def _sizes(text: str) -> list[int]:
    return [
        int(size.rstrip("M")) * (MILLION if size.endswith("M") else 1) for size in text.split(",")
    ]


def _end(*_: object) -> NoReturn:
    sys.exit("ended")


if __name__ == "__main__":
    main()
