"""What the report reads of the ledgers."""

from typing import NamedTuple

from liveReport.engines import sql

from .runs import COUNTS, LEDGERS, NUMBERS


class LedgerRow(NamedTuple):
    """A run of a channel: how many profiles are what, of those targeted and of those that are not.

    Each by the names in ``runs.NUMBERS``. One that is not ``is_whole`` began before its
    ledger, or counts many executions together.
    """

    channel: str
    execution: int
    is_whole: bool
    targeted: dict[str, int]
    others: dict[str, int]


def rows(campaign: int, since: int) -> list[LedgerRow]:
    """The runs that anything happened in since a time, in microseconds, in no order."""
    names = ", ".join(f"counted.{name}" for name in NUMBERS)
    found: dict[tuple[str, int], LedgerRow] = {}
    query = (
        f"SELECT channel, execution, whole, targeted, {names} FROM {LEDGERS} ledger"
        f" LEFT JOIN {COUNTS} counted ON counted.ledger_id = ledger.id"
        " WHERE campaign_id = %s AND last_at >= %s"
    )
    for channel, execution, whole, targeted, *numbers in sql.fetch(query, [campaign, since]):
        nothing = dict.fromkeys(NUMBERS, 0)
        row = LedgerRow(channel, execution, bool(whole), nothing, dict(nothing))
        row = found.setdefault((channel, execution), row)
        if targeted is not None:
            (row.targeted if targeted else row.others).update(zip(NUMBERS, numbers, strict=True))
    return list(found.values())
