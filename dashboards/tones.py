"""Which colour stands for what, the same in every widget.

A tone is a name; the stylesheet gives it one colour for light and one for dark.
"""

from collections.abc import Sequence

from liveReport.channels import NONE, OTHER

METRICS = {
    "targeted": "slate",
    "audience": "slate",
    "excluded": "grey",
    "sent": "blue",
    "delivered": "teal",
    "actions_delivered": "teal",
    "bounces": "amber",
    "returned": "amber",
    "errors": "red",
    "retries": "olive",
    "opens": "violet",
    "unique_opens": "violet",
    "clicks": "magenta",
    "unique_clicks": "magenta",
    "actions": "magenta",
    "unsubscribes": "brown",
    "spam_complaints": "pink",
    "impressions": "blue",
    "unique_impressions": "sky",
    "interactions": "violet",
    "offer_sent": "blue",
    "offer_impressions": "sky",
    "offer_clicks": "magenta",
}
"""Metrics of the same meaning share a tone across channels; others take the next free one."""

SEQUENCE = ("blue", "amber", "teal", "magenta", "violet", "olive", "sky", "brown")
REST = "grey"


def of_metrics(keys: Sequence[str]) -> dict[str, str]:
    """A tone for each metric of one widget."""
    known = {METRICS[key] for key in keys if key in METRICS}
    free = iter([tone for tone in SEQUENCE if tone not in known])
    return {key: METRICS.get(key) or next(free, REST) for key in keys}


def of_values(values: Sequence[str], slices: int) -> list[str]:
    """A tone for each dimension value; what is not a slice of its own is grey."""
    free = iter(SEQUENCE[:slices])
    return [REST if value in (NONE, OTHER) else next(free, REST) for value in values]
