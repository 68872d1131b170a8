"""How long ago, and why not, in words: what pages say of sources."""

from django.utils.translation import gettext as _

from liveReport.channels import REFUSALS

_LONG = 120
"""Minutes from which on hours say enough, and days twice as many hours as a day has."""
_DAYS = 48


def duration(minutes: int) -> str:
    """So many minutes, in the unit that suits: “7 min”, “3 h”, “2 d”."""
    if minutes < _LONG:
        return _("%(number)d min") % {"number": minutes}
    hours = minutes // 60
    if hours < _DAYS:
        return _("%(number)d h") % {"number": hours}
    return _("%(number)d d") % {"number": hours // 24}


def ago(seconds: float) -> str:
    """So long ago: “just now”, “7 min ago”."""
    minutes = max(int(seconds // 60), 0)
    return _("%(time)s ago") % {"time": duration(minutes)} if minutes else _("just now")


def why(code: str) -> str:
    """The reason of a refusal. A code that nobody has put into words speaks for itself."""
    return str(REFUSALS.get(code, code)) or _("reason unknown")
