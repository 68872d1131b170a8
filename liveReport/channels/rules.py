"""When a rate is bad enough to say so: what a channel declares, and a campaign can change."""

from dataclasses import dataclass

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .causes import Cause
from .texts import Text


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Up to where a rate is as it should be.

    ``metric`` is the key of a ``Rate``; ``warn`` and ``critical`` are fractions that it must not
    exceed, or not fall below where ``lower_is_worse``. Below ``min_sample``, of what the rate
    divides by, nobody judges; nor until it has been so for ``duration`` minutes. Where what is
    divided happens ``at_once`` with what divides it, as an error does with its attempt, the last
    quarter of an hour is judged by itself as well: of a long run the whole moves too slowly.
    ``cause`` says who acts where no reason makes up most of it.
    """

    metric: str
    warn: float
    critical: float
    cause: Cause
    min_sample: int = 100
    duration: int = 0
    lower_is_worse: bool = False
    at_once: bool = False


def mistake(rule: Rule, warn: float, critical: float, min_sample: int) -> tuple[str, Text] | None:
    """Which of these limits cannot be those of a rule, and why; ``None`` if all can."""
    for field, value in (("warn", warn), ("critical", critical)):
        if not 0 < value <= 1:  # nor is what is no number
            return field, _("It must be a fraction above 0, and at most 1.")
    if rule.lower_is_worse and critical > warn:
        return "critical", _("It must not be above the warning’s: the lower, the worse.")
    if not rule.lower_is_worse and critical < warn:
        return "critical", _("It must not be below the warning’s.")
    if not 1 <= min_sample <= MOST:
        return "min_sample", format_lazy(_("It must be from 1 to {most}."), most=MOST)
    return None


MOST = 1_000_000_000
"""Of a sample that can be asked for."""
