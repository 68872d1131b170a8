"""From the event log to the rollups: claim, fold, commit; prune; verify."""

from .commit import tick
from .retention import prune
from .verify import Difference, verify

__all__ = ["Difference", "prune", "tick", "verify"]
