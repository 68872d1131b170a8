"""``manage.py run``: the whole live report in one command."""

import os
import secrets
import shutil
import sys
import time
import urllib.request
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections

from liveReport.supervisor import Child, Supervisor

DEMO_USER = "demo"


class Command(BaseCommand):
    help = "Migrate, then run web server, Celery worker and beat, and demo traffic."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="no demo campaigns and traffic")

    def handle(self, *args: Any, no_demo: bool, **options: Any) -> None:
        host, port = os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
        url = f"http://{host}:{port}"
        _prepare()
        password = "" if no_demo else _demo_password()
        connections.close_all()
        supervisor = Supervisor(_children(host, port, "" if no_demo else url), self._say)
        supervisor.run(_once_ready(url, lambda: self._welcome(url, password)))
        self._say("Stopped.")

    def _welcome(self, url: str, password: str) -> None:
        self._say(f"\n  liveReport is at  {url}/admin/")
        if password:
            self._say(f"  log in as         {DEMO_USER} / {password}")
        self._say("  stop with         Ctrl-C\n")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _prepare() -> None:
    """Bring database, static files and queue to where the children expect them."""
    call_command("migrate", verbosity=0, interactive=False)
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        call_command("collectstatic", verbosity=0, interactive=False)
    folder = getattr(settings, "CELERY_BROKER_TRANSPORT_OPTIONS", {}).get("data_folder_in")
    if folder:  # doorbells of an earlier run: the first tick does all there is to do anyway
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(mode=0o700, parents=True)


def _demo_password() -> str:
    """The password of the demo user, made up once and kept where only its owner reads."""
    path = settings.DATA_DIR / "demo.password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9))
    password: str = path.read_text()
    user, _ = User.objects.get_or_create(username=DEMO_USER)
    user.is_staff = user.is_superuser = True
    user.set_password(password)
    user.save()
    return password


def _children(host: str, port: str, demo_url: str) -> list[Child]:
    python, celery = sys.executable, ("-m", "celery", "-A", "liveReport")
    web = ("-m", "granian", "--interface", "wsgi", "--host", host, "--port", port)
    calm = ("--workers", "2", "--log-level", "warning", "--respawn-failed-workers")
        "--workers",
        "2",
        "--no-access-log",
        "--log-level",
        "warning",
        "--respawn-failed-workers",
    )
    children = [
        Child("web", [python, *web, *calm, "liveReport.wsgi:application"]),
        Child("worker", [python, *celery, "worker", "-l", "warning", "--without-gossip"]),
        Child("beat", [python, *celery, "beat", "-l", "warning"]),
    ]
    if demo_url:
        children.append(Child("demo", [python, "manage.py", "demo", "--url", demo_url]))
    return children


def _once_ready(url: str, then: Callable[[], None]) -> Callable[[], None]:
    """A check to repeat: calls ``then`` once, when the page answers."""
    waiting = [True]
    started = time.monotonic()

    def check() -> None:
        if waiting and (_answers(f"{url}/healthz") or time.monotonic() - started > 60):
            waiting.clear()
            then()

    return check


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 (our own server)
            return bool(response.status == 200)
    except (URLError, OSError):
        return False
