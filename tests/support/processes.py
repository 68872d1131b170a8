"""A site of its own for tests of real processes: its data, its children, its end."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from functools import cache
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory
from typing import Any

import kombu
import msgspec
from django.conf import settings

from liveReport.management.commands.run import CELERY, GRANIAN, QUIET
from tests.support.factories import event

MANAGE = str(settings.BASE_DIR / "manage.py")
WSGI = "liveReport.wsgi:application"
JSON = "application/json"
PATIENCE = 60.0
SOON = 5.0
"""Seconds within which a site answers that is not stopped by anybody."""
OURS = {
    *("DATABASE_URL", "SECRET_KEY", "PSEUDONYM_KEY", "DJANGO_SETTINGS_MODULE"),
    *("DEBUG", "ALLOWED_HOSTS", "HTTPS"),
    *("CELERY_BROKER_URL", "CELERY_QUEUE", "CACHE_URL", "LOG_LEVEL", "HOST", "PORT"),
}
"""What a site must not inherit from whoever runs the tests."""
SET_UP = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("create_campaign", "summer", "--name", "Summer", "--channel", "email")
call_command("issue_token", "shop", "--scope", "ingest")
call_command("issue_token", "shop", "--scope", "read")
"""


def eventually(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The condition's value as soon as it is true; a failure that says what was awaited."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def _ports() -> Iterator[int]:
    """Ports below those that outgoing connections are given, so that they stay free.

    Each worker of a test run has a thousand of its own, and uses none again soon:
    a port may look free while another process is about to listen.
    """
    own = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 10
    first = SystemRandom().randrange(1_000)
    for number in count(first):
        yield 20_000 + 1_000 * own + number % 1_000


_PORTS = _ports()


def free_port() -> str:
    """A port that nobody else will use."""
    while True:
        port = next(_PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return str(port)


def manage(*arguments: str, data: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A command on a data directory, with nothing in its environment but what is said here."""
    inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return subprocess.run(
        [sys.executable, MANAGE, *arguments],
        env=inherited | {"LIVEREPORT_DATA_DIR": str(data)} | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        umask=0o022,
    )


@dataclass
class Running:
    """A process of a site, and the file that it writes to."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def says(self) -> str:
        return self.log.read_text()

    def end(self, number: int) -> int:
        """Signal the process; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@dataclass
class Answer:
    """What a web server said."""

    status: int
    body: bytes
    headers: Message

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Site:
    """A data directory, and the processes that run on it: those of the release in ``code``."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.code = settings.BASE_DIR
        inherited = {key: value for key, value in os.environ.items() if key not in OURS}
        ours = {"LIVEREPORT_DATA_DIR": str(data_dir), "PSEUDONYM_KEY": str(settings.PSEUDONYM_KEY)}
        self.environment = {**inherited, **ours, **environment}
        self.may_send = self.may_read = ""

    @classmethod
    def prepared(cls, data_dir: Path, **environment: str) -> "Site":
        """A site that is migrated and has a campaign, ``summer``, and two API tokens."""
        folder, *tokens = _prepared()
        shutil.copytree(folder, data_dir, dirs_exist_ok=True)
        site = cls(data_dir, **environment)
        site.may_send, site.may_read = tokens
        return site

    def manage(self, *arguments: str, given: bytes = b"") -> bytes:
        """What a command prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            input=given,
            env=self.environment,
            cwd=self.code,
            check=False,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def set_up(self) -> None:
        """Migrate, create the campaign and the tokens, by the site's own release."""
        words = self.manage("shell", "-c", SET_UP).decode().split()
        self.may_send, self.may_read = words[-2:]

    @contextmanager
    def running(
        self, name: str, *arguments: str, program: str = sys.executable
    ) -> Iterator[Running]:
        """A process of ours, which is gone afterwards."""
        log = self.data_dir / f"{name}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [program, *arguments],
                env=self.environment,
                cwd=self.code,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Running(process, log)
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            print(f"-- {log.name}", log.read_text(), sep="\n")  # shown where a test fails

    @contextmanager
    def web(self, *options: str) -> Iterator[Running]:
        """The web server of ``manage.py run``, on the site's ``PORT``, as soon as it answers."""
        address = ("--host", "127.0.0.1", "--port", self.environment["PORT"])
        with self.running("web", *GRANIAN, *address, *options, WSGI) as web:
            eventually(lambda: self.call("GET", "/healthz").status == 200, "the page answers")
            yield web

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        patience: float = PATIENCE,
        **headers: str,
    ) -> Answer:
        """What the site answers over a connection of its own; status 0 if nobody does in time."""
        connection = HTTPConnection("127.0.0.1", int(self.environment["PORT"]), timeout=patience)
        with closing(connection):
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                return Answer(answer.status, answer.read(), answer.headers)
            except (OSError, HTTPException):
                return Answer(0, b"", Message())

    def post(self, *events: dict[str, Any], token: str = "", patience: float = PATIENCE) -> Answer:
        """Send events over HTTP, once."""
        headers = {"Authorization": f"Bearer {token or self.may_send}"}
        body = msgspec.json.encode(events)
        headers["Content-Type"] = JSON
        return self.call("POST", "/api/v1/events/", body, patience, **headers)

    @contextmanager
    def worker(self) -> Iterator[Running]:
        """A Celery worker that folds."""
        with self.running("worker", *CELERY, "worker", *QUIET) as worker:
            yield worker

    @contextmanager
    def beat(self) -> Iterator[Running]:
        """A Celery beat."""
        command = (*CELERY, "beat", "--loglevel", "warning", "--pidfile=")
        with self.running("beat", *command) as beat:
            yield beat

    @contextmanager
    def celery(self) -> Iterator[Running]:
        """A worker, and a beat."""
        with self.beat(), self.worker() as worker:
            yield worker

    def send(self, *types: str) -> None:
        """Append email events, as an operator would."""
        lines = [msgspec.json.encode(event(type=type_)) for type_ in types]
        self.manage("send_events", "-", given=b"\n".join(lines))

    def ask(self, query: str) -> Any:
        """The first value of a query, read as a stranger to the processes would."""
        base = f"{(self.data_dir / 'livereport.sqlite3').as_uri()}?mode=ro"
        with closing(sqlite3.connect(base, uri=True, timeout=PATIENCE)) as connection:
            (found,) = connection.execute(query).fetchone()
        return found

    def unfolded(self) -> int:
        return int(self.ask("SELECT count(*) FROM livereport_eventbatch WHERE NOT folded"))

    def processes(self) -> list[int]:
        """Whoever runs on this data directory (Linux)."""
        mark = f"LIVEREPORT_DATA_DIR={self.data_dir}".encode()
        return [int(pid.name) for pid in _process_folders() if mark in _read(pid / "environ")]

    def children(self, parent: int, mark: str = "") -> list[int]:
        """Those whose parent this is and whose command line names the mark, if any."""
        found = [Path(f"/proc/{pid}") for pid in self.processes()]
        ours = [pid for pid in found if f"PPid:\t{parent}\n".encode() in _whole(pid / "status")]
        return [
            int(pid.name) for pid in ours if not mark or mark.encode() in _read(pid / "cmdline")
        ]


def embedded(folder: Path) -> kombu.Connection:
    """The queue of the embedded default, in a folder."""
    transport = "liveReport.site.filequeue:Transport"
    return kombu.Connection(transport=transport, transport_options={"folder": str(folder)})


@cache
def _prepared() -> tuple[Path, str, str]:
    """A site's data directory to copy, made once, and the tokens to send and to read."""
    folder = TemporaryDirectory(prefix="livereport-")
    _kept.append(folder)
    site = Site(Path(folder.name))
    site.set_up()
    return Path(folder.name), site.may_send, site.may_read


_kept: list[TemporaryDirectory[str]] = []
"""Removed when the tests end."""


def _process_folders() -> Iterable[Path]:
    return [path for path in Path("/proc").iterdir() if path.name.isdigit()]


def _read(path: Path) -> list[bytes]:
    return _whole(path).split(b"\0")


def _whole(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has just ended, or is not ours to look at
        return b""


class Clock:
    """The wall clock of those processes of a site that run ``under`` it, seconds ahead of ours."""

    def __init__(self, file: Path, ahead: float = 0.0) -> None:
        self._file = file
        self.set(ahead)

    def set(self, ahead: float) -> None:
        draft = self._file.with_suffix(".draft")
        draft.write_text(str(ahead))
        draft.replace(self._file)

    def under(self, site: Site) -> Site:
        """The same site, for processes that go by this clock."""
        hook = str(settings.BASE_DIR / "tests" / "clock")
        return Site(
            site.data_dir,
            **site.environment | {"PYTHONPATH": hook, "CLOCK_AHEAD": str(self._file)},
        )
