"""Which colour stands for what, the same in every widget.

A tone is a name; the stylesheet gives it one colour for light and one for dark. Which
metric has which is for its channel to say.
"""

from collections.abc import Sequence

from liveReport.channels import NONE, OTHER
from liveReport.report.frames import Column

SEQUENCE = ("blue", "amber", "teal", "magenta", "violet", "olive", "sky", "brown")
"""For metrics that have none of their own, in this order."""

SHADES = 6
"""Of a tone, for the values of a dimension; the stylesheet has as many."""

REST = "grey"


def of_metrics(metrics: Sequence[Column]) -> dict[str, str]:
    """A tone for each metric of one widget: its own, or the next that no other has."""
    own = {column.key: column.tone for column in metrics if column.tone}
    free = iter([tone for tone in SEQUENCE if tone not in own.values()])
    return {column.key: own.get(column.key) or next(free, REST) for column in metrics}


def of_values(values: Sequence[str], tone: str) -> list[tuple[str, int]]:
    """A tone and its shade for each value of a dimension by which a metric is divided.

    They are shades of the metric's own tone, the strongest first, so that none looks like
    another metric; what is not a slice of its own is grey.
    """
    free = iter(range(1, SHADES + 1))
    shades = [0 if value in (NONE, OTHER) else next(free, 0) for value in values]
    return [(tone, shade) if shade else (REST, 0) for shade in shades]
