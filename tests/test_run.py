"""``manage.py run`` with real processes: they answer, come back, and all end."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec
import pytest
from django.conf import settings

from liveReport.demo.campaigns import CAMPAIGNS
from tests.support.factories import event
from tests.support.processes import MANAGE, Running, Site, eventually, free_port

CHILDREN = {
    "granian": "server",
    settings.FOLD_QUEUE: "worker",
    settings.SLOW_QUEUE: "slow worker",
    "beat": "beat",
}
"""What names a child on its command line, and in what we say about it."""
NOBODY = "SELECT count(*) FROM auth_user WHERE password NOT LIKE '!%'"
SENT = "SELECT coalesce(sum(count), 0) FROM livereport_eventbatch"
COUNTED = f"{SENT} WHERE folded"
HANG = "from liveReport.celery import app; app.send_task('tests.hang')"
TOKENS = "SELECT count(*) FROM livereport_apitoken"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.prepared(tmp_path, PORT=free_port())


@contextmanager
def started(site: Site, *arguments: str) -> Iterator[Running]:
    """The site, running and answering; nobody of it is left afterwards."""
    with site.running("run", MANAGE, "run", *arguments) as run:
        eventually(lambda: call(site, "/healthz") == b"ok", "the page answers")
        yield run
    assert run.process.returncode == 0
    assert site.processes() == []


def call(site: Site, path: str, token: str = "", body: bytes | None = None) -> bytes | None:
    """What the site answers, or nothing while it cannot."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{site.environment['PORT']}{path}"
    try:
        with urlopen(Request(url, body, headers if token else {}), timeout=5) as answer:
            return bytes(answer.read())
    except HTTPError:
        raise
    except (OSError, HTTPException):
        return None


def post(site: Site, *types: str) -> None:
    """Send email events over HTTP, again and again until they are taken."""
    body = msgspec.json.encode([event(type=type_) for type_ in types])
    eventually(lambda: call(site, "/api/v1/events/", site.may_send, body), "events are accepted")


def shown(site: Site) -> dict[str, int]:
    """The numbers that the report has."""
    statistics = "/api/v1/campaigns/summer/report/email/statistics/"
    answer = eventually(lambda: call(site, statistics, site.may_read), "the report answers")
    return dict(msgspec.json.decode(answer)["frame"]["totals"])


def child(site: Site, run: Running, mark: str) -> int:
    """The child that runs a command, as soon as it does."""
    (found,) = eventually(lambda: site.children(run.process.pid, mark), f"{mark} runs")
    return int(found)


def test_it_says_where_it_is_and_ends_with_all_its_children(site: Site) -> None:
    with started(site, "--no-demo") as run:
        eventually(lambda: "Ctrl-C stops everything." in run.says(), "the greeting")
        assert f"http://127.0.0.1:{site.environment['PORT']}/admin/" in run.says()
        assert "log in" not in run.says()
        assert site.ask(NOBODY) == 0
        assert all(child(site, run, mark) for mark in CHILDREN)
        assert run.end(signal.SIGINT) == 0
        assert "Stopped." in run.says()
        assert "ERROR" not in run.says()
        assert site.processes() == []


def test_what_it_writes_is_for_nobody_else(site: Site) -> None:
    site.data_dir.chmod(0o755)
    (site.data_dir / "livereport.sqlite3").chmod(0o644)
    before = set(site.data_dir.rglob("*"))
    with started(site, "--no-demo"):
        post(site, "sent")
        eventually(lambda: shown(site)["sent"] == 1, "the event is shown")
        files = [site.data_dir / "livereport.sqlite3", *set(site.data_dir.rglob("*")) - before]
        written = {f.name: f.stat().st_mode & 0o077 for f in files if f.suffix != ".log"}
    assert {"livereport.sqlite3", "livereport.sqlite3-wal", "run.lock"} <= written.keys()
    assert not any(written.values()), written


def test_a_second_start_waits_for_the_end_of_the_first_and_shows_its_data(
    site: Site, tmp_path: Path
) -> None:
    site.environment["HOST"] = "localhost"
    with started(site, "--no-demo"):
        post(site, "sent", "sent", "delivered")
        port = site.environment["PORT"]
        same_data = Site(site.data_dir, PORT=free_port())
        same_port = Site(tmp_path / "elsewhere", PORT=port)
        with ThreadPoolExecutor() as both:
            of_data, of_port = both.map(refusal, [same_data, same_port])
        assert f"Already running on {site.data_dir}." in of_data
        assert re.search(rf"127\.0\.0\.1:{port}: Address.* in use", of_port)
        eventually(lambda: shown(site)["sent"] == 2, "the events are shown")
    with started(site, "--no-demo"):
        assert (shown(site)["sent"], shown(site)["delivered"]) == (2, 1)


def refusal(site: Site) -> str:
    """What a start that must fail says."""
    done = subprocess.run(
        [sys.executable, MANAGE, "run", "--no-demo"],
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"PORT": "65536"}, "127.0.0.1:65536: no such port"),
        ({"HOST": "192.0.2.1"}, "192.0.2.1:8000: Cannot assign"),
    ],
)
def test_a_wrong_address_is_refused(tmp_path: Path, wrong: dict[str, str], complaint: str) -> None:
    assert complaint in refusal(Site(tmp_path, **wrong))


def test_killed_children_are_started_again(site: Site) -> None:
    with started(site, "--no-demo") as run:
        for mark, name in CHILDREN.items():
            os.kill(child(site, run, mark), signal.SIGKILL)
            post(site, "sent")
            says = f"{name} ended (-9), starting it again"
            eventually(lambda says=says: says in run.says(), f"{name} is missed")  # type: ignore[misc]
        replace_web_processes(site, child(site, run, "granian"))
        eventually(lambda: shown(site)["sent"] == len(CHILDREN), "all events are shown")


def test_work_that_hangs_keeps_no_event_waiting_and_is_ended(site: Site) -> None:
    site.environment["DJANGO_SETTINGS_MODULE"] = "tests.hanging.settings"
    ended = "Hard time limit (5s) exceeded for tests.hang"
    with started(site, "--no-demo") as run:
        for time in (1, 2):
            site.manage("shell", "-c", HANG)
            hanging = eventually(partial(hangs, site, run, time), "a task hangs")
            post(site, "sent")
            eventually(partial(is_shown, site, time), "the event is shown")
            assert run.says().count(ended) == time - 1
            eventually(partial(has_ended, run, ended, time), "the task is ended")
            eventually(partial(is_gone, site, hanging), "its process, too")
        site.manage("shell", "-c", HANG)
        eventually(lambda: hangs(site, run, 3), "a task hangs when everything is to end")


def hangs(site: Site, run: Running, time: int) -> int:
    """The process of the slow worker's that hangs, if it does for this time."""
    if run.says().count("Waiting for ever.") < time:
        return 0
    return max(site.children(child(site, run, settings.SLOW_QUEUE)))


def is_shown(site: Site, events: int) -> bool:
    return shown(site)["sent"] == events


def has_ended(run: Running, said: str, times: int) -> bool:
    return run.says().count(said) == times


def is_gone(site: Site, process: int) -> bool:
    return process not in site.processes()


def replace_web_processes(site: Site, server: int) -> None:
    """Kill those that answer; their server starts others, and lives."""
    before = eventually(lambda: site.children(server), "the server has processes")
    for victim in before:
        os.kill(victim, signal.SIGKILL)
    eventually(lambda: set(site.children(server)) - set(before), "there are others")
    assert server in site.processes()


def test_a_killed_supervisor_leaves_nobody_behind(site: Site) -> None:
    with site.running("run", MANAGE, "run", "--no-demo") as run:
        assert all(child(site, run, mark) for mark in CHILDREN)
        run.end(signal.SIGKILL)
        eventually(lambda: site.processes() == [], "everybody ends")


def test_the_demo_moves_on_when_it_is_killed(tmp_path: Path) -> None:
    site = Site(tmp_path, PORT=free_port())
    with started(site) as run:
        eventually(lambda: "password" in run.says(), "the log-in")
        assert re.search(r"log in as +demo\n +password +\S{12}\n", run.says())
        assert (tmp_path / "demo-password").stat().st_mode & 0o777 == 0o600
        eventually(lambda: site.ask(COUNTED), "events are counted")
        assert site.ask("SELECT count(*) FROM livereport_campaign") == len(CAMPAIGNS) + 1
        shop = eventually(lambda: call(site, "/demo/shop/"), "the shop is open")
        assert b'data-lr-key="wk_' in shop
        os.kill(child(site, run, "demo"), signal.SIGKILL)
        eventually(lambda: site.ask(TOKENS) == 2, "there is a new one")
        sent = site.ask(SENT)
        eventually(lambda: site.ask(SENT) > sent, "it sends more")
    assert "HTTP Request" not in run.says()
