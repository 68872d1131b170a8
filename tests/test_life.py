"""Whatever happens, in any order: the report says what a recount of plain events says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
from django.db import OperationalError, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from liveReport import rollup, tasks
from liveReport.channels import all_channels, get_channel
from liveReport.engines import lease
from liveReport.ingest import receive
from liveReport.memory import forget_all
from liveReport.models import Bucket, EventBatch, Suspect
from liveReport.rollup import admission
from tests.support import oracle
from tests.support.beats import Beat
from tests.support.factories import CampaignFactory, make_source
from tests.support.isolation import undone
from tests.support.mishaps import failing
from tests.support.strategies import events_of, on_a_database

NOW = datetime(2026, 3, 14, 15, 9, 26, 500_000, tzinfo=UTC)
RUNS = [None, "2026-03-14T08:00:00Z", "2026-03-13T20:00:00.000001Z"]
CHOICES = [(), (RUNS[1],), (RUNS[2],), (RUNS[1], RUNS[2])]
HOURS = [0, 1, 23, 24, 25, 26, 27]
"""Some times to gather at: the window's ends, the horizon's, what is late."""
SECONDS = st.builds(
    lambda hour, more: hour * 3600 + more, st.sampled_from(HOURS), st.integers(-240, 1_200)
)
REMEMBERED = timedelta(hours=70)
"""For how long an id is known at least: 72 hours, less what clocks may step back."""

BEAT = timedelta(seconds=4)
"""Within which beat rings."""
STEPS = settings().stateful_step_count * 3 // 5

Event = dict[str, Any]


class Life(RuleBasedStateMachine):
    """Events, repeats, ticks, failures, deaths, pruning and clocks, in any order.

    One channel is declared, the others are met in their events.
    """

    executions_apart = True
    """Whether there is room for all executions."""

    @initialize(
        slugs=st.lists(
            st.sampled_from([channel.slug for channel in all_channels()]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    def begin(self, slugs: list[str]) -> None:
        self.outer = undone()
        self.outer.__enter__()
        self.source = make_source()
        self.campaign = CampaignFactory(slug="summer")
        self.campaign.channels.create(channel=slugs[0], declared=True)
        self.slugs = slugs
        self.now = self.latest = NOW
        self.sent: list[Event] = []
        self.met: dict[str, datetime] = {}
        self.ids = map(str, count())
        self.beat = Beat(self.now)

    def teardown(self) -> None:
        if hasattr(self, "outer"):
            self.outer.__exit__(None, None, None)

    def drawn(self, data: st.DataObject) -> list[Event]:
        new = st.builds(lambda: next(self.ids))
        some = [events_of(get_channel(s), self.now, SECONDS, RUNS, new) for s in self.slugs]
        return data.draw(st.lists(st.one_of(some), min_size=1, max_size=5))

    def receive(self, batch: list[Event]) -> None:
        receipt = receive(self.source, msgspec.json.encode(batch), now=self.now)
        assert not receipt.rejected
        self.sent += batch
        for one in batch:
            self.met.setdefault(one["id"], self.now)

    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        self.receive(self.drawn(data))

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        if self.sent:
            batch = data.draw(st.lists(st.sampled_from(self.sent), min_size=1, max_size=5))
            receive(self.source, msgspec.json.encode(batch), now=self.now)

    @rule(data=st.data())
    def contradict(self, data: st.DataObject) -> None:
        """Ids that are known come again with other events: the first ones count.

        But for those that are tried apart, as an attempt to fold them did not end: whatever
        else comes under their ids is folded before them.
        """
        known = [id_ for id_, since in self.met.items() if self.now < since + REMEMBERED]
        if known and not Suspect.objects.exists():
            self.receive(
                [one | {"id": data.draw(st.sampled_from(known))} for one in self.drawn(data)]
            )

    @rule()
    def tick(self) -> None:
        rollup.fold_pending(self.now)

    @rule(step=st.integers(0, 30))
    def fail_to_fold(self, step: int) -> None:
        self.fail(step, rollup.fold_pending)

    @rule(step=st.integers(0, 30))
    def fail_to_prune(self, step: int) -> None:
        self.fail(step, rollup.prune)

    def fail(self, step: int, work: Callable[[datetime], object]) -> None:
        try:
            with failing(step):
                work(self.now)
        except OperationalError:
            transaction.set_rollback(False)  # nothing is broken: it was only said to be

    @rule(ahead=st.sampled_from([-7_200, -120, -5, 0, 5, 120, 7_200, 86_400]))
    def set_beats_clock(self, ahead: int) -> None:
        self.beat.ahead = timedelta(seconds=ahead)

    @rule()
    def restart_beat(self) -> None:
        self.beat.stop()
        self.beat.start()

    @rule()
    def ring(self) -> None:
        self.beat.now = self.now
        self.beat.ring()

    def live(self, span: timedelta) -> None:
        """Let time pass, in which nobody folds but a worker whom beat rings for."""
        self.beat.now = self.now
        for task in self.beat.wait(int(span.total_seconds())):
            if task == tasks.tick.name:
                rollup.fold_pending(self.beat.now)
        self.now = self.beat.now
        self.latest = max(self.now, self.latest)

    @rule()
    def die(self) -> None:
        lease.acquire(self.now)

    @rule()
    def prune(self) -> None:
        rollup.prune(self.now)

    @rule(hours=st.sampled_from([0.01, 0.3, 1, 25, 26, 73]))
    def wait(self, hours: float) -> None:
        self.now += timedelta(hours=hours)
        self.latest = max(self.now, self.latest)

    @rule()
    def step_back(self) -> None:
        self.now = max(self.now - timedelta(minutes=50), self.latest - timedelta(hours=1))

    @rule(runs=st.sampled_from(CHOICES), anew=st.booleans())
    def look(self, runs: tuple[str, ...], anew: bool) -> None:
        """What the process has built at an earlier look may still be shown, if it is still true."""
        # By then whoever died is replaced and beat has rung, whatever clocks did.
        self.live(2 * lease.LENGTH + BEAT)
        assert not EventBatch.objects.filter(folded=False).exists()
        assert rollup.verify(self.latest) == []  # what was pruned until then is not expected
        if anew:
            forget_all()
        chosen = runs if self.executions_apart else ()
        apart = self.executions_apart
        oracle.assert_report(self.campaign, self.sent, self.now, chosen, executions_apart=apart)

    @invariant()
    def every_bucket_is_within_bounds(self) -> None:
        if hasattr(self, "outer"):
            latest = Bucket.objects.filter(start__gt=self.latest.timestamp() + 300)
            assert not latest.exists()


class CrowdedLife(Life):
    """The same where of two executions of a channel one has to leave."""

    executions_apart = False


@pytest.mark.django_db
def test_whatever_happens_the_report_says_what_a_recount_says() -> None:
    run_state_machine_as_test(Life, settings=settings(on_a_database, stateful_step_count=STEPS))


@pytest.mark.django_db
def test_and_no_number_of_a_channel_changes_when_executions_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "EXECUTIONS", 1)
    run_state_machine_as_test(
        CrowdedLife, settings=settings(on_a_database, stateful_step_count=STEPS)
    )
