"""Each part on an empty site of its own: data directory, database, broker; removed afterwards."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import msgspec
import psycopg
import redis

from liveReport.site.supervisor import _end_with_parent

from .found import Found
from .options import Options

ROOT = Path(__file__).parents[2]
DATABASE = "livereport_bench"
KEPT = "livereport_bench_kept"
REDIS = os.environ.get("LIVEREPORT_BENCH_REDIS", "redis://127.0.0.1:6379/13")
LONGEST = 4 * 3600
"""Seconds after which a part is ended."""
GRACE = 60
"""Seconds that an interrupted part has to end its processes."""
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")
"""What a site may take from whoever measures; everything else would be a setting."""


class Engine(Protocol):
    """A database that parts are measured on."""

    name: ClassVar[str]

    def measure(self, part: str, options: Options) -> Found:
        """What a part finds; where it fails, a remark that says so."""


@dataclass
class SQLite:
    """The embedded default, with Celery's filesystem transport."""

    name: ClassVar[str] = "SQLite"
    state: str

    def measure(self, part: str, options: Options) -> Found:
        with _folder(self.name, part, self.state) as folder:
            return _run(part, options, folder, {})


@dataclass
class PostgreSQL:
    """A database of our own, with Redis where there is one."""

    name: ClassVar[str] = "PostgreSQL"
    state: str
    server: str

    def measure(self, part: str, options: Options) -> Found:
        keeps = bool(self.state) and part == "growth"
        database = KEPT if keeps else DATABASE
        with (
            _folder(self.name, part, self.state) as folder,
            _database(self.server, database, keeps=keeps) as url,
            _broker() as broker,
        ):
            return _run(part, options, folder, {"DATABASE_URL": url, **broker})


def reachable(server: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(f"{server}/postgres", connect_timeout=3).close()
        return True
    return False


def _run(part: str, options: Options, folder: Path, settings: dict[str, str]) -> Found:
    kept = {key: os.environ[key] for key in INHERITED if key in os.environ}
    environment = kept | settings | {
        "LIVEREPORT_DATA_DIR": str(folder),
        "SECRET_KEY": "only-to-measure-" * 4,
        "PSEUDONYM_KEY": "measured-with-this-" * 4,
        "LOG_LEVEL": "ERROR",
        # Parts fill the log faster than the fold empties it, on purpose.
        "INGEST_MAX_PENDING": "1000000000",
    }  # fmt: skip
    result = folder / "found.json"
    command = [sys.executable, "-m", "tests.benchmarks.part", part, options.written(), str(result)]
    child = subprocess.Popen(command, env=environment, cwd=ROOT, preexec_fn=_end_with_parent)
    try:
        status = child.wait(LONGEST)
    except subprocess.TimeoutExpired:
        status = -1
    finally:  # whatever interrupts us, the part ends its own processes first
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
        child.kill()
    if status:
        return Found(remarks=[f"{part} failed (exit status {status})"], failed=True)
    return Found.of(msgspec.json.decode(result.read_bytes()))


@contextlib.contextmanager
def _folder(engine: str, part: str, state: str) -> Iterator[Path]:
    if state and part == "growth":
        kept = Path(state) / engine
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="livereport-bench-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def _database(server: str, name: str, *, keeps: bool) -> Iterator[str]:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        exists = found.fetchone() is not None
        if exists and not keeps:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        if not (exists and keeps):
            connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server}/{name}"
        finally:
            if not keeps:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def _broker() -> Iterator[dict[str, str]]:
    """Redis, if its database is there and empty, which it is again afterwards."""
    try:
        found = redis.Redis.from_url(REDIS, socket_connect_timeout=1)
        if found.dbsize():
            print(f"{REDIS} is in use: measured with the filesystem broker.", file=sys.stderr)
            yield {}
            return
    except redis.RedisError:
        print(f"{REDIS} does not answer: measured with the filesystem broker.", file=sys.stderr)
        yield {}
        return
    try:
        yield {"CELERY_BROKER_URL": REDIS}
    finally:
        found.flushdb()
        found.close()
