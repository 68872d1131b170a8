"""From the event log to the rollups: claim, fold, commit; set aside; prune; verify."""

from .aside import try_again
from .commit import tick
from .retention import prune
from .verify import Difference, verify

__all__ = ["Difference", "prune", "tick", "try_again", "verify"]
