"""``manage.py run``: the whole live report in one command."""

import fcntl
import os
import resource
import shutil
import socket
import sys
import urllib.request
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from liveReport.demo import account
from liveReport.site.supervisor import Child, Supervisor

CONNECTIONS = 2_048
"""That each web process holds at once; beyond it nobody is let in until one of them ends.

Whoever sends no whole header within ten seconds, or nothing more, is let go.
"""
GRANIAN = (
    *("-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
    *("--workers", "2", "--blocking-threads", "4"),
    *("--backpressure", str(CONNECTIONS), "--backlog", str(CONNECTIONS)),
    *("--http1-header-read-timeout", "10000", "--http1-buffer-size", str(64 * 1024)),
    *("--respawn-failed-workers", "--respawn-interval", "0.5"),
    *("--workers-kill-timeout", "5", "--log-level", "warning"),
)
CELERY = ("-m", "celery", "--quiet", "--app", "liveReport")
QUIET = ("--loglevel", "warning")
WORKER = (*CELERY, "worker", *QUIET, "--without-gossip", "--without-mingle", "--without-heartbeat")
FOLD = (*WORKER, "--queues", settings.FOLD_QUEUE)
# Time limits act on the processes of a pool. (Named "prefork" it would give way to the settings.)
SLOW = (*WORKER, "--queues", settings.SLOW_QUEUE, "--pool", "processes", "--concurrency", "1")


class Command(BaseCommand):
    help = "Migrate, then run web server, Celery workers and beat, and demo traffic."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="no demo campaigns and traffic")

    def handle(self, *args: Any, no_demo: bool, **options: Any) -> None:
        port = os.environ.get("PORT") or "8000"
        host = _free_address(os.environ.get("HOST") or "127.0.0.1", port)
        os.umask(0o077)  # whatever we or our children write below the data directory is ours
        with _alone():
            _prepare()
            greeting = [f"liveReport   http://{_reachable(host)}:{port}/admin/"]
            if not no_demo:
                greeting += [f"shop         http://{_reachable(host)}:{port}/demo/shop/"]
                greeting += account.greeting()
            connections.close_all()
            _allow_many_files()
            self._run(host, port, greeting, no_demo=no_demo)

    def _run(self, host: str, port: str, greeting: list[str], *, no_demo: bool) -> None:
        url = f"http://{_reachable(host)}:{port}"
        others = [*_celery(), *([] if no_demo else [_demo(url)])]

        def ready() -> None:
            self._say("\n  " + "\n  ".join([*greeting, "Ctrl-C stops everything."]) + "\n")
            supervisor.children.extend(others)

        # The page comes first: what would compete for the processor waits until it answers.
        supervisor = Supervisor([_web(host, port)], self._say)
        supervisor.run(_once(lambda: _answers(url), ready))
        self._say("Stopped.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _web(host: str, port: str) -> Child:
    address = ("--host", host, "--port", port)
    return Child("server", [sys.executable, *GRANIAN, *address, "liveReport.wsgi:application"])


def _celery() -> list[Child]:
    return [
        Child("worker", [sys.executable, *FOLD]),
        Child("slow worker", [sys.executable, *SLOW]),
        Child("beat", [sys.executable, *CELERY, "beat", *QUIET, "--pidfile="]),
    ]


def _demo(url: str) -> Child:
    return Child("demo", [sys.executable, sys.argv[0], "demo", "--url", url])


def _free_address(host: str, port: str) -> str:
    """The numeric address of a host, which the server wants; the port must be free on it."""
    try:
        family, *_, where = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        address = str(where[0])
        socket.create_server((address, int(port)), family=family, reuse_port=False).close()
    except (OSError, ValueError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such port"
        raise CommandError(f"{host}:{port}: {reason}. Choose another HOST or PORT.") from error
    return address


@contextmanager
def _alone() -> Iterator[None]:
    """Two of us on one data directory would fold and speak twice."""
    with (settings.DATA_DIR / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CommandError(f"Already running on {settings.DATA_DIR}.") from error
        yield


def _prepare() -> None:
    """Bring database, static files and queue to where the children expect them."""
    call_command("migrate", verbosity=0, interactive=False)
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        call_command("collectstatic", verbosity=0, interactive=False)
    if queue := getattr(settings, "QUEUE_DIR", None):
        # Doorbells of an earlier run: the first tick does all there is to do anyway.
        shutil.rmtree(queue, ignore_errors=True)


def _allow_many_files() -> None:
    """So many connections, and the database's files: many systems allow 1,024 unless asked."""
    wanted = 2 * CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _reachable(address: str) -> str:
    if address in ("0.0.0.0", "::"):  # noqa: S104 (compared only)
        return "127.0.0.1"
    return f"[{address}]" if ":" in address else address


def _once(condition: Callable[[], bool], then: Callable[[], None]) -> Callable[[], None]:
    """A check to repeat: calls ``then`` once, as soon as the condition holds."""
    waiting = True

    def check() -> None:
        nonlocal waiting
        if waiting and condition():
            waiting = False
            then()

    return check


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/healthz", timeout=2).close()  # noqa: S310 (our own server)
    except HTTPError:
        return True  # it does answer, if only to say that this is not one of its names
    except OSError:
        return False
    return True
