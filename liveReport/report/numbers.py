"""Values as people read them, in the active language."""

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from .frames import Column, Value

UNDEFINED = "—"


class Writer:
    """Writes numbers and shares in the language that is active when it is made."""

    def __init__(self) -> None:
        self._thousands = str(get_format("THOUSAND_SEPARATOR"))
        self._decimal = str(get_format("DECIMAL_SEPARATOR"))

    def count(self, value: int) -> str:
        return f"{value:,}".replace(",", self._thousands)

    def pace(self, value: float) -> str:
        """So many a minute, which may be less than one in two minutes."""
        if value >= 10 or value == int(value):
            return self.count(round(value))
        return f"{value:.1f}".replace(".", self._decimal)

    def share(self, fraction: float) -> str:
        """A percentage that is never rounded up to all or down to nothing."""
        percent = fraction * 100
        if 0 < percent < 0.1:
            return _("< %(percent)s") % {"percent": self._percent(0.1)}
        if 99.9 < percent < 100:
            return _("> %(percent)s") % {"percent": self._percent(99.9)}
        return self._percent(percent)

    def fine(self, fraction: float) -> str:
        """A percentage with as many digits as tell a small one from its limit."""
        percent = fraction * 100
        if not 0.01 <= percent < 1:
            return self.share(fraction)
        text = f"{percent:.2f}".replace(".", self._decimal)
        return _("%(number)s%%") % {"number": text}

    def portion(self, part: int, whole: int) -> str:
        """A share of something; of nothing there is none."""
        return self.share(min(part / whole, 1)) if whole else UNDEFINED

    def value(self, column: Column, value: Value) -> str:
        """A cell of a frame as text."""
        if value is None:
            return UNDEFINED
        if isinstance(value, str):
            return value
        if column.unit == "ratio":
            return self.share(value)
        return self._mean(value) if column.unit == "per_minute" else self.count(int(value))

    def percent(self, percent: int) -> str:
        """A whole number of hundredths."""
        return _("%(number)s%%") % {"number": percent}

    def _mean(self, value: float) -> str:
        """Precise where it is small."""
        return self._fixed(value) if 0 < value < 10 else self.count(round(value))

    def _percent(self, percent: float) -> str:
        return _("%(number)s%%") % {"number": self._fixed(percent)}

    def _fixed(self, value: float) -> str:
        return f"{value:.1f}".replace(".", self._decimal)
