"""An event in twenty has one of twenty values that there are; each of the others one of its own."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Literal

import msgspec
from django.db.models import Sum

from liveReport import rollup
from liveReport.counts.tiers import TIERS
from liveReport.ingest import receive
from liveReport.models import Bucket, Campaign, Source
from liveReport.report import tab_widget
from liveReport.rollup.admission import VALUES as LIMIT

from .. import events
from ..events import BATCH
from ..found import Found
from ..options import Options
from ..site import peak, prepare

REAL = 20
"""One in so many events is real."""
WEIGHTS = {f"real {weight}": weight for weight in range(50, 70)}
"""What real ones say, and how often: the rarest is one event in 480, of 500 that are noticed."""
RARE = "rare"
RARELY = 5_000
"""One event in so many says this: too few to be noticed for sure."""
ROWS = len(TIERS) * (LIMIT + 3)
"""All of it is of one minute: a row in each tier for each value that is kept apart, for the
others together, and for the events as a whole."""
CHUNK = 10
"""Requests that come between two ticks."""
MEMORY = 250
"""MB that the process may hold at any time."""

Order = Literal["among them", "first", "last"]


@dataclass(frozen=True)
class Attack:
    """Where strangers send their values, and when: among the real events, before or after."""

    channel: str
    type: str
    dimension: str
    widget: str
    order: Order

    @property
    def slug(self) -> str:
        """Of a campaign of its own."""
        return f"{self.dimension}-{self.order.partition(' ')[0]}"


EXCLUSIONS = ("email", "excluded", "reason", "exclusion_reasons")
ELEMENTS = ("web", "interaction", "element", "interactions_by_element")
ATTACKS = (
    Attack(*EXCLUSIONS, "among them"),
    Attack(*EXCLUSIONS, "first"),
    Attack(*EXCLUSIONS, "last"),
    Attack(*ELEMENTS, "among them"),
)


def measure(options: Options) -> Found:
    source = prepare()
    found = Found()
    for attack in ATTACKS:
        _measure(found, source, attack, options.events)
    found.at_most("strangers' values: memory at its peak", peak(), MEMORY, "MB")
    return found


def _measure(found: Found, source: Source, attack: Attack, count: int) -> None:
    campaign = Campaign.objects.create(slug=attack.slug, name=attack.slug)
    now = time.time() // 86_400 * 86_400 + 43_200  # full minutes before noon
    real = _real(count)
    started = time.perf_counter()
    _take(source, _bodies(attack, real, count, events.moment(now - 60)), events.moment(now))
    taken = time.perf_counter() - started

    label = f"{count:,} events, strangers' {attack.dimension}s {attack.order}"
    found.figures[f"{label}: events/s, taken in and folded"] = count / taken
    _note_totals(found, label, campaign, attack, count)
    shown = _shown(campaign, attack, events.moment(now))
    counts = Counter(real)
    top = counts.most_common(len(WEIGHTS))
    right = [value for value, (_, most) in zip(shown, top, strict=False) if counts[value] == most]
    visible = WEIGHTS.keys() & set(shown[: len(WEIGHTS)])
    found.at_least(f"{label}: real ones on top of the page", len(visible), len(WEIGHTS))
    found.at_least(f"{label}: … each in its place", len(right), len(WEIGHTS))
    apart = _counted(campaign, attack, series__value=RARE)
    found.figures[f"{label}: counted of {real.count(RARE)} events that are too rare"] = apart


def _real(count: int) -> list[str]:
    """What the real ones of so many events say, in random order."""
    whole = sum(WEIGHTS.values())
    counts = {value: count // REAL * weight // whole for value, weight in WEIGHTS.items()}
    values = list(Counter(counts | {RARE: count // RARELY}).elements())
    random.Random(2).shuffle(values)
    return values


def _take(source: Source, bodies: Iterator[bytes], now: datetime) -> None:
    while chunk := list(islice(bodies, CHUNK)):
        for body in chunk:
            receive(source, body, now=now)
        rollup.fold_pending(now, budget=600)


def _bodies(attack: Attack, real: Sequence[str], count: int, at: datetime) -> Iterator[bytes]:
    values = _values(attack.order, real, count)
    plain = {
        "campaign": attack.slug,
        "channel": attack.channel,
        "type": attack.type,
        "occurred_at": at.isoformat(),
    }
    for start in range(0, count, BATCH):
        yield msgspec.json.encode(
            [
                plain
                | {"id": f"{attack.slug} {number}", "profile": f"p{number}"}
                | {attack.dimension: value}
                for number, value in enumerate(islice(values, BATCH), start)
            ]
        )


def _values(order: Order, real: Sequence[str], count: int) -> Iterator[str]:
    """What each event says."""
    strangers = (f"stranger {number:x}" for number in range(count - len(real)))
    if order == "first":
        yield from chain(strangers, real)
    elif order == "last":
        yield from chain(real, strangers)
    else:
        for number in range(count):
            place = number * len(real) // count
            is_real = place < (number + 1) * len(real) // count
            yield real[place] if is_real else next(strangers)


def _note_totals(found: Found, label: str, campaign: Campaign, attack: Attack, count: int) -> None:
    rows = Bucket.objects.filter(series__campaign=campaign).count()
    found.at_most(f"{label}: rollup rows", rows, ROWS)
    for name, dimension in (("in the whole", ""), ("among the values", attack.dimension)):
        counted = _counted(campaign, attack, series__dimension=dimension)
        found.at_most(f"{label}: missing {name}", abs(count - counted), 0, "events")


def _counted(campaign: Campaign, attack: Attack, **series: str) -> int:
    hours = Bucket.objects.filter(tier=TIERS[0], series__campaign=campaign)
    wanted = hours.filter(series__type=attack.type, **series)
    return wanted.aggregate(events=Sum("count"))["events"] or 0


def _shown(campaign: Campaign, attack: Attack, now: datetime) -> list[str]:
    """The values that the page shows, from the first on."""
    _, widget = tab_widget(campaign, attack.channel, attack.widget, [], now)
    return [str(row[attack.dimension]) for row in widget.frame.rows] if widget.frame else []
