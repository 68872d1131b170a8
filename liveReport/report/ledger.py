"""The ledger of a campaign: what has become of everybody it set out to reach, run by run."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import ClassVar

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from liveReport.channels import EXECUTION, OTHER, Metric, Text
from liveReport.counts.cells import OTHER_EXECUTIONS
from liveReport.engines.ledger import reading
from liveReport.engines.ledger.reading import LedgerRow
from liveReport.events.moments import microseconds

from .build import RUN_NAMES, execution_column, execution_name, metric_column
from .frames import Column, Frame, Row
from .own import CHANNEL, ChannelTable, Numbers, OwnWidget, channel_column
from .tally import Key
from .window import Window

Figures = dict[str, int | None]
"""The metrics of a row, by key; ``None`` where nobody knows."""

SENT = ("delivered", "bounced", "deferred", "awaiting")
"""What becomes of what was sent: these add up to it."""
TARGETED = ("excluded", "sent", "errors", "queued")
"""These add up to all that were targeted."""
BESIDE = ("unaccounted", "repeats")
KEYS = ("targeted", *TARGETED, *SENT, *BESIDE)


@dataclass(frozen=True, kw_only=True)
class LedgerMetric(Metric):
    """Profiles of a run, each of which stands in one place; or their further messages."""

    unit: ClassVar[str] = "profiles"
    additive: ClassVar[bool] = True
    has_history: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class Repeats(LedgerMetric):
    """Messages, of which a profile can have many."""

    unit: ClassVar[str] = "messages"


METRICS: Sequence[LedgerMetric] = (
    LedgerMetric(
        key="targeted",
        label=_("Targeted"),
        definition=_(
            "Profiles that the run set out to reach: all that are excluded, sent, errors or "
            "queued. Undefined in a run of which nobody says whom it targets."
        ),
        tone="slate",
    ),
    LedgerMetric(
        key="excluded",
        label=_("Excluded"),
        definition=_("Of those targeted: held back before anything was sent."),
        tone="grey",
    ),
    LedgerMetric(
        key="sent",
        label=_("Sent"),
        definition=_(
            "Of those targeted: a message has left. All of them are delivered, bounced, deferred "
            "or awaiting."
        ),
        tone="blue",
    ),
    LedgerMetric(
        key="errors",
        label=_("Errors"),
        definition=_("Of those targeted: sending failed, and nothing was sent after all."),
        tone="red",
    ),
    LedgerMetric(
        key="queued",
        label=_("Queued"),
        definition=_("Of those targeted: nothing has happened yet."),
    ),
    LedgerMetric(
        key="delivered",
        label=_("Delivered"),
        definition=_("Of those sent: the first message has arrived."),
        tone="teal",
    ),
    LedgerMetric(
        key="bounced",
        label=_("Bounced"),
        definition=_("Of those sent: the first message came back."),
        tone="amber",
    ),
    LedgerMetric(
        key="deferred",
        label=_("Deferred"),
        definition=_("Of those sent: the first message will be tried again."),
    ),
    LedgerMetric(
        key="awaiting",
        label=_("Awaiting"),
        definition=_("Of those sent: nobody has said yet what became of the first message."),
    ),
    LedgerMetric(
        key="unaccounted",
        label=_("Unaccounted"),
        definition=_(
            "Profiles of whom is said what cannot be: delivered, bounced or deferred without "
            "having been sent, both delivered and bounced, both excluded and sent, or any of "
            "it without having been targeted. They are counted here only."
        ),
        tone="magenta",
    ),
    Repeats(
        key="repeats",
        label=_("Repeats"),
        definition=_("Messages that were sent to a profile after its first one in the run."),
    ),
)


class Ledger(OwnWidget):
    """A row for each channel and execution. It covers whole runs, whatever the window."""

    widget = ChannelTable(
        key="ledger",
        title=_("Ledger"),
        help=_(
            "What became of everybody whom a run set out to reach, from its beginning. Each "
            "profile stands in one place: targeted is the sum of excluded, sent, errors and "
            "queued, and sent that of delivered, bounced, deferred and awaiting. Histories that "
            "cannot be are unaccounted. A run has no figures that began before its ledger, and "
            "neither have those that are too many to be counted apart."
        ),
        metrics=tuple(metric.key for metric in METRICS),
        size=(12, 5),
    )
    metrics = METRICS

    def frame(self, numbers: Numbers) -> Frame:
        rows = [row for slug, held in _held(numbers) for row in self._rows(slug, held)]
        return Frame(
            columns=[channel_column(), execution_column(), *map(_column, METRICS)],
            rows=[*rows],
            totals={**{metric.key: _sum(rows, metric.key) for metric in METRICS}},
        )

    def names(self, numbers: Numbers) -> dict[str, Text]:
        return numbers.names | RUN_NAMES

    def notes(self) -> dict[str, Text]:
        return {"targeted": _("Not known: nobody says whom the run targets.")}

    def remark(self, numbers: Numbers, frame: Frame) -> Text:
        """Whether everybody is accounted for, or on which channels somebody is not."""
        wrong: Counter[str] = Counter()
        for row in frame.rows:
            wrong[str(row[CHANNEL])] += int(row["unaccounted"] or 0)
        found = [(numbers.names[slug], count) for slug, count in wrong.items() if count]
        if found:
            listed = format_lazy(", ".join(["{} ({})"] * len(found)), *chain(*found))
            return format_lazy("{} {}.", _("Not accounted for:"), listed)
        known = [row["unaccounted"] is not None for row in frame.rows]
        if known and all(known):
            return _("Balances: everybody is accounted for.")
        return _("Balances, as far as it is known whom runs target.") if any(known) else ""

    def _rows(self, slug: str, held: Sequence[LedgerRow]) -> Iterator[Row]:
        """The rows of a channel, the latest run first; all but the largest in one."""
        runs = [row for row in held if row.execution != OTHER_EXECUTIONS]
        runs.sort(key=lambda row: (_size(row), row.execution), reverse=True)
        shown, rest = runs[: self.widget.limit], runs[self.widget.limit :]
        rest += [row for row in held if row.execution == OTHER_EXECUTIONS]
        for row in sorted(shown, key=lambda row: row.execution, reverse=True):
            yield _row(slug, row.execution, figures(row))
        if rest:
            yield _row(slug, OTHER, _together([figures(row) for row in rest]))


def _column(metric: Metric) -> Column:
    return replace(metric_column(metric), adds_up=True)


def _held(numbers: Numbers) -> Iterator[tuple[str, list[LedgerRow]]]:
    """The channels, each with its runs that anything happened in within a day."""
    if not numbers.channels:
        return
    since = microseconds(Window.at(numbers.now).start)
    rows = reading.rows(numbers.channels[0].campaign.pk, since)
    for tallies in numbers.channels:
        yield tallies.channel.slug, [row for row in rows if row.channel == tallies.channel.slug]


def _size(row: LedgerRow) -> int:
    return sum(row.targeted.values()) + sum(row.others.values())


def _row(slug: str, execution: Key, values: Figures) -> Row:
    return {CHANNEL: slug, EXECUTION: execution_name(execution), **values}


def _together(rows: Sequence[Figures]) -> Figures:
    """Several runs as one; what is not known of one of them is not known of all."""
    return {
        key: None if any(row[key] is None for row in rows) else sum(row[key] or 0 for row in rows)
        for key in KEYS
    }


def _sum(rows: Sequence[Row], key: str) -> int | None:
    """Of what is known."""
    known = [value for row in rows if isinstance(value := row[key], int)]
    return sum(known) if known else None


def figures(row: LedgerRow) -> Figures:
    """A run's metrics.

    Where anybody is targeted, a profile that is not and was reached all the same has a history
    that cannot be.
    """
    if not row.is_whole:
        return dict.fromkeys(KEYS)
    if not any(row.targeted.values()):
        nobody_says = dict.fromkeys(("targeted", "queued", "unaccounted"))
        return _placed(row.others) | nobody_says
    untargeted = sum(row.others.values()) - row.others["repeats"]
    return _placed(row.targeted) | {"unaccounted": row.targeted["impossible"] + untargeted}


def _placed(profiles: Mapping[str, int]) -> Figures:
    """Profiles by where they stand."""
    placed = {key: profiles[key] for key in ("excluded", "queued", *SENT, "repeats")}
    placed["errors"] = profiles["failed"]
    placed["sent"] = sum(placed[key] for key in SENT)
    placed["targeted"] = sum(placed[key] for key in TARGETED)
    return {**placed}
