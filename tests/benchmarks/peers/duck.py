"""DuckDB over raw columns."""

from typing import Any

import duckdb  # type: ignore[import-not-found, unused-ignore]

from .measure import CATEGORY, QUERIES, Peer, run, strings

DISTINCT = "approx_count_distinct(profile)"


class Duck(Peer):
    """One in-memory table, strings as enums; all cores."""

    name = "DuckDB"

    def __init__(self) -> None:
        self._base = duckdb.connect()
        for column, values in {**strings(), "category": (CATEGORY,)}.items():
            listed = ", ".join(f"'{value}'" for value in values)
            self._base.execute(f"CREATE TYPE {column}_name AS ENUM ({listed})")
        self._base.execute(
            'CREATE TABLE event (campaign VARCHAR, type type_name, "at" BIGINT, profile BIGINT, '
            "domain domain_name, reason reason_name, category category_name)"
        )

    def insert(self, part: dict[str, Any]) -> None:
        names = {
            column: f"list_extract({list(values)!r}, {column} + 1)::{column}_name"
            for column, values in strings().items()
        }
        category = f"CASE WHEN type = 7 THEN '{CATEGORY}'::category_name END"
        self._base.register("part", part)
        self._base.execute(
            f"INSERT INTO event SELECT 'bench', {names['type']}, \"at\", profile, "
            f"{names['domain']}, {names['reason']}, {category} FROM part"
        )
        self._base.unregister("part")

    def variants(self) -> dict[str, list[str]]:
        step = '"at" // 900000000'
        of = {"events": "COUNT(*)", "profiles": DISTINCT, "step": step, "table": "event"}
        return {"raw columns": [query.format(**of) for query in QUERIES]}

    def count(self) -> int:
        ((count,),) = self._base.execute("SELECT COUNT(*) FROM event").fetchall()
        return int(count)

    def ask(self, query: str) -> None:
        self._base.execute(query).fetchall()


if __name__ == "__main__":
    run(Duck())
