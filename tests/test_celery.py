"""Celery for real: a worker and a beat on each broker that we promise."""

import os
import pickle
import select
import socket
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import kombu
import pytest
import redis
from django.conf import settings

from liveReport.celery import app
from tests.support.processes import Running, Site, embedded, eventually

BROKERS = {
    "embedded": ("filesystem://localhost", 0),
    "redis": ("redis://127.0.0.1:6379/9", 6379),
    "rabbitmq": ("amqp://guest:guest@127.0.0.1:5672//", 5672),
}
LOCALHOST = "127.0.0.1"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site with a campaign; its queue is its own, as the services are everybody's."""
    queue = f"test-{uuid4().hex[:8]}"
    site = Site.prepared(tmp_path, CELERY_QUEUE=queue)
    yield site
    forget(site.environment.get("CELERY_BROKER_URL", ""), queue)


def require(port: int) -> None:
    """A service on this machine: where it must be and is not, the test fails."""
    try:
        socket.create_connection((LOCALHOST, port), 1).close()
    except OSError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"nothing listens on port {port}")


def forget(url: str, queue: str) -> None:
    """Leave nothing of the queue in a service that others use."""
    if url.startswith("redis"):
        with suppress(redis.ConnectionError), redis.Redis.from_url(BROKERS["redis"][0]) as base:
            for key in base.scan_iter(f"*{queue}*"):
                base.delete(key)
    elif url.startswith("amqp"):
        with suppress(OSError), kombu.Connection(url) as broker:
            channel: Any = broker.default_channel
            for name in (queue, f"{queue}-slow"):
                channel.queue_delete(name)
                channel.exchange_delete(name)


@pytest.mark.parametrize("name", BROKERS)
def test_events_are_counted_without_anybody_asking(site: Site, name: str) -> None:
    url, port = BROKERS[name]
    if port:
        require(port)
    site.environment["CELERY_BROKER_URL"] = url
    with site.celery():
        for types in (["sent", "delivered"], ["opened"]):
            site.send(*types)
            eventually(lambda: site.unfolded() == 0, "the events are counted")
    assert site.ask("SELECT count(*) FROM livereport_eventbatch") == 2


def test_all_tasks_but_the_tick_go_where_no_event_waits() -> None:
    app.loader.import_default_modules()
    queues = {name: app.amqp.router.route({}, name)["queue"].name for name in app.tasks}
    assert queues["livereport.tick"] == settings.FOLD_QUEUE
    assert queues["livereport.prune"] == settings.SLOW_QUEUE
    assert [name for name in queues if queues[name] == settings.FOLD_QUEUE] == ["livereport.tick"]


# -- A broker that is away -------------------------------------------------------------------


class Relay(socketserver.ThreadingTCPServer):
    """A port that leads to Redis."""

    allow_reuse_address = True

    def __init__(self, port: int) -> None:
        self.closing = Event()
        super().__init__((LOCALHOST, port), Relayed)


class Relayed(socketserver.BaseRequestHandler):
    """One connection, cut when the relay closes."""

    server: Relay

    def handle(self) -> None:
        with suppress(OSError), socket.create_connection((LOCALHOST, 6379)) as there:
            other = {self.request: there, there: self.request}
            while not self.server.closing.is_set():
                for end in select.select(list(other), [], [], 0.05)[0]:
                    data = end.recv(65_536)
                    if not data:
                        return
                    other[end].sendall(data)


@contextmanager
def reachable(port: int) -> Iterator[None]:
    with Relay(port) as relay:
        thread = Thread(target=relay.serve_forever, args=(0.05,))
        thread.start()
        yield
        relay.shutdown()
        relay.closing.set()
        thread.join()


def refused(worker: Running) -> int:
    """How often the worker found nobody there, having had a broker before or not."""
    return worker.says().count("Trying again in 2.00 seconds")


def test_a_broker_that_is_away_delays_and_loses_nothing(site: Site) -> None:
    require(6379)
    with socket.create_server((LOCALHOST, 0)) as free:
        port = free.getsockname()[1]
    site.environment["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{port}/9"
    with site.celery() as worker:
        for time in (1, 2):
            eventually(lambda time=time: refused(worker) >= time, "the worker misses the broker")  # type: ignore[misc]
            site.send("sent")
            assert site.unfolded() == 1
            with reachable(port):
                eventually(lambda: site.unfolded() == 0, "the event is counted")


# -- What the worker obeys --------------------------------------------------------------------


class Malice:
    """Does something when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_only_json_is_obeyed(site: Site, tmp_path: Path) -> None:
    site.send("sent")
    harm = tmp_path / "harm"
    body = pickle.dumps(((), {"harm": Malice(harm)}, {}))
    with site.worker() as worker:
        ring(site, body=body, content_type="application/x-python-serialize")
        eventually(lambda: "ContentDisallowed" in worker.says(), "the message is refused")
        assert site.unfolded() == 1
        ring(site, body=b"[[], {}, {}]", content_type="application/json")
        eventually(lambda: site.unfolded() == 0, "the next message is obeyed")
    assert not harm.exists()


def ring(site: Site, **message: Any) -> None:
    """Ask for a tick, as whoever can write to the queue could."""
    queue = site.environment["CELERY_QUEUE"]
    with embedded(site.data_dir / "queue") as broker:
        kombu.Producer(broker).publish(
            routing_key=queue,
            content_encoding="utf-8" if message["content_type"].endswith("json") else "binary",
            headers={"task": "livereport.tick", "id": uuid4().hex, "lang": "py", "argsrepr": ""},
            **message,
        )
