"""Values as people read them, in the active language."""

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from liveReport.report.frames import Column, Value

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

    def value(self, column: Column, value: Value) -> str:
        """A cell of a frame as text."""
        if value is None:
            return UNDEFINED
        if isinstance(value, str):
            return value
        return self.share(value) if column.unit == "ratio" else self.count(int(value))

    def _percent(self, percent: float) -> str:
        number = f"{percent:.1f}".replace(".", self._decimal)
        return _("%(number)s%%") % {"number": number}
