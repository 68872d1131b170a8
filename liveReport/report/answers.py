"""What the report answers: the head, its tabs, and one tab with its widgets."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from liveReport.channels import Text
from liveReport.events.moments import rfc3339
from liveReport.models import Campaign

from .build import utc
from .frames import WidgetInfo, WidgetReport
from .heartbeat import Heartbeat
from .judging import Level
from .verdicts import Judgement
from .window import Window

WidgetFilter = Callable[[WidgetInfo], bool]
"""Whether a widget is wanted."""


def by_default(widget: WidgetInfo) -> bool:
    """Those are wanted that the tab shows before anybody adds one."""
    return widget.by_default


def every(widget: WidgetInfo) -> bool:
    """All are wanted that the tab can show."""
    return True


class UnknownTab(LookupError):
    """The campaign has no such tab (now)."""


class UnknownWidget(LookupError):
    """The tab has no such widget (now)."""


@dataclass(frozen=True)
class Tab:
    """A tab: ``campaign``, or the slug of a channel; ``level`` as it stands now."""

    slug: str
    title: Text
    level: Level = Level.OK


@dataclass(frozen=True)
class Head:
    """What every response of a report says first.

    ``as_of``: everything received before is in the numbers; ``lag_seconds``: its
    age; ``version``: changes whenever a number, a tab or a verdict may have; ``heartbeat``: that
    of the sources behind the tab. ``judgement`` has the verdicts on all channels, whichever tab it
    is the head of. ``counted_at``: no number is of a later fold, which says which events are
    behind them; ``None`` before the first.
    """

    campaign: Campaign
    window: Window
    as_of: datetime
    lag_seconds: float
    version: str
    tabs: Sequence[Tab]
    heartbeat: Heartbeat
    judgement: Judgement
    counted_at: datetime | None = None

    @property
    def level(self) -> Level:
        """The worst of all verdicts, or what is between them and calm."""
        return self.judgement.level()

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign.slug,
            "window": {
                "from": utc(self.window.start.timestamp()),
                "to": utc(self.window.end.timestamp()),
                "name": self.window.name,
                "step_seconds": self.window.step,
            },
            "as_of": utc(self.as_of.timestamp()),
            "counted_at": rfc3339(self.counted_at) if self.counted_at else None,
            "lag_seconds": self.lag_seconds,
            "version": self.version,
            "level": self.level.value,
            "verdicts": [verdict.as_json() for verdict in self.judgement.verdicts()],
            "doubts": self.judgement.doubts(),
            "tabs": [
                {"slug": tab.slug, "title": str(tab.title), "level": tab.level.value}
                for tab in self.tabs
            ],
            "silent": self.heartbeat.as_json(),
        }


@dataclass(frozen=True)
class TabReport:
    """One tab with its widgets, and the slugs of the ``channels`` that have a part in it.

    ``executions`` are those one can choose from, the latest of them when there are
    ``more_executions``. Of those that are ``selected`` the ``folded_executions`` are not
    counted apart, because there are too many: what happened in them is with all others'.
    ``offer`` lists all that the tab could show, in the order in which they are declared.
    """

    head: Head
    tab: Tab
    channels: Sequence[str]
    executions: Sequence[datetime]
    more_executions: bool
    selected: Sequence[datetime]
    folded_executions: Sequence[datetime]
    offer: Sequence[WidgetInfo]
    widgets: Sequence[WidgetReport]

    def as_json(self) -> dict[str, Any]:
        return self.head.as_json() | {
            "tab": self.tab.slug,
            "executions": _written(self.executions),
            "folded_executions": _written(self.folded_executions),
            "widgets": [widget.as_json() for widget in self.widgets],
        }


def _written(moments: Iterable[datetime]) -> list[str]:
    return [utc(moment.timestamp()) for moment in moments]
