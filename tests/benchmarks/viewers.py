"""Viewers who poll a tab as the page's own script does (``dashboards/frontend/js/poll.js``)."""

import re
import time
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlencode

from .client import Connection, expect, request
from .site import FEED

PERIOD = 2.0
"""Seconds from one poll to the next."""
PAGE = FEED.removesuffix("changes/")
VERSION = re.compile(rb'data-version="([^"]*)"')
DIGEST = re.compile(rb'id="([^"]+)"[^>]*? data-digest="([^"]+)"')


@dataclass
class Viewer:
    """An open page: its version, and the digests of its parts."""

    port: int
    cookie: str
    connection: Connection = field(init=False)
    version: str = ""
    shown: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection = Connection(self.port)

    def open(self) -> bytes:
        """Load the page; its HTML."""
        answer = self.connection.ask(request("GET", PAGE, Cookie=self.cookie))
        expect(answer, 200)
        found = VERSION.search(answer.body)
        assert found
        self.version = found[1].decode()
        self._take(answer.body)
        return answer.body

    def poll(self) -> bytes:
        """Ask for what is new; nothing where nothing is."""
        shown = [f"{part}:{digest}" for part, digest in self.shown.items()]
        query = urlencode({"version": self.version, "shown": shown}, doseq=True)
        answer = self.connection.ask(request("GET", f"{FEED}?{query}", Cookie=self.cookie))
        if answer.status != 204:
            expect(answer, 200)
        self.version = answer.header("x-report-version")
        self._take(answer.body)
        return answer.body

    def _take(self, html: bytes) -> None:
        self.shown |= {part.decode(): digest.decode() for part, digest in DIGEST.findall(html)}


@dataclass
class Watcher:
    """A viewer who notes when a count in the Statistics table first shows a higher number."""

    viewer: Viewer
    metric: str
    seen: list[float] = field(default_factory=list)
    """When, by the clock of ``perf_counter``, it first showed 1, 2, 3 …"""
    polls: list[float] = field(default_factory=list)
    """Seconds that each poll took."""

    def watch(self, until: float) -> None:
        cell = re.compile(f'<td data-metric="{self.metric}">([\\d,]+)</td>'.encode())
        time.sleep(Random(id(self)).random() * PERIOD)  # nobody opens a page in step with others
        self._note(cell, self.viewer.open())
        due = time.perf_counter() + PERIOD
        while due < until:
            time.sleep(max(0.0, due - time.perf_counter()))
            started = time.perf_counter()
            html = self.viewer.poll()
            self.polls.append(time.perf_counter() - started)
            self._note(cell, html)
            due = time.perf_counter() + PERIOD  # as poll.js does: from the answer on

    def _note(self, cell: "re.Pattern[bytes]", html: bytes) -> None:
        if found := cell.search(html):
            count = int(found[1].replace(b",", b""))
            self.seen += [time.perf_counter()] * (count - len(self.seen))
