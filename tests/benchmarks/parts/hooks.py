"""SendGrid's batches through ``/hooks/``, against the same events through ``/api/v1/events/``.

Both in this process, without a server, in turns: what differs is what is done with the bytes.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from django.test import Client

from liveReport.channels import HookRequest, Rehearsal, Said, providers
from liveReport.site.sources import Wanted, set_up

from .. import events, load
from ..events import CAMPAIGN
from ..found import Found
from ..options import Options
from ..site import INGEST, clear_log, ingest_token, prepare

NAME = "sendgrid"
POOL = 20_000
BATCH = 1_000
LARGEST = 2_000
"""Events that SendGrid may put into one request."""
GOAL = 0.5
MOST = 1_000
"""Milliseconds in which the largest is answered on an idle machine."""
BESIDES = {
    "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
    "ip": "192.0.2.1",
    "category": ["spring", "news"],
    "tls": 1,
}
"""What its events say besides."""
OPENED = {"useragent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/140.0"}
"""… and those of openings and clicks."""

Send = Callable[[], None]


def measure(options: Options) -> Found:
    token = ingest_token(prepare())
    webhook = providers()[NAME].webhook
    assert webhook.rehearsal
    rehearsal = webhook.rehearsal(webhook)
    set_up(NAME, NAME, Wanted(), rehearsal.secret)
    sent = [event for event in _events() if event["type"] in rehearsal.types]
    said = [_item(rehearsal, event) for event in sent]
    ways = {
        "events through the API": _api(token, sent),
        "events of SendGrid": _hooks(rehearsal, said, BATCH),
    }
    rates = _in_turns(ways, options)
    found = Found()
    theirs, ours = (rates[name] * BATCH for name in ways)
    found.figures["in process, events through the API: /s"] = theirs
    found.figures["in process, events of SendGrid: /s"] = ours
    found.at_least("events of SendGrid against the API", ours / theirs, GOAL, "×")
    slowest = _slowest(_hooks(rehearsal, said, LARGEST)[: options.rounds])
    found.at_most(f"{LARGEST:,} events of SendGrid in a request", slowest, MOST, "ms")
    return found


def _events() -> list[dict[str, Any]]:
    return events.plain(load.columns(POOL, time.time(), 300, seed=1))


def _item(rehearsal: Rehearsal, event: dict[str, Any]) -> dict[str, Any]:
    """It, as SendGrid says it."""
    profile, domain = event["profile"], event.get("domain", "example.com")
    said = Said(
        event["type"],
        f"{profile}@{domain}",
        f"{event['message']}.filter0001.16648.5515E0B88",
        datetime.fromisoformat(event["occurred_at"]).astimezone(UTC),
        {"lr_campaign": CAMPAIGN, "lr_profile": profile},
        event.get("reason", ""),
    )
    more = OPENED if event["type"] in ("opened", "clicked") else {}
    return rehearsal.item(said) | BESIDES | more


def _api(token: str, sent: Sequence[dict[str, Any]]) -> list[Send]:
    headers = {"host": "localhost", "authorization": f"Bearer {token}"}
    return [
        partial(_post, INGEST, msgspec.json.encode(batch), headers, 202)
        for batch in _batches(sent, BATCH)
    ]


def _hooks(rehearsal: Rehearsal, said: Sequence[Any], size: int) -> list[Send]:
    url, now = f"http://localhost/hooks/{NAME}/", datetime.now(UTC)
    return [partial(_deliver, rehearsal.request(batch, url, now)) for batch in _batches(said, size)]


def _deliver(request: HookRequest) -> None:
    _post(f"/hooks/{NAME}/", request.body, {"host": "localhost", **request.headers}, 200)


_client = Client()
"""One, as its first request prepares the middleware for all."""


def _post(path: str, body: bytes, headers: dict[str, str], status: int) -> None:
    answer = _client.post(path, body, content_type="application/json", headers=headers)
    if answer.status_code != status:
        raise RuntimeError(answer.content)


def _batches(some: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [some[start : start + size] for start in range(0, len(some) - size + 1, size)]


def _in_turns(ways: dict[str, list[Send]], options: Options) -> dict[str, float]:
    """Requests a second of each, in the median round; the first one does not count."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(options.rounds + 1):
        for name, sends in ways.items():
            clear_log()
            rate = _rate(sends, options.seconds if round_ else 1.0)
            if round_:
                rates[name].append(rate)
    return {name: statistics.median(some) for name, some in rates.items()}


def _rate(sends: Sequence[Send], seconds: float) -> float:
    started, count = time.perf_counter(), 0
    while (passed := time.perf_counter() - started) < seconds:
        sends[count % len(sends)]()
        count += 1
    return count / passed


def _slowest(sends: Sequence[Send]) -> float:
    """Milliseconds."""
    taken = []
    for send in sends:
        started = time.perf_counter()
        send()
        taken.append(time.perf_counter() - started)
    return max(taken) * 1_000
