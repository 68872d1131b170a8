"""What events were called when they were sent: the log knows only keys that stand for that."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from liveReport.events.batch import Events, decode
from liveReport.events.columns import Ints
from liveReport.events.hashes import id_keys
from liveReport.ingest import contract
from liveReport.models import Source

_sent: dict[int, str] = {}


def _noting(source: int, campaigns: Sequence[str], place: Ints, ids: Iterable[str]) -> Ints:
    names = list(ids)
    keys = id_keys(source, campaigns, place, names)
    _sent.update(zip(keys.tolist(), names, strict=True))
    return keys


def note_names(monkeypatch: Any) -> None:
    """Remember the id of every event that this process receives."""
    _sent.clear()
    monkeypatch.setattr(contract, "id_keys", _noting)


def names(events: Events | bytes | memoryview) -> list[str]:
    """The ids that events were sent with to this process."""
    held = events if isinstance(events, Events) else decode(events)
    return [_sent[key] for key in held.ids.tolist()]


def keys(source: Source | int, ids: Iterable[str], campaign: str = "summer") -> list[int]:
    """What stands for events' ids in the log."""
    sent = list(ids)
    pk = source if isinstance(source, int) else source.pk
    return id_keys(pk, [campaign], np.zeros(len(sent), np.int64), sent).tolist()
