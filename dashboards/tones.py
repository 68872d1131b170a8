"""Which colour stands for what, the same in every widget.

A tone is a name; the stylesheet gives it one colour for light and one for dark. Which
metric has which is for its channel to say.
"""

from collections.abc import Sequence

from liveReport.channels import NONE, OTHER
from liveReport.report.frames import Column

SEQUENCE = ("blue", "amber", "teal", "magenta", "violet", "olive", "sky", "brown")
"""For metrics and values that have none of their own, in this order."""

REST = "grey"


def of_metrics(metrics: Sequence[Column]) -> dict[str, str]:
    """A tone for each metric of one widget: its own, or the next that no other has."""
    own = {column.key: column.tone for column in metrics if column.tone}
    free = iter([tone for tone in SEQUENCE if tone not in own.values()])
    return {column.key: own.get(column.key) or next(free, REST) for column in metrics}


def of_values(values: Sequence[str], slices: int) -> list[str]:
    """A tone for each dimension value; what is not a slice of its own is grey."""
    free = iter(SEQUENCE[:slices])
    return [REST if value in (NONE, OTHER) else next(free, REST) for value in values]
