"""The verdict: what the database holds against what producers were told.

Runs as a process of its own on the site's settings, when nothing strikes any more:
``python -m tests.chaos.checker LEDGER SECONDS`` prints a JSON object.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.chaos.ledger import Told

NUMBERS = ("lost", "phantom", "over", "under", "imbalance", "different", "unsettled")

Cell = tuple[str, str, str, int, int, int]
"""Event type, dimension, value, execution, tier, start."""


@dataclass(frozen=True)
class Verdict:
    """What must be 0, and how much there was of it all."""

    lost: int
    """Events that were acknowledged and are not in the log."""
    phantom: int
    """Events in the log that nobody can have sent."""
    over: int
    """Events that buckets count and a recount of the log does not, over all buckets."""
    under: int
    """Events that a recount of the log counts and buckets do not, over all buckets."""
    imbalance: int
    """Events of the log that are neither counted nor repeats nor late, or too many that are."""
    different: int
    """Differences that the product's own verification finds."""
    unsettled: int
    """Batches that nobody has folded, long after the last event."""
    skipped: int
    """Those of them that are older than one that was folded."""
    acknowledged: int
    logged: int
    recovered: int
    """Events without an answer that are in the log all the same."""

    @property
    def clean(self) -> bool:
        return not any(getattr(self, name) for name in NUMBERS)


@dataclass(frozen=True)
class Held:
    """What the database holds."""

    ids: Counter[str]
    """Events of the log and the quarantine, as often as they are in there."""
    cells: dict[Cell, int]
    recount: dict[Cell, int]
    counted: int
    """Events of folded batches less repeats and late ones."""
    different: int
    pending: list[int]
    """Batches that are not folded."""
    folded: int
    """The greatest id of a folded batch; 0 for none."""


def judge(told: Told, held: Held) -> Verdict:
    """Compare what was told with what is held."""
    cells, recount = Counter(held.cells), Counter(held.recount)
    return Verdict(
        lost=len(told.ok - held.ids.keys()),
        phantom=len(held.ids.keys() - told.ok - told.possible),
        over=(cells - recount).total(),
        under=(recount - cells).total(),
        imbalance=abs(held.counted - len(held.ids)),
        different=held.different,
        unsettled=len(held.pending),
        skipped=sum(batch < held.folded for batch in held.pending),
        acknowledged=len(told.ok),
        logged=sum(held.ids.values()),
        recovered=len(told.possible & held.ids.keys()),
    )


def recounted(events: Iterable[Any], tiers: Iterable[int]) -> dict[Cell, int]:
    """Every bucket, counted naively from events of which no id comes twice."""
    cells: Counter[Cell] = Counter()
    for event in events:
        shape = event.shape
        for dimension, value in (("", ""), *shape.dimensions):
            for tier in tiers:
                start = event.at // 1_000_000 // tier * tier
                cells[shape.type, dimension, value, shape.execution, tier, start] += 1
    return dict(cells)


def settle(settled: Callable[[], bool], patience: float) -> None:
    """Wait until nothing is on its way any more, but no longer than so many seconds."""
    deadline = time.monotonic() + patience
    while not settled() and time.monotonic() < deadline:
        time.sleep(0.5)


def look(told: Told, patience: float) -> Held:
    """Read the database when it has come to rest."""
    from django.db.models import Max

    from liveReport import rollup
    from liveReport.ingest.payload import decode
    from liveReport.models import Bucket, EventBatch, QuarantinedBatch
    from liveReport.tiers import TIERS

    def events() -> Iterable[Any]:
        for model in (EventBatch, QuarantinedBatch):
            for batch in model.objects.order_by("pk").iterator(chunk_size=50):
                yield from decode(batch.payload)

    pending = EventBatch.objects.filter(folded=False)

    def settled() -> bool:
        return not pending.exists() and told.ok <= {event.id for event in events()}

    settle(settled, patience)
    first = {event.id: event for event in events()}
    names = ("type", "dimension", "value", "execution")
    rows = Bucket.objects.values_list(
        *(f"series__{name}" for name in names), "tier", "start", "count"
    )
    folded = EventBatch.objects.filter(folded=True)
    counts = folded.values_list("count", "duplicates", "late")
    return Held(
        ids=Counter(event.id for event in events()),
        cells={tuple(cell): count for *cell, count in rows},  # type: ignore[misc]
        recount=recounted(first.values(), TIERS),
        counted=sum(count - repeated - late for count, repeated, late in counts),
        different=len(rollup.verify()),
        pending=list(pending.values_list("pk", flat=True)),
        folded=folded.aggregate(last=Max("pk"))["last"] or 0,
    )


def main() -> None:
    import django

    django.setup()
    told = Told.read(Path(sys.argv[1]))
    json.dump(asdict(judge(told, look(told, float(sys.argv[2])))), sys.stdout)


if __name__ == "__main__":
    main()
