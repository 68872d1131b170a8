"""A naive ledger: what every run's figures must be, from the plain list of events.

Sets of words and a few loops: nothing of the core is asked.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

Event = dict[str, Any]
Run = tuple[str, str | None]
"""A channel, and the start of its execution."""
Figures = dict[str, int | None]

ENDS = {"delivered", "bounced", "returned"}
AFTER_SENDING = {"deferred", *ENDS}
FIGURES = (
    *("targeted", "excluded", "sent", "errors", "queued", "delivered", "bounced", "deferred"),
    *("awaiting", "unaccounted", "repeats"),
)


def recount(events: Iterable[Event]) -> dict[Run, Figures]:
    """The figures of each run that events belong to, no id twice."""
    runs: dict[Run, dict[str, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        runs[event["channel"], event.get("execution")][event["profile"]].append(event)
    return {run: figures(list(profiles.values())) for run, profiles in runs.items()}


def figures(profiles: list[list[Event]]) -> Figures:
    found: Figures = dict.fromkeys(FIGURES, 0)
    knows_whom = any(event["type"] == "targeted" for events in profiles for event in events)
    for events in profiles:
        fate, repeats = what_became(events)
        is_targeted = any(event["type"] == "targeted" for event in events)
        if fate and (fate == "unaccounted" or (knows_whom and not is_targeted)):
            add(found, "unaccounted")
            continue
        if fate:
            add(found, "targeted")
            add(found, fate)
            add(found, "repeats", repeats)
        if fate in ("delivered", "bounced", "deferred", "awaiting"):
            add(found, "sent")
    if not knows_whom:
        found |= {"targeted": None, "queued": None, "unaccounted": None}
    return found


def add(found: Figures, key: str, more: int = 1) -> None:
    found[key] = (found[key] or 0) + more


def what_became(events: list[Event]) -> tuple[str, int]:
    """What a profile counts as, "" for nothing, and its further messages."""
    said = {event["type"] for event in events}
    messages = told_apart(events)
    if any(map(is_impossible, messages)) or {"excluded", "sent"} <= said:
        return "unaccounted", 0
    sent = sum(event["type"] == "sent" and not event.get("message") for event in events)
    sent += len({e["message"] for e in events if e["type"] == "sent" and e.get("message")})
    repeats = max(sent - 1, 0)
    if "excluded" in said:
        return "excluded", repeats
    if messages:
        return state(messages[0]), repeats
    return ("errors" if "error" in said else "queued" if "targeted" in said else ""), repeats


def told_apart(events: list[Event]) -> list[set[str]]:
    """What is said of each message, the first first; those without a name are one of them."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event["type"] in {"sent", *AFTER_SENDING}:
            found[event.get("message") or ""].append(event)
    # The real tie-break is by a hash: tests let no two messages begin at the same instant.
    named = sorted((name for name in found if name), key=lambda name: began(found[name]))
    said = {name: {event["type"] for event in some} for name, some in found.items()}
    if "" not in found:
        return [said[name] for name in named]
    if named and not ("sent" in said[""] and "sent" in said[named[0]]):
        first, *others = named
        return [said[first] | said[""], *(said[name] for name in others)]
    if named and began(found[named[0]]) < began(found[""]):
        return [said[named[0]], said[""], *(said[name] for name in named[1:])]
    return [said[""], *(said[name] for name in named)]


def began(events: Iterable[Event]) -> datetime:
    return min(datetime.fromisoformat(event["occurred_at"]) for event in events)


def is_impossible(message: set[str]) -> bool:
    return len(message & ENDS) > 1 or ("sent" not in message and bool(message & AFTER_SENDING))


def state(message: set[str]) -> str:
    for word, name in (("bounced", "bounced"), ("returned", "bounced"), ("delivered", "delivered")):
        if word in message:
            return name
    return "deferred" if "deferred" in message else "awaiting"


def assert_balanced(row: dict[str, Any]) -> None:
    """Every profile stands in one place."""
    if row["targeted"] is not None:
        parts = [row[key] or 0 for key in ("excluded", "sent", "errors", "queued")]
        assert row["targeted"] == sum(parts)
    if row["sent"] is not None:
        parts = [row[key] or 0 for key in ("delivered", "bounced", "deferred", "awaiting")]
        assert row["sent"] == sum(parts)
