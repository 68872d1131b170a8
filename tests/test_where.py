"""Counts of the events that carry one value of a dimension: asked for, kept, shown, refused."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import (
    EXECUTION,
    Channel,
    Count,
    Dimension,
    EventType,
    Kpi,
    Metric,
    Parts,
    Rate,
    Table,
    TimeSeries,
    get_channel,
    registered,
)
from liveReport.channels.checks import MOST_CHOICES, check_channel
from liveReport.models import Campaign, Source
from liveReport.report import tab_report
from liveReport.rollup.admission import VALUES
from tests.support import oracle
from tests.support.isolation import undone
from tests.support.strategies import events_of, on_a_database
from tests.test_report_oracle import EXECUTIONS, NOW, SECONDS, every_value, send_in_batches


def bounces(key: str = "hard", **options: Any) -> Count:
    options = {"events": ["bounced"], "where": {"category": "hard"}} | options
    return Count(key=key, label="B", definition="Bounced.", **options)


ALL_BOUNCES = bounces("all", where={})
SENT = Count(key="sent", label="S", definition="Sent.", events=["sent"])
SHARE = Rate(key="share", label="R", definition="d", numerator="hard", denominator="sent")


class Post(Channel):
    """Letters that come back, for good or for now."""

    slug = "post"
    label = "Post"
    dimensions = [
        Dimension(key="category", label="Category", choices={"hard": "Hard", "soft": "Soft"}),
        Dimension(key="reason", label="Reason", labels={"full": "Full"}),
        Dimension(
            key="shelf", label="Shelf", choices={str(n): "" for n in range(MOST_CHOICES + 1)}
        ),
    ]
    events = [
        EventType(key="sent", label="Sent"),
        EventType(key="bounced", label="Bounced", dimensions=["category", "reason", "shelf"]),
        EventType(key="lost", label="Lost", dimensions=["category"]),
    ]
    metrics: list[Metric] = [
        SENT,
        ALL_BOUNCES,
        bounces(rate="share"),
        bounces("soft_or_lost", events=["bounced", "lost"], where={"category": "soft"}),
        SHARE,
    ]
    widgets = [
        Kpi(key="k", title="K", help="h", metrics=["hard", "sent"]),
        Kpi(key="late", title="L", help="h", metrics=["soft_or_lost"], only_with_data=True),
        TimeSeries(key="s", title="S", help="h", metrics=["hard", "soft_or_lost", "all"]),
        Parts(key="p", title="P", help="h", metrics=["hard", "soft_or_lost"]),
        Parts(key="c", title="C", help="h", metrics=["all"], by="category"),
        Table(key="few", title="F", help="h", metrics=["hard", "share"], by=EXECUTION, limit=1),
        Table(key="t", title="T", help="h", metrics=["soft_or_lost", "all"], by=EXECUTION),
    ]


RUNS = [run for run in EXECUTIONS[1:2] if run]
"""Those that a reader may choose."""


@pytest.fixture
def post() -> Iterator[Channel]:
    with registered(Post):
        yield get_channel("post")


@given(data=st.data())
@on_a_database
@pytest.mark.django_db
def test_every_frame_equals_the_recount(
    post: Channel, campaign: Campaign, source: Source, data: st.DataObject
) -> None:
    events = data.draw(st.lists(events_of(post, NOW, SECONDS, EXECUTIONS), max_size=40))
    chosen = data.draw(st.sampled_from([[], RUNS]))
    with undone():
        campaign.channels.create(channel="post", declared=True)
        send_in_batches(source, events, data.draw(st.lists(st.integers(1, 12), max_size=6)))
        report = tab_report(campaign, "post", [datetime.fromisoformat(c) for c in chosen], NOW)
        expected = oracle.Expected(post, events, NOW, chosen)
        shown = {widget.slug: widget for widget in report.widgets}
        for widget in expected.widgets():
            if widget.key != "few":  # of those beyond its limit it says how many there are
                oracle.assert_widget(expected, widget, shown[f"post.{widget.key}"])
        assert rollup.verify(NOW) == []


@pytest.mark.django_db
def test_what_is_folded_is_what_is_counted(
    post: Channel, campaign: Campaign, source: Source
) -> None:
    """Executions in which nothing was counted are not missing."""
    start = NOW - timedelta(hours=1)
    runs = [(start + timedelta(minutes=number)).isoformat() for number in range(3)]
    categories = {runs[0]: ["hard"] * 3 + ["soft"], runs[1]: ["hard"] * 2, runs[2]: ["soft"] * 4}
    sent = [
        {
            "id": f"{run}-{number}",
            "campaign": "summer",
            "channel": "post",
            "type": "bounced",
            "occurred_at": NOW.isoformat(),
            "profile": str(number),
            "execution": run,
            "category": category,
        }
        for run, given in categories.items()
        for number, category in enumerate(given)
    ]
    send_in_batches(source, sent, [])
    frames = {w.slug: w.frame for w in tab_report(campaign, "post", [], NOW).widgets}
    few = frames["post.few"]
    assert few is not None
    assert ([row["hard"] for row in few.rows], few.folded) == ([3, 2], 2)
    whole = frames["post.t"]
    assert whole is not None
    assert ([row["all"] for row in whole.rows], whole.folded) == ([4, 2, 4], 0)


@pytest.mark.django_db
def test_email_tells_hard_bounces_from_soft_ones(campaign: Campaign, source: Source) -> None:
    email = get_channel("email")
    keys = ["hard_bounces", "soft_bounces", "hard_bounce_rate"]
    hard, soft, rate = (email.metric_by_key[key] for key in keys)
    assert hard.rate == rate.key
    tile = Kpi(key="tile", title="T", help="h", metrics=[hard.key, soft.key])
    shown = type("Shown", (type(email),), {"slug": "shown", "widgets": [tile]})
    with registered(shown):
        events = every_value(get_channel("shown"))
        (sent, *_) = (event for event in events if event["type"] == "sent")
        events += [sent | {"id": f"more-{number}"} for number in range(100)]
        send_in_batches(source, events, [])
        oracle.assert_report(campaign, events, NOW)
        (widget,) = tab_report(campaign, "shown", [], NOW).widgets
        assert widget.frame is not None
        assert all(widget.frame.totals[key] for key in keys)


@pytest.mark.django_db
def test_the_api_says_what_is_counted(client: Client, alice: Any) -> None:
    client.force_login(alice)
    formulas = {
        (metric["channel"], metric["key"]): metric["formula"]
        for metric in client.get("/api/v1/metrics/").json()
    }
    assert formulas["email", "hard_bounces"] == "count(bounced, category = hard)"
    assert formulas["email", "hard_bounce_rate"] == "hard_bounces / sent"


@pytest.mark.parametrize(
    ("where", "mistake"),
    [
        ({"category": "hard", "shelf": "1"}, "where names several dimensions"),
        ({"colour": "red"}, "where names an undeclared dimension 'colour'"),
        ({"category": "firm"}, "where asks for 'firm', which is no choice of 'category'"),
        ({"reason": "full"}, "where needs choices: of 'reason' rare values are not kept apart"),
        ({"shelf": "1"}, f"where takes at most {MOST_CHOICES} choices, and 'shelf' has more"),
        ("category", "metrics 'hard': where 'category' is no mapping of dimensions to values"),
        ({"category": 1}, "metrics 'hard': where {'category': 1} is no mapping of dimensions"),
    ],
)
def test_checks_refuse_what_cannot_be_counted(where: Any, mistake: str) -> None:
    assert mistake in mistakes(metrics=[bounces(where=where)], widgets=[])


def test_checks_refuse_events_that_do_not_carry_the_dimension() -> None:
    metrics = [bounces(events=["bounced", "sent"])]
    expected = "metric 'hard': where asks for 'category', which 'sent' does not carry"
    assert expected in mistakes(metrics=metrics, widgets=[])


@pytest.mark.parametrize("key", ["hard", "share"])
def test_checks_refuse_a_second_dimension(key: str) -> None:
    table = Table(key="t", title="T", help="h", metrics=[key], by="reason")
    expected = "widget 't': 'hard' is of one 'category' and has no rows by 'reason'"
    assert expected in mistakes(widgets=[table])


def mistakes(**changes: Any) -> str:
    channel = type("Changed", (Post,), changes)()
    return "\n".join(error.msg for error in check_channel(channel))


def test_the_channel_of_these_tests_is_sound() -> None:
    assert mistakes() == ""


def test_as_many_choices_as_a_count_may_ask_for_are_kept_apart() -> None:
    assert MOST_CHOICES < VALUES
