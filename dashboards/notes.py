"""What a value stands on, in words: its base, how sure it is, and why it is marked."""

from django.utils.translation import gettext as _

from liveReport.channels import Text
from liveReport.report.frames import Base, Column
from liveReport.report.numbers import Writer
from liveReport.report.proportions import FEW, wilson
from liveReport.report.window import RUN, WINDOW


class Notes:
    """Writes notes in the language that is active when it is made."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._of = _("%(rate)s: %(part)s of %(whole)s %(of)s.")
        self._per = _("%(rate)s: %(part)s to %(whole)s %(of)s.")
        self._between = _("With 95%% confidence between %(low)s and %(high)s.")
        self._events = _("%(profiles)s profiles, %(events)s %(of)s.")
        self._few = _("Too few to judge: of fewer than %(few)s.") % {"few": FEW}
        self.distinct = _(
            "Distinct, not a sum: a profile that is in several rows counts once in all."
        )
        self.estimate = _("An estimate.")
        self.incomplete = {
            WINDOW: _(
                "Partial: some of the messages behind this rate were sent before the window began."
            ),
            RUN: _(
                "Partial: some of the messages behind this rate were sent more than 24 hours ago."
            ),
        }
        self.began_before = _("Partial: began before the window.")

    def base(self, column: Column, base: Base | None) -> str:
        """What a rate divides and how sure it is, or how many events profiles had."""
        if base is None or not column.of:
            return ""
        names = " + ".join(within(label) for label in column.of)
        if column.unit == "ratio":
            return self._rate(column, base, names)
        events, profiles = self._writer.count(base.whole), self._writer.count(base.part)
        return self._events % {"profiles": profiles, "events": events, "of": names}

    def _rate(self, column: Column, base: Base, names: str) -> str:
        pattern = self._of if column.is_proportion else self._per
        counts = {name: self._writer.count(value) for name, value in base._asdict().items()}
        said = [pattern % {"rate": column.label, "of": names, **counts}]
        if column.is_proportion and 0 <= base.part <= base.whole and base.whole:
            low, high = map(self._writer.share, wilson(*base))
            said.append(self._between % {"low": low, "high": high})
        if is_few(column, base):
            said.append(self._few)
        return " ".join(said)


def is_few(column: Column, base: Base | None) -> bool:
    """Whether a proportion is of too few to judge."""
    return bool(base and column.is_proportion and 0 < base.whole < FEW)


def within(label: Text) -> str:
    """A label as it is written within a sentence; an abbreviation stays as it is."""
    text = str(label)
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
