"""The ledger of a campaign: what has become of everybody it set out to reach, run by run."""

from collections.abc import Mapping

from liveReport.engines.ledger.reading import LedgerRow

Figures = dict[str, int | None]
"""The metrics of a row, by key; ``None`` where nobody knows."""

SENT = ("delivered", "bounced", "deferred", "awaiting")
"""What becomes of what was sent: these add up to it."""
TARGETED = ("excluded", "sent", "errors", "queued")
"""These add up to all that were targeted."""
BESIDE = ("unaccounted", "repeats")
KEYS = ("targeted", *TARGETED, *SENT, *BESIDE)


def figures(row: LedgerRow) -> Figures:
    """A run's metrics.

    Where anybody is targeted, a profile that is not and was reached all the same has a history
    that cannot be.
    """
    if not row.is_whole:
        return dict.fromkeys(KEYS)
    if not any(row.targeted.values()):
        nobody_says = dict.fromkeys(("targeted", "queued", "unaccounted"))
        return _placed(row.others) | nobody_says
    untargeted = sum(row.others.values()) - row.others["repeats"]
    return _placed(row.targeted) | {"unaccounted": row.targeted["impossible"] + untargeted}


def _placed(profiles: Mapping[str, int]) -> Figures:
    """Profiles by where they stand."""
    placed = {key: profiles[key] for key in ("excluded", "queued", *SENT, "repeats")}
    placed["errors"] = profiles["failed"]
    placed["sent"] = sum(placed[key] for key in SENT)
    placed["targeted"] = sum(placed[key] for key in TARGETED)
    return {**placed}
