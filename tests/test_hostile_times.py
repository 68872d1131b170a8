"""Times and executions at the edges: counted or late, never out of range, always readable."""

import json
from datetime import datetime, timedelta
from itertools import product

import pytest

from liveReport import rollup
from liveReport.models import Bucket, Campaign, EventBatch, Execution
from tests.support import hostile
from tests.support.factories import receipt
from tests.support.hostile import NOW, PLAIN, Post, Readers, array, counted, good, raw, text

pytestmark = pytest.mark.django_db

_at_noon = hostile.at_noon
_without_waiting = hostile.without_waiting
post = hostile.post
readers = hostile.readers

EDGES = [
    ("2026-06-01T12:12:30Z", 1),
    ("2026-06-02T12:11:30+23:59", 1),
    ("2026-05-31T12:08:30.000001-23:59", 1),
    ("2026-06-01t12:00:00z", 1),
    ("2026-06-01T12:00:00-00:00", 1),
    ("2026-06-01T12:00:00.999999999Z", 1),
    ("2026-06-01T12:00:00.0000000000000000000001Z", 1),
    ("2026-05-31T10:07:30Z", 1),
    ("2026-05-31T10:07:29.999999Z", 0),
    ("2026-05-29T12:07:30Z", 0),
    ("2026-05-30T00:07:30-12:00", 0),
]


@pytest.mark.parametrize(("moment", "counts"), EDGES)
def test_a_time_at_the_edge_never_makes_a_bucket_out_of_range(
    post: Post, campaign: Campaign, readers: Readers, moment: str, counts: int
) -> None:
    event = raw("occurred_at", text(moment)).replace(b"bounced", b"delivered")
    assert post(array(event, good(1))).json() == receipt(2)
    rollup.fold_pending()
    assert counted(campaign).get("delivered", 0) == counts
    assert EventBatch.objects.get().late == 1 - counts
    earliest, latest = NOW - timedelta(hours=27), NOW + timedelta(minutes=5)
    starts = Bucket.objects.values_list("start", flat=True)
    assert all(earliest.timestamp() < start <= latest.timestamp() for start in starts)
    readers.api("campaigns/summer/report/email/")


RUNS = [
    "2000-01-01T00:00:00Z",
    "1999-12-31T23:59:00-00:01",
    "2199-12-31T23:59:59.999999Z",
    "2200-01-01T00:00:00+00:01",
    "2024-02-29T23:59:59.123456+14:00",
    "2026-06-01T12:00:00.1Z",
]


@pytest.mark.parametrize("moment", RUNS)
def test_every_execution_that_was_accepted_can_be_asked_for(
    post: Post, readers: Readers, moment: str
) -> None:
    event = raw("execution", text(moment)).replace(b"bounced", b"sent")
    assert post(array(event, good(1))).json()["accepted"] == 2
    rollup.fold_pending()
    report = "campaigns/summer/report/email/"
    (execution,) = readers.api(report)["executions"]
    assert datetime.fromisoformat(execution) == datetime.fromisoformat(moment)
    for chosen in (execution, moment):
        widget = readers.api(f"{report}statistics/?execution={chosen.replace('+', '%2B')}")
        assert [row["execution"] for row in widget["frame"]["rows"]] == [execution]
        assert widget["frame"]["totals"]["sent"] == 1
    assert Execution.objects.get().started_at == datetime.fromisoformat(moment)


def test_times_at_the_edge_break_no_read(post: Post, readers: Readers) -> None:
    events = [
        PLAIN | {"id": f"{number}", "occurred_at": moment, "execution": run}
        for number, ((moment, _), run) in enumerate(product(EDGES, RUNS))
    ]
    assert post(json.dumps(events).encode()).json() == receipt(len(events))
    rollup.fold_pending()
    readers.read_everything()
