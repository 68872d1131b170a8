"""The site under attack: its processes and servers, started again when they die."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

import pytest
from django.conf import settings

from liveReport.management.commands.run import CELERY, FOLD, GRANIAN, QUIET, SLOW
from tests.chaos import signals
from tests.chaos.driver import Line, Target
from tests.support.postgres import Server, postgres
from tests.support.processes import WSGI, Site, eventually, free_port

KEY = "only-for-tests-only-for-tests-only-for-tests-0123456789"
POOL = ("--concurrency", "2")
REDIS = ("--save", "", "--appendonly", "no", "--bind", "127.0.0.1")


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@dataclass
class Actor:
    """A process that is started again as soon as it is found dead."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    code: Path
    log: Path
    held_back: bool = False
    """Not to be started again for now."""
    paused: bool = False
    """Stopped, or a child of it is: to be spared until that goes on."""
    process: "subprocess.Popen[bytes] | None" = None
    lock: Lock = field(default_factory=Lock)

    def check(self) -> None:
        with self.lock:
            if self.held_back or (self.process and self.process.poll() is None):
                return
            self.signal(signal.SIGKILL)  # what it left behind would be in its successor's way
            with self.log.open("ab") as out:
                self.process = subprocess.Popen(
                    self.command,
                    env=self.environment,
                    cwd=self.code,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_end_with_parent,
                )

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def signal(self, number: int) -> None:
        """Signal the process and all that it started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill(self) -> bool:
        """Kill the process and all that it started."""
        return signals.kill(self.pid, os.killpg)

    def kill_alone(self) -> bool:
        """Kill the process itself, whatever becomes of its children."""
        return signals.kill(self.pid)

    def stop(self) -> bool:
        """Stop the process and all that it started."""
        return signals.stop(self.pid, os.killpg)

    def children(self) -> list[int]:
        """The ids of the processes that it has started (Linux)."""
        folder = Path(f"/proc/{self.pid}/task")
        found: list[int] = []
        with suppress(OSError):
            for task in folder.iterdir():
                found += map(int, (task / "children").read_text().split())
        return found

    def end(self) -> None:
        with self.lock:
            self.held_back = True
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            if self.process is not None:
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(5)
                self.signal(signal.SIGKILL)
                self.process.wait()


@dataclass
class Stage:
    """Everything that runs, by name, and where it listens."""

    kind: str
    site: Site
    actors: dict[str, Actor] = field(default_factory=dict)
    database: Server | None = None
    _end: Event = field(default_factory=Event)

    @property
    def target(self) -> Target:
        port = int(self.site.environment["PORT"])
        return Target(port, self.site.may_send, self.site.may_read)

    def add(self, name: str, *command: str) -> None:
        log = self.site.data_dir / f"{name}.log"
        self.actors[name] = Actor(name, list(command), self.site.environment, self.site.code, log)

    def begin_all(self) -> None:
        """Web server, three workers and two beats of the site's release, in place of any before."""
        address = ("--host", "127.0.0.1", "--port", self.site.environment["PORT"])
        self.add("web", sys.executable, *GRANIAN, *address, WSGI)
        pool = () if self.kind == "sqlite" else POOL
        for name in ("worker-1", "worker-2"):
            self.add(name, sys.executable, *FOLD, "-n", f"{name}@chaos", *pool)
        self.add("slow", sys.executable, *SLOW, "-n", "slow@chaos")
        for name in ("beat-1", "beat-2"):
            self.add(name, sys.executable, *CELERY, "beat", *QUIET, "--pidfile=")

    def _keep(self) -> None:
        while not self._end.wait(0.1):
            for actor in list(self.actors.values()):
                actor.check()

    @contextmanager
    def running(self) -> Iterator["Stage"]:
        """All actors, kept alive, once the site answers."""
        for actor in self.actors.values():
            actor.check()
        keeper = Thread(target=self._keep)
        keeper.start()
        try:
            line = Line(self.target, self.site.may_read)
            address = "/api/v1/campaigns/"
            eventually(lambda: line.ask("GET", address)[0] == 200, "the site answers")
            line.close()
            yield self
        finally:
            self._end.set()
            keeper.join()
            for actor in self.actors.values():
                actor.end()

    def logs(self) -> str:
        """The ends of what everybody wrote, for a failure's report."""
        return "\n".join(
            f"-- {actor.name}\n{actor.log.read_text()[-3_000:]}"
            for actor in self.actors.values()
            if actor.log.exists()
        )


@contextmanager
def staged(
    kind: str, folder: Path, mutant: str = "", code: Path = settings.BASE_DIR
) -> Iterator[Stage]:
    """A site on ``sqlite``, or on ``postgresql`` and Redis, each of its own.

    ``code`` is the release that it runs.
    """
    environment = {
        "PORT": free_port(),
        "CHAOS_MUTANT": mutant,
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
    }
    folder.mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(postgres()) if kind == "postgresql" else None
        if server:
            environment |= {
                "DATABASE_URL": server.url,
                "SECRET_KEY": KEY,
                "CELERY_BROKER_URL": f"redis://127.0.0.1:{free_port()}/0",
            }
        stage = Stage(kind, Site(folder, **environment), database=server)
        stage.site.code = code
        stage.site.set_up()
        if server:
            _add_broker(stage)
        stage.begin_all()
        yield stack.enter_context(stage.running())


def _add_broker(stage: Stage) -> None:
    redis = shutil.which("redis-server")
    if redis is None:
        absent = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        absent("redis-server is not installed")
    port = stage.site.environment["CELERY_BROKER_URL"].rpartition(":")[2].partition("/")[0]
    stage.add("broker", redis, "--port", port, "--dir", str(stage.site.data_dir), *REDIS)


def wait(seconds: float) -> None:
    """Let the site work for a while."""
    time.sleep(seconds)
