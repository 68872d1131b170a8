"""A rehearsal: a provider's webhook is tried with requests that are signed as the provider's are.

Nothing leaves the machine and nothing is stored. Tests of a package that adds a provider get the
same sheet from ``liveReport.site.pytest_plugin``.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from liveReport.channels import (
    KEYS,
    Credentials,
    Event,
    HookRequest,
    Ignored,
    Rehearsal,
    Said,
    Unauthorised,
    Unreadable,
    Webhook,
)

RECIPIENT = "ada@example.com"


class Check(NamedTuple):
    """One line of the sheet."""

    name: str
    passed: bool


class Stage:
    """A webhook, who plays its provider, and where and when."""

    def __init__(self, webhook: Webhook, source: str) -> None:
        assert webhook.rehearsal  # noqa: S101 (whoever has none is told so before)
        self.webhook = webhook
        self.rehearsal: Rehearsal = webhook.rehearsal(webhook)
        self.url = f"{settings.PUBLIC_URL or 'http://localhost'}/hooks/{source}/"
        self.now = timezone.now()

    def said(self, kind: str, age: timedelta = timedelta(seconds=9)) -> Said:
        keys = dict(zip(KEYS, ("spring", "2026-03-04T08:00:00Z", "p-1", "m-1"), strict=True))
        return Said(kind, RECIPIENT, "pm-1", self.now - age, keys)

    def request(self, items: Sequence[Any]) -> HookRequest:
        return self.rehearsal.request(items, self.url, self.now)

    def lets_in(self, request: HookRequest, credentials: Credentials | None = None) -> bool:
        try:
            self.webhook.verify(request, credentials or self.rehearsal.credentials)
        except Unauthorised:
            return False
        return True

    def read(self, request: HookRequest) -> list[Event | Ignored | str]:
        return said_by(self.webhook, request)


def said_by(webhook: Webhook, request: HookRequest) -> list[Event | Ignored | str]:
    """What a request says: of each item its events, or the code of why it cannot be read."""
    found: list[Event | Ignored | str] = []
    for item in webhook.items(request):
        try:
            found += webhook.events(item)
        except Unreadable as error:
            found.append(error.code)
    return found


def rehearse(webhook: Webhook, source: str) -> Iterator[Check]:
    """The sheet, line by line. What raises has failed."""
    stage = Stage(webhook, source)
    for kind in stage.rehearsal.types:
        yield _checked(f"signed: {kind} is understood", partial(_understands, stage, kind))
    for name, passes in CHECKS.items():
        yield _checked(name, partial(passes, stage))


def _checked(name: str, passes: Callable[[], bool]) -> Check:
    try:
        return Check(name, bool(passes()))
    except Exception:  # noqa: BLE001 (a line of the sheet says so)
        return Check(name, passed=False)


def _understands(stage: Stage, kind: str) -> bool:
    request = stage.request([stage.rehearsal.item(stage.said(kind))])
    said = [one for one in stage.read(request) if isinstance(one, Event)]
    return stage.lets_in(request) and kind in [event.type for event in said]


def _first(stage: Stage, **changes: Any) -> HookRequest:
    return stage.request([stage.rehearsal.item(stage.said(stage.rehearsal.types[0], **changes))])


def _repeats_are_the_same(stage: Stage) -> bool:
    once, again = (stage.read(_first(stage)) for _time in range(2))
    return once == again


def _late_ones_are_read(stage: Stage) -> bool:
    return any(isinstance(one, Event) for one in stage.read(_first(stage, age=timedelta(hours=71))))


def _order_does_not_matter(stage: Stage) -> bool:
    kinds = stage.rehearsal.types[: stage.rehearsal.most]
    items = [stage.rehearsal.item(stage.said(kind)) for kind in kinds]
    there, back = stage.read(stage.request(items)), stage.read(stage.request(items[::-1]))
    return sorted(map(repr, there)) == sorted(map(repr, back))


def _strangers_are_refused(stage: Stage) -> bool:
    other = Stage(stage.webhook, "another")
    return not stage.lets_in(_first(stage), other.rehearsal.credentials)


def _unsigned_ones_are_refused(stage: Stage) -> bool:
    """Some sign in the body or in the query: a request has neither then."""
    return not stage.lets_in(HookRequest("POST", stage.url, {}, b"{}", stage.now))


def _unknown_kinds_wait(stage: Stage) -> bool:
    item = stage.rehearsal.unknown(stage.said(stage.rehearsal.types[0]))
    return stage.read(stage.request([item])) == ["unknown_type"]


def _junk_is_no_request(stage: Stage) -> bool:
    bodies = (b"", b"{", b"\xff", b"[" * 10_000, b"3")
    return not any(
        stage.lets_in(HookRequest("POST", stage.url, {}, body, stage.now)) for body in bodies
    )


CHECKS: dict[str, Callable[[Stage], bool]] = {
    "duplicate: says the same again": _repeats_are_the_same,
    "late: 71 hours old and still read": _late_ones_are_read,
    "out of order: says the same": _order_does_not_matter,
    "signed by somebody else: refused": _strangers_are_refused,
    "unsigned: refused": _unsigned_ones_are_refused,
    "malformed: refused, and raises nothing": _junk_is_no_request,
    "unknown kind: waits, and spoils nothing": _unknown_kinds_wait,
}
