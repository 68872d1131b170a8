"""What producers were told about each event, on disk before they believe it."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Lock
from time import time


class Ledger:
    """An append-only file.

    ``ok`` is an acknowledgement, ``refused`` a definite no, ``info`` neither of them.
    ``poison`` are events that cannot be folded, ``spoilt`` batches that nobody can unpack.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        self._lock = Lock()

    def note(self, phase: str, ids: Iterable[str]) -> None:
        """Write what happened to some events just now; on disk when this returns."""
        line = json.dumps({"at": time(), "phase": phase, "ids": list(ids)})
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


@dataclass
class Told:
    """A ledger read back."""

    ok: set[str] = field(default_factory=set)
    possible: set[str] = field(default_factory=set)
    """Sent without an answer at least once: they may be in the log or not."""
    poison: set[str] = field(default_factory=set)
    spoilt: set[str] = field(default_factory=set)
    oks: list[float] = field(default_factory=list)
    """When acknowledgements came, in seconds since 1970."""

    @classmethod
    def read(cls, path: Path) -> "Told":
        told = cls()
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            if entry["phase"] == "ok":
                told.ok.update(entry["ids"])
                told.oks.append(entry["at"])
            elif entry["phase"] == "info":
                told.possible.update(entry["ids"])
            elif entry["phase"] == "poison":
                told.poison.update(entry["ids"])
            elif entry["phase"] == "spoilt":
                told.spoilt.update(entry["ids"])
        return told

    @property
    def longest_gap(self) -> float:
        """Seconds between two acknowledgements, at most."""
        return max((later - sooner for sooner, later in pairwise(sorted(self.oks))), default=0.0)
