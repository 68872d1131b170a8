"""ClickHouse's engine (chDB) over a raw MergeTree and over an aggregating view of it."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from chdb import session  # type: ignore[import-not-found, unused-ignore]

from .measure import CATEGORY, QUERIES, Peer, run, strings

RAW = """
CREATE TABLE bench.event (
    campaign LowCardinality(String), type LowCardinality(String), at Int64, profile Int64,
    domain LowCardinality(String), reason LowCardinality(String), category LowCardinality(String)
) ENGINE = MergeTree ORDER BY (campaign, type, at)
"""
VIEW = """
CREATE MATERIALIZED VIEW bench.minutes ENGINE = AggregatingMergeTree
ORDER BY (campaign, type, minute, domain, reason, category)
AS SELECT campaign, type, intDiv(at, 60000000) AS minute, domain, reason, category,
    countState() AS events, uniqState(profile) AS profiles
FROM bench.event GROUP BY campaign, type, minute, domain, reason, category
"""
DTYPE = [("type", "i1"), ("at", "<i8"), ("profile", "<i8"), ("domain", "i1"), ("reason", "i1")]
STRUCTURE = "type Int8, at Int64, profile Int64, domain Int8, reason Int8"


class ClickHouse(Peer):
    """Tables on disk, as the engine keeps them; all cores."""

    name = "ClickHouse"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="livereport-bench-")
        self._base = session.Session(f"{self._folder.name}/base")
        for statement in ("CREATE DATABASE bench ENGINE = Atomic", RAW, VIEW):
            self._base.query(statement)

    def insert(self, part: dict[str, Any]) -> None:
        rows = np.empty(len(part["at"]), DTYPE)
        for column in part:
            rows[column] = part[column]
        file = Path(self._folder.name) / "part.bin"
        file.write_bytes(rows.tobytes())
        # The place before the first is an empty string, and stands for no value.
        names = {
            column: f"arrayElement({list(values)!r}, {column} + 1)"
            for column, values in strings().items()
        }
        self._base.query(
            f"INSERT INTO bench.event SELECT 'bench', {names['type']}, at, profile, "
            f"{names['domain']}, {names['reason']}, if(type = 7, '{CATEGORY}', '') "
            f"FROM file('{file}', 'RowBinary', '{STRUCTURE}')"
        )

    def variants(self) -> dict[str, list[str]]:
        raw = {
            "events": "count()",
            "profiles": "uniq(profile)",
            "step": "intDiv(at, 900000000)",
            "table": "bench.event",
        }
        view = {
            "events": "countMerge(events)",
            "profiles": "uniqMerge(profiles)",
            "step": "intDiv(minute, 15)",
            "table": "bench.minutes",
        }
        found = {"raw MergeTree": raw, "aggregating view": view}
        return {name: [query.format(**of) for query in QUERIES] for name, of in found.items()}

    def count(self) -> int:
        return int(self._base.query("SELECT countMerge(events) FROM bench.minutes", "CSV").data())

    def ask(self, query: str) -> None:
        self._base.query(query, "Native").bytes()


if __name__ == "__main__":
    run(ClickHouse())
