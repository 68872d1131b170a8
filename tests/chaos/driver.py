"""Producers that send, repeat, confuse and retry; and one who watches how fresh the report is."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from threading import Event, Lock, Thread
from typing import Any

import msgspec

from tests.chaos.ledger import Ledger

BATCH = 20
"""Events to a request."""
PRODUCERS = 4
TIMEOUT = 10.0
"""Seconds after which an answer is not waited for any more."""
MARKS = 0.5
"""Seconds between two events whose way to the report is timed."""
KINDS = ("targeted", "sent", "delivered", "opened", "deferred", "excluded", "bounced")
REASONS = ("5.1.1", "5.2.2", "4.7.0", "Suppressed")
EVENTS = "/api/v1/events/"
CAMPAIGN = "summer"
REPORT = f"/api/v1/campaigns/{CAMPAIGN}/report/email/performance_by_date/"


@dataclass(frozen=True)
class Target:
    """Where the site listens, and with which tokens."""

    port: int
    may_send: str
    may_read: str


class Line:
    """A connection that is kept as long as it lasts."""

    def __init__(self, target: Target, token: str) -> None:
        self._target = target
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection: HTTPConnection | None = None

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, float, Any]:
        """Status, the seconds to wait before trying again, and the answer; 0 for none."""
        try:
            if self._connection is None:
                self._connection = HTTPConnection("127.0.0.1", self._target.port, timeout=TIMEOUT)
            self._connection.request(method, path, body, self._headers)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            self.close()
            return 0, 0.2, None
        return (
            answer.status,
            min(1.0, float(answer.headers.get("Retry-After") or 0.2)),
            msgspec.json.decode(content) if answer.status in (200, 202) else None,
        )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass
class Driver:
    """The load: deterministic by seed, but for what the answers make of it."""

    target: Target
    ledger: Ledger
    seed: int
    rate: int
    """Events a second, all producers together."""
    patience: float
    """Seconds after the load for which the watcher waits to see it counted."""
    unexpected: list[int] = field(default_factory=list)
    """Statuses that no outage explains."""
    delays: list[float] = field(default_factory=list)
    """Seconds until an event was in the report."""
    unseen: int = 0
    """Events that were never in it, however long the watcher waited."""
    _sent: list[dict[str, Any]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def running(self) -> Iterator["Driver"]:
        end, all_sent = Event(), Event()
        marks: list[float] = []
        threads = [Thread(target=self._produce, args=(number, end)) for number in range(PRODUCERS)]
        threads.append(Thread(target=self._mark, args=(marks, end)))
        watcher = Thread(target=self._watch, args=(marks, all_sent))
        for thread in (*threads, watcher):
            thread.start()
        try:
            yield self
        finally:
            end.set()
            for thread in threads:
                thread.join()
            all_sent.set()
            watcher.join()

    # -- Producers

    def _produce(self, number: int, end: Event) -> None:
        chance = random.Random(f"{self.seed}-{number}")
        line = Line(self.target, self.target.may_send)
        pause = BATCH * PRODUCERS / self.rate
        due = time.monotonic()
        for turn in range(1_000_000):
            if end.wait(max(0.0, due - time.monotonic())):
                break
            due = max(due + pause, time.monotonic() - 1)
            batch = [self._event(chance, f"{number}-{turn}-{place}") for place in range(BATCH)]
            self._send(line, batch, poison=chance.random() < 0.1)
        line.close()

    def _event(self, chance: random.Random, name: str) -> dict[str, Any]:
        with self._lock:
            if self._sent and chance.random() < 0.1:
                return chance.choice(self._sent)
        event = event_of(chance, f"{self.seed}-{name}")
        with self._lock:
            self._sent.append(event)
        return event

    def _send(self, line: Line, batch: list[dict[str, Any]], *, poison: bool = False) -> None:
        """Send until there is a definite answer, or no hope of one."""
        ids = [event["id"] for event in batch]
        bad = [{"id": "poison", "type": "no such type"}] if poison else []
        body = msgspec.json.encode([*bad, *batch])
        for _ in range(60):
            self.ledger.note("invoke", ids)
            status, wait, answer = line.ask("POST", EVENTS, body)
            if status == 202:
                refused = {one["id"] for one in answer["rejected"]}
                self.ledger.note("ok", [one for one in ids if one not in refused])
                return
            self.ledger.note("info" if status == 0 else "refused", ids)
            if status not in (0, 429, 502, 503):
                self.unexpected.append(status)
            time.sleep(wait)

    # -- Freshness

    def _mark(self, marks: list[float], end: Event) -> None:
        line = Line(self.target, self.target.may_send)
        for number in range(1_000_000):
            if end.wait(MARKS):
                break
            mark = {**event_of(random.Random(number), f"{self.seed}-mark-{number}"),
                    "type": "complained", "occurred_at": datetime.now(UTC).isoformat()}  # fmt: skip
            plain = {key: mark[key] for key in COMMON}
            marks.append(time.monotonic())
            self._send(line, [plain])
        line.close()

    def _watch(self, marks: list[float], all_sent: Event) -> None:
        line = Line(self.target, self.target.may_read)
        seen = 0
        deadline = None
        while deadline is None or (time.monotonic() < deadline and seen < len(marks)):
            if all_sent.is_set() and deadline is None:
                deadline = time.monotonic() + self.patience
            _, _, answer = line.ask("GET", REPORT)
            now = time.monotonic()
            shown = int(answer["frame"]["totals"]["spam_complaints"]) if answer else seen
            self.delays += [now - marks[place] for place in range(seen, min(shown, len(marks)))]
            seen = max(seen, shown)
            time.sleep(0.2)
        self.unseen = max(0, len(marks) - seen)
        line.close()


COMMON = ("id", "campaign", "channel", "type", "occurred_at", "profile")


def event_of(chance: random.Random, name: str) -> dict[str, Any]:
    """An event that is late, or out of order, by chance."""
    late = chance.choice([0.0, 0.0, 0.0, 5.0, 300.0, 40_000.0])
    kind = chance.choice(KINDS)
    event: dict[str, Any] = {
        "id": name,
        "campaign": CAMPAIGN,
        "channel": "email",
        "type": kind,
        "occurred_at": (datetime.now(UTC) - timedelta(seconds=late)).isoformat(),
        "profile": f"p{chance.randrange(5_000)}",
        "message": f"m{chance.randrange(5_000)}",
    }
    if kind in ("deferred", "excluded", "bounced"):
        event["reason"] = chance.choice(REASONS)
    if kind == "bounced":
        event["category"] = chance.choice(["hard", "soft"])
    return event
