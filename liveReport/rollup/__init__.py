"""From the event log to the rollups: claim, fold, commit; set aside; prune; verify."""

from liveReport.engines.set_aside import try_again

from .retention import prune
from .tick import fold_pending
from .verify import Difference, verify

__all__ = ["Difference", "fold_pending", "prune", "try_again", "verify"]
