"""What a page asks every two seconds, through the real server over kept connections."""

import time
from functools import partial

from .. import events, load
from ..client import Connection, Load, expect, request, together
from ..found import Found
from ..options import Options
from ..site import FEED, prepare, server, session_cookie

MOST = 200_000
"""Events in the window: what a poll without news costs does not depend on them."""
CLIENTS = 4
ALONE = 1


def measure(options: Options) -> Found:
    source = prepare()
    now = time.time()
    events.fill(source, load.day(min(MOST, options.events), now, seed=3), events.moment(now))
    cookies = [session_cookie() for _ in range(CLIENTS)]
    found = Found()
    for name in ("granian", "gunicorn"):
        with server(name) as port:
            _unchanged(port, cookies, 0.5)
            alone = _unchanged(port, cookies[:ALONE], options.seconds)
            idle = _unchanged(port, cookies, options.seconds)
            whole = _full(port, cookies[:ALONE], options.seconds)
            full = _full(port, cookies, options.seconds)
        found.figures[f"a full feed, one client, {name}: ms"] = whole.percentile(50)
        _note(found, name, alone, idle, full)
    return found


def _note(found: Found, name: str, alone: Load, idle: Load, full: Load) -> None:
    single = alone.percentile(50)
    if name == "granian":  # goals are set for the default server
        found.at_most("a poll without news, one client", single, 5, "ms")
        found.at_least("polls without news, four clients", idle.rate, 1_000, "/s")
        found.at_least("full feeds, four clients", full.rate, 150, "/s")
    else:
        found.figures[f"a poll without news, {name}: ms"] = single
        found.figures[f"polls without news, {name}: /s"] = idle.rate
        found.figures[f"full feeds, {name}: /s"] = full.rate
    found.figures[f"polls without news, {name}, 99 %: ms"] = idle.percentile(99)
    found.figures[f"full feeds, {name}, 99 %: ms"] = full.percentile(99)


def _unchanged(port: int, cookies: list[str], seconds: float) -> Load:
    """Polls that are answered with 204; those that a new minute makes full do not count."""
    load_ = Load()
    deadline = time.perf_counter() + seconds

    def client(cookie: str) -> None:
        connection = Connection(port)
        poll = request("GET", FEED, Cookie=cookie)
        while (started := time.perf_counter()) < deadline:
            answer = connection.ask(poll)
            if answer.status == 204:
                load_.latencies.append(time.perf_counter() - started)
            else:
                expect(answer, 200)
                version = answer.header("x-report-version")
                poll = request("GET", f"{FEED}?version={version}", Cookie=cookie)
        connection.close()

    together([partial(client, cookie) for cookie in cookies])
    load_.seconds = seconds
    return load_


def _full(port: int, cookies: list[str], seconds: float) -> Load:
    """Polls that bring all widgets, compressed as browsers ask for them."""
    load_ = Load()
    deadline = time.perf_counter() + seconds

    def client(cookie: str) -> None:
        connection = Connection(port)
        poll = request("GET", FEED, Cookie=cookie, Accept_Encoding="gzip")
        while (started := time.perf_counter()) < deadline:
            expect(connection.ask(poll), 200)
            load_.latencies.append(time.perf_counter() - started)
        connection.close()

    together([partial(client, cookie) for cookie in cookies])
    load_.seconds = seconds
    return load_
