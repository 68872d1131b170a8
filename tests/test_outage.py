"""Outages with real processes: everything is answered, nothing acknowledged is lost."""

import os
import resource
import signal
import sqlite3
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from liveReport.events.batch import decode
from tests.support import names
from tests.support.factories import event
from tests.support.postgres import Server, postgres
from tests.support.processes import MANAGE, SET_UP, Answer, Running, Site, eventually, free_port

KEY = "only-for-tests-only-for-tests-only-for-tests-0123456789"
COUNTED = "SELECT sum(count - duplicates - late) FROM livereport_eventbatch WHERE folded"
FOLD = "from liveReport import rollup; rollup.fold_pending()"
BATCH = 5
"""Events to a request."""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.prepared(tmp_path, PORT=free_port())


@dataclass
class Sender:
    """Somebody who sends one request after the other, and remembers the answers."""

    site: Site
    name: str
    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: list[str] = field(default_factory=list)
    """The ids of events that were accepted, in order."""
    refused: set[str] = field(default_factory=set)

    def send(self) -> Answer:
        number = sum(self.statuses.values())
        ids = [f"{self.name}:{number}:{part}" for part in range(BATCH)]
        answer = self.site.post(*(event(id=one) for one in ids))
        self.statuses[answer.status] += 1
        if answer.status == 202:
            told = answer.json()
            assert (told["accepted"], told["duplicates"], told["rejected"]) == (BATCH, 0, [])
            assert not told["quarantined"]  # nobody knows, or none
            self.acknowledged += ids
        else:
            self.refused.update(ids)
        return answer

    def send_until(self, end: Event) -> None:
        while not end.is_set():
            self.send()


@contextmanager
def sending(site: Site, *names: str) -> Iterator[list[Sender]]:
    """Some who send all the time."""
    end = Event()
    senders = [Sender(site, name) for name in names]
    threads = [Thread(target=sender.send_until, args=(end,)) for sender in senders]
    for thread in threads:
        thread.start()
    try:
        yield senders
    finally:
        end.set()
        for thread in threads:
            thread.join()


def sent(senders: list[Sender]) -> int:
    return sum(sum(sender.statuses.values()) for sender in senders)


def wait_for_more(senders: list[Sender], requests: int) -> None:
    enough = sent(senders) + requests
    eventually(lambda: sent(senders) >= enough, f"{requests} more requests are answered")


def spooled(site: Site) -> int:
    """The events that wait."""
    file = site.data_dir / "spool" / "spool.sqlite3"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as spool:
        (count,) = spool.execute("SELECT coalesce(sum(events), 0) FROM waiting").fetchone()
    return int(count)


def assert_stored(log: list[bytes], senders: list[Sender]) -> None:
    """What was acknowledged is in the log, in the order in which it was sent.

    A batch can be there twice: where the connection was lost while committing, or a
    process killed while draining. It counts once (see ``COUNTED``).
    """
    sent = [one for sender in senders for one in (*sender.acknowledged, *sender.refused)]
    named = dict(zip(names.keys(1, sent), sent, strict=True))
    found_keys = dict.fromkeys(one.id for payload in log for one in decode(payload))
    ids = [named[key] for key in found_keys if key in named]
    by_sender: dict[str, list[str]] = defaultdict(list)
    for one in ids:
        by_sender[one.partition(":")[0]].append(one)
    for sender in senders:
        found = [one for one in by_sender[sender.name] if one not in sender.refused]
        assert found == sender.acknowledged


def payloads(site: Site) -> list[bytes]:
    """The log of a site on SQLite."""
    base = f"file:{site.data_dir}/livereport.sqlite3?mode=ro"
    with closing(sqlite3.connect(base, uri=True, timeout=10)) as connection:
        rows = connection.execute("SELECT payload FROM livereport_eventbatch ORDER BY id")
        return [payload for (payload,) in rows]


def assert_sound(site: Site) -> None:
    """The rollups are what a recount finds, and the files are whole."""
    site.manage("shell", "--no-imports", "-c", FOLD)
    site.manage("verify_rollups")
    for file in [*site.data_dir.glob("*.sqlite3"), *site.data_dir.glob("spool/*.sqlite3")]:
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# -- The database server is gone ---------------------------------------------------------------


def test_a_crashed_database_costs_nobody_an_event(tmp_path: Path) -> None:
    with postgres() as server:
        site = Site(tmp_path, PORT=free_port(), DATABASE_URL=server.url, SECRET_KEY=KEY)
        words = site.manage("shell", "--no-imports", "-c", SET_UP).decode().split()
        site.may_send = words[-2]
        with site.web() as web, site.celery():
            with sending(site, "alice", "bob", "carol") as senders:
                eventually(lambda: server.ask(COUNTED) != [(None,)], "events are counted")
                for _ in range(2):
                    crash(server, site, senders)
                wait_for_more(senders, 20)
            eventually(lambda: not spooled(site), "the spool is drained")
            counted = [(sum(len(sender.acknowledged) for sender in senders),)]
            eventually(lambda: server.ask(COUNTED) == counted, "everything is counted by itself")
        assert_no_failure(web, senders)
        assert_stored(log_of(server), senders)
        assert_sound(site)


def crash(server: Server, site: Site, senders: list[Sender]) -> None:
    """The database is away for a while, and back; everybody goes on sending."""
    server.crash()
    wait_for_more(senders, 30)
    assert spooled(site)
    assert site.call("GET", "/healthz").status == 200
    assert site.call("GET", "/readyz").status == 503
    server.start()
    eventually(lambda: not spooled(site), "the spool is drained under load")


def assert_no_failure(web: Running, senders: list[Sender]) -> None:
    for sender in senders:
        assert set(sender.statuses) == {202}, sender.statuses
    says = web.says()
    assert "Traceback" not in says
    # Two processes, two outages: not a line for each of the requests.
    assert 1 <= says.count("Events wait in the spool") <= 12
    assert says.count("The spool is empty again") >= 1


def log_of(server: Server) -> list[bytes]:
    rows = server.ask("SELECT payload FROM livereport_eventbatch ORDER BY id")
    return [payload for (payload,) in rows if isinstance(payload, bytes)]


# -- SQLite is locked --------------------------------------------------------------------------


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """Another process holds the write lock and does not let go."""
    base = site.data_dir / "livereport.sqlite3"
    with closing(sqlite3.connect(base, isolation_level=None, timeout=20)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_locked_database_and_killed_processes_cost_nobody_an_event(site: Site) -> None:
    sender = Sender(site, "alice")
    with site.web() as web:
        sender.send()
        with locked(site):
            for _ in range(20):
                sender.send()
            assert spooled(site) == 20 * BATCH
            before = eventually(lambda: site.children(web.process.pid), "there are processes")
            for victim in before:
                os.kill(victim, signal.SIGKILL)
            eventually(
                lambda: len(set(site.children(web.process.pid)) - set(before)) == len(before),
                "there are others",
            )
            assert spooled(site) == 20 * BATCH
        # Nobody sends: what the dead left is drained all the same.
        eventually(lambda: not spooled(site), "the spool is drained")
        sender.send()
    assert sender.statuses == {202: 22}
    assert_stored(payloads(site), [sender])
    assert_sound(site)
    assert site.ask(COUNTED) == len(sender.acknowledged)


def test_a_spool_that_is_left_behind_is_drained_at_the_next_start(site: Site) -> None:
    sender = Sender(site, "alice")
    with site.web() as web, locked(site):
        for _ in range(3):
            sender.send()
        os.killpg(web.process.pid, signal.SIGKILL)
        web.process.wait()
    assert spooled(site) == 3 * BATCH
    with site.web():
        eventually(lambda: not spooled(site), "the spool is drained")
    assert_stored(payloads(site), [sender])


# -- The disk is full --------------------------------------------------------------------------


@contextmanager
def full_disk(pids: list[int], size: int) -> Iterator[None]:
    """Processes whose files cannot grow beyond a size."""
    limit = resource.RLIMIT_FSIZE
    before = [resource.prlimit(pid, limit, (size, resource.RLIM_INFINITY)) for pid in pids]
    yield
    for pid, limits in zip(pids, before, strict=True):
        resource.prlimit(pid, limit, limits)


def test_a_full_disk_turns_events_away_and_loses_none(site: Site) -> None:
    sender = Sender(site, "alice")
    with site.web() as web:
        sender.send()
        with full_disk(site.children(web.process.pid), 150_000):
            refusal = eventually(lambda: (a := sender.send()).status == 503 and a, "it is full")
            assert refusal.json()["code"] == "database"
            assert int(refusal.headers["Retry-After"]) > 0
            for _ in range(5):
                assert sender.send().status == 503
            assert site.call("GET", "/healthz").status == 200
        eventually(lambda: sender.send().status == 202, "there is room again")
        eventually(lambda: not spooled(site), "the spool is drained")
    assert set(sender.statuses) == {202, 503}
    assert_stored(payloads(site), [sender])
    assert_sound(site)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own for a folder: real, if in memory. Needs the right to mount."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        if os.environ.get("CI") == "true" and os.geteuid() == 0:
            pytest.fail("may not mount a file system")
        pytest.skip("may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_without_space_turns_events_away_and_loses_none(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, "12m"):
        site = Site.prepared(folder, PORT=free_port())
        sender = Sender(site, "alice")
        with whole(site):
            sender.send()
            ballast = folder / "ballast"
            fill(ballast)
            refusal = eventually(lambda: (a := sender.send()).status == 503 and a, "it is full")
            assert int(refusal.headers["Retry-After"]) > 0
            fill(ballast)
            refused = sum(sender.send().status == 503 for _ in range(20))
            ballast.unlink()
            eventually(lambda: sender.send().status == 202, "there is room again")
            eventually(lambda: is_counted(site, sender), "everything is counted by itself")
        assert refused
        assert_stored(payloads(site), [sender])
        assert_sound(site)


@contextmanager
def whole(site: Site) -> Iterator[None]:
    """Web server, worker and beat, as ``make run`` starts them."""
    with site.running("run", MANAGE, "run", "--no-demo") as process:
        eventually(lambda: site.call("GET", "/healthz").status == 200, "the page answers")
        # It says so, on the disk that is about to be full, and starts the others only then.
        eventually(lambda: "Ctrl-C stops everything." in process.says(), "all are started")
        yield


def is_counted(site: Site, sender: Sender) -> bool:
    """Whether the numbers hold what was acknowledged, and nothing waits any more."""
    return not spooled(site) and site.ask(COUNTED) == len(sender.acknowledged)


def fill(ballast: Path) -> None:
    """Take what is left of the disk."""
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4_096)):
            pass


# -- The broker is gone ------------------------------------------------------------------------


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//"])
def test_a_broker_that_is_away_does_not_concern_ingest(site: Site, broker: str) -> None:
    site.environment["CELERY_BROKER_URL"] = broker
    sender = Sender(site, "alice")
    with site.web():
        for _ in range(5):
            sender.send()
        known: dict[str, Any] = {"Authorization": f"Bearer {site.may_read}"}
        assert site.call("GET", "/readyz", **known).json()["checks"]["broker"] == "failed"
    assert sender.statuses == {202: 5}
    assert (len(payloads(site)), spooled(site)) == (5, 0)
