"""Which runs have a ledger, for how long, and how one that is wrong is mended."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from liveReport import rollup
from liveReport.counts.cells import OTHER_EXECUTIONS
from liveReport.engines.ledger import reading, runs, segments
from liveReport.engines.ledger.runs import NUMBERS
from liveReport.memory import forget_all
from liveReport.models import Campaign, Ledger, LedgerCount, LedgerSegment, Source
from liveReport.report import tab_widget
from liveReport.report.ledger import KEYS, figures
from liveReport.rollup import admission
from tests.support import ledger, rollups
from tests.support.factories import CampaignFactory
from tests.support.rollups import MINUTE, NOW, RUNS, Event, event, log, microseconds

_without_waiting = rollups.without_waiting
pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
RUN, OTHER_RUN = RUNS[1], RUNS[2]


def figures_of(campaign: Campaign, run: str | None) -> dict[str, Any] | None:
    """What is not 0 of a run; ``None`` where it has no row."""
    for row in reading.rows(campaign.pk, 0):
        if row.execution == microseconds(run):
            return {key: value for key, value in figures(row).items() if value != 0}
    return None


def send(source: Source, *events: Event, now: Any = NOW) -> None:
    log(source, *events, now=now)
    rollup.fold_pending(now)


NOTHING = dict.fromkeys(KEYS)
SENT = {"targeted": 1, "sent": 1, "awaiting": 1}


def test_a_channel_that_sends_nothing_has_no_ledger(campaign: Campaign, source: Source) -> None:
    send(source, event(channel="web", type="impression"), event(channel="web", type="excluded"))
    assert not Ledger.objects.exists()


def test_what_is_not_counted_apart_has_no_figures(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "EXECUTIONS", 1)
    send(source, event(type="targeted", execution=OTHER_RUN), event(execution=OTHER_RUN))
    assert figures_of(campaign, OTHER_RUN) == SENT
    crowd = [event(type=kind, execution=RUN) for kind in ("targeted", "sent", "sent", "delivered")]
    send(source, *crowd)
    rows = {row.execution: figures(row) for row in reading.rows(campaign.pk, 0)}
    assert rows[OTHER_EXECUTIONS] == NOTHING
    assert microseconds(OTHER_RUN) not in rows
    _head, widget = tab_widget(campaign, "campaign", "ledger", [], NOW)
    assert widget.frame is not None
    assert widget.frame.rows[-1] == {"channel": "email", "execution": "__other__", **NOTHING}
    assert rollup.verify(NOW) == []


def test_what_comes_too_late_begins_no_new_ledger_of_a_run_that_leaves(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "EXECUTIONS", 1)
    send(source, event(type="targeted", profile="p", execution=OTHER_RUN))
    late = event(27 * HOUR, profile="q", execution=OTHER_RUN)
    send(source, late, event(execution=RUN), event(execution=RUN))
    assert figures_of(campaign, OTHER_RUN) is None
    assert rollup.verify(NOW) == []


def test_a_run_that_began_before_its_ledger_has_no_figures_until_it_is_recounted(
    campaign: Campaign, source: Source
) -> None:
    """As after an upgrade."""
    start = NOW - HOUR
    run = start.isoformat()
    send(source, event(type="targeted", execution=run), event(execution=run))
    for model in (LedgerSegment, LedgerCount, Ledger):
        model.objects.all().delete()
    send(source, event(type="delivered", execution=run))
    assert figures_of(campaign, run) == NOTHING
    assert rollup.verify(NOW, rebuild=True) == []  # the log may not go back to its beginning
    earlier = event(2 * HOUR, channel="sms")
    log(source, earlier, now=NOW - 2 * HOUR)
    rollup.fold_pending(NOW)
    assert len(rollup.verify(NOW, rebuild=True)) == 1
    assert figures_of(campaign, run) == {"targeted": 1, "sent": 1, "delivered": 1}
    assert rollup.verify(NOW) == []


def test_a_ledger_outlives_what_the_report_shows_of_its_run(
    campaign: Campaign, source: Source
) -> None:
    """A message may be deferred for days."""
    send(source, event(type="targeted", execution=RUN), event(execution=RUN, message="m"))
    later = NOW + 60 * HOUR
    rollup.prune(later)
    send(
        source,
        event(type="delivered", execution=RUN, message="m", now=later),
        now=later,
    )
    assert figures_of(campaign, RUN) == {"targeted": 1, "sent": 1, "delivered": 1}
    assert rollup.verify(later) == []


def test_what_nobody_can_recount_any_more_is_deleted(campaign: Campaign, source: Source) -> None:
    send(source, event(execution=RUN), event())
    rollup.prune(NOW + 71 * HOUR)
    assert Ledger.objects.count() == 2
    rollup.prune(NOW + 73 * HOUR)
    for model in (Ledger, LedgerCount, LedgerSegment):
        assert not model.objects.exists()


def test_a_run_without_end_forgets_who_has_not_been_heard_of(
    campaign: Campaign, source: Source
) -> None:
    send(source, event(type="targeted"), event(), event(type="targeted", profile="p-2"))
    for days in (1, 2, 3, 4):
        now = NOW + days * 24 * HOUR
        send(source, event(now=now, profile="p-2", message=f"m{days}"), now=now)
        rollup.prune(now)
        assert rollup.verify(now) == []
    assert figures_of(campaign, None) == {
        "targeted": 1,
        "sent": 1,
        "awaiting": 1,
        "repeats": 3,
    }
    assert len({one.size for one in LedgerSegment.objects.all()}) <= 2


def test_a_campaign_takes_its_ledgers_along(campaign: Campaign, source: Source) -> None:
    send(source, event(execution=RUN))
    campaign.delete()
    for model in (Ledger, LedgerCount, LedgerSegment):
        assert not model.objects.exists()


def test_what_was_written_while_its_campaign_was_deleted_is_found(
    campaign: Campaign, source: Source
) -> None:
    LedgerSegment.objects.create(ledger_id=7, number=1, size=0, facts=b"")
    LedgerCount.objects.create(ledger_id=7, targeted=True, **dict.fromkeys(NUMBERS, 0))
    rollup.prune(NOW)
    assert not LedgerSegment.objects.exists()
    assert not LedgerCount.objects.exists()


def test_strays_begin_so_many_ledgers(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of executions whose events all come too late nobody is admitted, nor turned away."""
    monkeypatch.setattr(runs, "STRAYS", 3)
    for number in range(5):
        run = (NOW - timedelta(hours=40, seconds=number)).isoformat()
        send(source, event(30 * HOUR, execution=run))
    assert Ledger.objects.count() == 3
    send(source, event(execution=RUN))
    assert figures_of(campaign, RUN) is not None


@pytest.mark.parametrize("full", [1, 3, 500_000])
def test_segments_of_any_size_say_the_same(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch, full: int
) -> None:
    """However they are joined and divided, and whether or not they are remembered."""
    monkeypatch.setattr(segments, "FULL", full)
    story = [
        event((60 - number) * MINUTE, type=kind, profile=f"p{number % 7}", message=message)
        for number, (kind, message) in enumerate(
            [("targeted", None), ("sent", "m"), ("delivered", "m"), ("sent", None)] * 10
        )
    ]
    for place, one in enumerate(story):
        send(source, one)
        if place % 3 == 0:
            forget_all()
    expected = ledger.recount(story)["email", None]
    assert figures_of(campaign, None) == {k: v for k, v in expected.items() if v != 0}
    assert rollup.verify(NOW) == []
    if full == 500_000:
        assert LedgerSegment.objects.count() <= 5


# -- Mending -------------------------------------------------------------------------------------

DAMAGES: dict[str, Callable[[], object]] = {
    "a count too high": lambda: LedgerCount.objects.update(queued=F("queued") + 1),
    "a count lost": lambda: LedgerCount.objects.all().delete(),
    "facts lost": lambda: LedgerSegment.objects.all().delete(),
    "a ledger of a part": lambda: Ledger.objects.update(whole=False),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_wrong_ledger_is_found_and_mended(
    campaign: Campaign, source: Source, damage: str
) -> None:
    send(source, event(type="targeted"), event(), event(type="deferred", profile="p-9"))
    right = figures_of(campaign, None)
    DAMAGES[damage]()
    forget_all()
    assert len(rollup.verify(NOW)) == 1
    (difference,) = rollup.verify(NOW, rebuild=True)
    assert "ledger" in difference.what
    assert difference.expected != difference.found
    assert rollup.verify(NOW) == []
    assert figures_of(campaign, None) == right
    send(source, event(type="delivered"))
    assert figures_of(campaign, None) == {
        "targeted": 1,
        "sent": 1,
        "delivered": 1,
        "unaccounted": 1,
    }


def test_runs_of_several_campaigns_are_folded_at_once(campaign: Campaign, source: Source) -> None:
    other = CampaignFactory(slug="winter")
    send(
        source,
        *[event(type="targeted"), event(type="targeted", campaign="winter"), event()],
        event(type="excluded", campaign="winter", profile="p-3"),
    )
    assert figures_of(campaign, None) == SENT
    assert figures_of(other, None) == {"targeted": 1, "queued": 1, "unaccounted": 1}
