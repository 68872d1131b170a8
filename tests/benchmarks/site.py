"""The processes of the site that the environment names: servers, the whole stack, their memory."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client

from liveReport.management.commands.run import GRANIAN
from liveReport.models import ApiToken, Campaign, EventBatch, Source
from liveReport.site.supervisor import _end_with_parent

from . import client
from .events import CAMPAIGN

OURS = "liveReport.wsgi:application"
PEERS = "tests.benchmarks.peers.wsgi:application"
PATIENCE = 120.0
INGEST = "/api/v1/events/"
FEED = f"/admin/reports/{CAMPAIGN}/email/changes/"
GUNICORN = (
    *("-m", "gunicorn", "--workers", "2", "--threads", "4", "--worker-class", "gthread"),
    *("--log-level", "warning"),
)


def prepare() -> Source:
    """The campaign and the source that every part needs."""
    Campaign.objects.create(slug=CAMPAIGN, name="Bench")
    return Source.objects.ensure("bench")


def ingest_token(source: Source) -> str:
    return ApiToken.objects.issue(source, ApiToken.Scope.INGEST)[1]


def session_cookie() -> str:
    """A ``Cookie`` header of somebody who may see every report."""
    viewer = User.objects.create_superuser(f"viewer-{User.objects.count()}", password=None)
    browser = Client()
    browser.force_login(viewer, backend="liveReport.site.accounts.Accounts")
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"


def clear_log() -> None:
    """Forget what was ingested, so that every round finds the same."""
    table = EventBatch._meta.db_table
    empty = "TRUNCATE" if connection.vendor == "postgresql" else "DELETE FROM"
    with connection.cursor() as cursor:
        cursor.execute(f"{empty} {table}")


@contextlib.contextmanager
def server(name: str, application: str = OURS, **environment: str) -> Iterator[int]:
    """A web server on a port of its own, as soon as it answers."""
    port = free_port()
    if name == "granian":
        command = [*GRANIAN, "--host", client.HOST, "--port", str(port), application]
    else:
        command = [*GUNICORN, "--bind", f"{client.HOST}:{port}", application]
    with process(command, **environment):
        wait(lambda: _answers(port), f"{name} answers")
        yield port


@contextlib.contextmanager
def stack() -> Iterator[int]:
    """Web server, Celery worker and beat, as ``make run`` starts them; without the demo."""
    port = free_port()
    with process(["manage.py", "run", "--no-demo"], PORT=str(port)):
        wait(lambda: _answers(port), "the stack answers")
        wait(lambda: _memory("beat"), "beat runs")
        time.sleep(3)  # the worker's first import is not what is measured
        yield port


@contextlib.contextmanager
def process(command: list[str], **environment: str) -> Iterator[None]:
    """A process of ours and all that it starts, gone afterwards."""
    connections.close_all()
    log = Path(settings.DATA_DIR) / "processes.log"
    with log.open("ab") as out:
        child = subprocess.Popen(
            [sys.executable, *command],
            cwd=settings.BASE_DIR,
            env=os.environ | environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
    try:
        yield
    except Exception:
        print(log.read_text()[-4_000:], file=sys.stderr)
        raise
    finally:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def wait(done: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if done():
            return
        time.sleep(0.05)
    raise TimeoutError(f"not within {patience:.0f} s: {what}")


def is_folded() -> bool:
    return not EventBatch.objects.filter(folded=False).exists()


def memory() -> dict[str, float]:
    """MB that the largest web worker and the largest Celery worker hold now."""
    return {"web worker": _memory("granian"), "celery worker": _memory("worker")}


def resident(pid: int | str = "self") -> float:
    """MB of memory that a process holds (Linux)."""
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith(b"VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def peak() -> float:
    """MB of memory that this process held when it held most (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def free_port() -> int:
    with socket.create_server((client.HOST, 0)) as free:
        return int(free.getsockname()[1])


def _memory(mark: str) -> float:
    """MB of the largest process of this site that has ``mark`` among its arguments."""
    site = f"LIVEREPORT_DATA_DIR={settings.DATA_DIR}".encode()
    sizes = [0.0]
    for folder in Path("/proc").glob("[0-9]*"):
        if site not in _read(folder / "environ").split(b"\0"):
            continue
        if _is_marked(folder, mark.encode()):
            sizes.append(resident(folder.name))
    return max(sizes)


def _is_marked(folder: Path, mark: bytes) -> bool:
    """A process, or a worker that it forked and that has another command line."""
    if mark in _read(folder / "cmdline").split(b"\0"):
        return True
    parent = _read(folder / "stat").rpartition(b")")[2].split()[1:2]
    lines = [_read(Path(f"/proc/{int(pid)}/cmdline")) for pid in parent]
    return any(mark in line.split(b"\0") for line in lines)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has just ended, or is not ours to look at
        return b""


def _answers(port: int) -> bool:
    try:
        return client.Connection(port).ask(client.request("GET", "/healthz")).status < 500
    except OSError:
        return False
