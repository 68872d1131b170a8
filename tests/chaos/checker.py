"""The verdict: what the database holds against what producers were told.

Runs as a process of its own on the site's settings, when nothing strikes any more:
``python -m tests.chaos.checker LEDGER SECONDS`` prints a JSON object.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.chaos.driver import CAMPAIGN
from tests.chaos.ledger import Told

NUMBERS = (
    *("lost", "phantom", "over", "under", "imbalance", "different", "unsettled"),
    "misplaced",
)

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
    misplaced: int
    """Sound events that were set aside, and poison that was not."""
    skipped: int
    """Those of them that are older than one that was folded."""
    acknowledged: int
    logged: int
    recovered: int
    """Events without an answer that are in the log all the same."""
    set_aside: int
    """Events and spoilt batches that were planted and set aside."""

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
    aside: Counter[str] = field(default_factory=Counter)
    """Events that were set aside, as often as they were."""
    spoilt: set[str] = field(default_factory=set)
    """What was set aside that nobody can unpack."""


def judge(told: Told, held: Held) -> Verdict:
    """Compare what was told with what is held."""
    cells, recount = Counter(held.cells), Counter(held.recount)
    found = held.ids + held.aside
    misplaced = (held.aside.keys() - told.poison) | (held.ids.keys() & told.poison)
    return Verdict(
        lost=len(told.ok - found.keys()),
        phantom=len(found.keys() - told.ok - told.possible),
        over=(cells - recount).total(),
        under=(recount - cells).total(),
        imbalance=abs(held.counted - len(held.ids)),
        different=held.different,
        unsettled=len(held.pending),
        misplaced=len(misplaced) + len(told.spoilt ^ held.spoilt),
        skipped=sum(batch < held.folded for batch in held.pending),
        acknowledged=len(told.ok),
        logged=held.ids.total(),
        recovered=len(told.possible & found.keys()),
        set_aside=held.aside.total() + len(held.spoilt),
    )


def recounted(events: Iterable[Any], tiers: Iterable[int]) -> dict[Cell, int]:
    """Every bucket, counted naively from events of which no id comes twice."""
    cells: Counter[Cell] = Counter()
    for event in events:
        shape = event.shape
        for dimension, value in (("", ""), *_told(dict(shape.dimensions))):
            for tier in tiers:
                start = event.at // 1_000_000 // tier * tier
                cells[shape.type, dimension, value, shape.execution, tier, start] += 1
    return dict(cells)


def _told(said: dict[str, str]) -> Iterable[tuple[str, str]]:
    """What events are told apart by; a signal nobody gives here is none."""
    said.pop("signal", None)
    return said.items()


def unpacked(payload: bytes | memoryview) -> Any:
    """The events of a batch; ``None`` if nobody can unpack it."""
    from liveReport.events.batch import decode

    try:
        return decode(payload)
    except Exception:  # noqa: BLE001  # whatever it is, it holds no events
        return None


def names_of(told: Told) -> dict[int, str]:
    """What is in the database in place of the ids that were told of."""
    from liveReport.events.hashes import id_keys
    from liveReport.models import Source

    ids = sorted(told.ok | told.possible | told.poison)
    place = np.zeros(len(ids), np.int64)
    return {
        key: name
        for source in Source.objects.values_list("pk", flat=True)
        for key, name in zip(id_keys(source, [CAMPAIGN], place, ids).tolist(), ids, strict=True)
    }


def settle(settled: Callable[[], bool], patience: float) -> None:
    """Wait until nothing is on its way any more, but no longer than so many seconds."""
    deadline = time.monotonic() + patience
    while not settled() and time.monotonic() < deadline:
        time.sleep(0.5)


def look(told: Told, patience: float) -> Held:
    """Read the database when it has come to rest."""
    from django.db.models import Max

    from liveReport import rollup
    from liveReport.counts.tiers import TIERS
    from liveReport.models import Bucket, EventBatch, QuarantinedBatch, SetAsideBatch

    names = names_of(told)

    def name(event: Any) -> str:
        return names.get(event.id, f"{event.id:x}")

    def events(*models: Any) -> Iterable[Any]:
        for model in models or (EventBatch, QuarantinedBatch):
            for batch in model.objects.order_by("pk").iterator(chunk_size=50):
                yield from unpacked(batch.payload) or ()

    pending = EventBatch.objects.filter(folded=False)

    def settled() -> bool:
        kept = {name(event) for event in events(EventBatch, QuarantinedBatch, SetAsideBatch)}
        return not pending.exists() and told.ok <= kept

    settle(settled, patience)
    first: dict[int, Any] = {}
    for event in events():
        first.setdefault(event.id, event)  # a repeat to another release may say more
    series = (f"series__{field}" for field in ("type", "dimension", "value", "execution"))
    rows = Bucket.objects.values_list(*series, "tier", "start", "count")
    folded = EventBatch.objects.filter(folded=True)
    counts = folded.values_list("count", "duplicates", "late")
    return Held(
        ids=Counter(name(event) for event in events()),
        cells={tuple(cell): count for *cell, count in rows},
        recount=recounted(first.values(), TIERS),
        counted=sum(count - repeated - late for count, repeated, late in counts),
        different=len(rollup.verify()),
        pending=list(pending.values_list("pk", flat=True)),
        folded=folded.aggregate(last=Max("pk"))["last"] or 0,
        aside=Counter(name(event) for event in events(SetAsideBatch)),
        spoilt={
            bytes(payload).decode()
            for payload in SetAsideBatch.objects.values_list("payload", flat=True)
            if unpacked(payload) is None
        },
    )


def main() -> None:
    import django

    django.setup()
    told = Told.read(Path(sys.argv[1]))
    json.dump(asdict(judge(told, look(told, float(sys.argv[2])))), sys.stdout)


if __name__ == "__main__":
    main()
