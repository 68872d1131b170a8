"""The events behind a number: those that it counts, each once, and no batch opened for nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import ALL, Channel, Count, Metric, all_channels, get_channel
from liveReport.engines import log, search, sql
from liveReport.engines.search import Found, Search, count, find
from liveReport.events import former
from liveReport.events.batch import Events
from liveReport.events.moments import microseconds
from liveReport.ingest import receive
from liveReport.models import Campaign, EventBatch, Source
from liveReport.report import every, tab_report
from liveReport.report.frames import Frame
from liveReport.rollup import admission
from tests.support import oracle
from tests.support.factories import CampaignFactory
from tests.support.isolation import undone
from tests.support.names import keys
from tests.support.rollups import NOW, event
from tests.support.strategies import events_of, on_a_database

START, END = (int(edge.timestamp()) for edge in oracle.window(NOW))
EXECUTIONS = [None, "2026-03-14T08:00:00Z", "2026-03-13T20:00:00Z"]
SECONDS = st.one_of(st.integers(-240, 27 * 3600), st.sampled_from([0, 24 * 3600, 26 * 3600 - 60]))

pytestmark = pytest.mark.django_db


def everything(what: Search, page: int = 3, now: datetime = NOW) -> list[Found]:
    """What is found, page by page."""
    found = find(what, page, now)
    events = found.events
    while found.cursor:
        found = find(what, page, now, found.cursor)
        assert len(found.events) <= page
        events += found.events
    return events


def searches(
    campaign: Campaign, channel: Channel, frame: Frame, as_of: int
) -> Iterator[tuple[Search, int]]:
    """Each number of a frame that counts events, and the search for what is behind it."""
    counts = [
        metric
        for column in frame.metrics
        if isinstance(metric := channel.metric_by_key[column.key], Count)
    ]
    axis = frame.axis
    step = None
    if axis and axis.role == "time" and len(frame.rows) > 1:
        first, second = (datetime.fromisoformat(str(row["time"])) for row in frame.rows[:2])
        step = second - first
    for metric in counts:
        yield of_metric(campaign, channel, metric, as_of), int(frame.totals[metric.key] or 0)
        for row in frame.rows:
            more: dict[str, Any] = {}
            if axis and axis.role == "dimension":
                more["values"] = (*values_of(metric), (axis.key, str(row[axis.key])))
            elif axis and axis.role == "execution":
                more["executions"] = frozenset({run_of(str(row[axis.key]))})
            elif axis and step:
                at = datetime.fromisoformat(str(row["time"]))
                more["since"] = max(START, int(at.timestamp()))
                more["until"] = min(END, int((at + step).timestamp()))
            elif axis:
                continue
            found = of_metric(campaign, channel, metric, as_of, **more)
            yield found, int(row[metric.key] or 0)


def values_of(metric: Metric) -> tuple[tuple[str, str], ...]:
    return () if metric.only == ALL else (metric.only,)


def run_of(name: str) -> int:
    return 0 if name == "__none__" else microseconds(datetime.fromisoformat(name))


def of_metric(
    campaign: Campaign, channel: Channel, metric: Metric, as_of: int, **more: Any
) -> Search:
    kinds = frozenset((channel.slug, kind) for kind in metric.event_types)
    plain: Mapping[str, Any] = {"since": START, "until": END, "values": values_of(metric)}
    return Search(campaign, kinds, as_of=as_of, **{**plain, **more})


def send(source: Source, events: Sequence[dict[str, Any]], size: int) -> None:
    """In requests of so many; every other one is folded at once, but for the last."""
    for start in range(0, len(events), size):
        receive(source, msgspec.json.encode(events[start : start + size]), now=NOW)
        if start % 2:
            rollup.fold_pending(NOW)


@pytest.mark.parametrize("slug", [channel.slug for channel in all_channels()])
@given(data=st.data(), size=st.integers(1, 9), page=st.integers(1, 4), opened=st.integers(1, 3))
@on_a_database
def test_what_is_listed_is_what_the_number_counts(
    slug: str,
    campaign: Campaign,
    source: Source,
    data: st.DataObject,
    size: int,
    page: int,
    opened: int,
) -> None:
    channel = get_channel(slug)
    drawn = st.lists(events_of(channel, NOW, SECONDS, EXECUTIONS), max_size=30)
    before, after = data.draw(drawn), data.draw(drawn)
    with undone(), mock.patch.multiple(search, OPENED=opened, PORTION=2):
        campaign.channels.create(channel=slug, declared=True)
        send(source, before, size)
        report = tab_report(campaign, slug, [], NOW, wanted=every, even_empty=True)
        as_of = log.last_fold() or 0
        listed = [
            (what, number)
            for widget in report.widgets
            if widget.frame
            for what, number in searches(campaign, channel, widget.frame, as_of)
        ]
        send(source, after, size)
        rollup.fold_pending(NOW)
        chosen = data.draw(st.lists(st.sampled_from(listed), max_size=12)) if listed else []
        for what, number in chosen:
            found = everything(what, page)
            assert (count(what, NOW), len(found)) == (number, number), what
            assert len({one.event.id for one in found}) == number
            order = [(one.batch, one.event.at) for one in found]
            assert order == sorted(order, reverse=True)


@given(data=st.data(), size=st.integers(1, 9))
@on_a_database
def test_several_values_are_found_as_a_plain_filter_finds_them(
    campaign: Campaign, source: Source, data: st.DataObject, size: int
) -> None:
    channel = get_channel("email")
    events = data.draw(st.lists(events_of(channel, NOW, SECONDS, EXECUTIONS), max_size=40))
    with undone():
        send(source, events, size)
        rollup.fold_pending(NOW)
        start, end = oracle.window(NOW)
        wanted = [
            one
            for one in oracle.first_of_each_id(events)
            if one["type"] == "bounced"
            and (one.get("reason"), one.get("domain")) == ("a", "b")
            and start <= oracle.moment(one) < end
        ]
        values = (("reason", "a"), ("domain", "b"))
        what = Search(campaign, frozenset({("email", "bounced")}), START, END, values)
        found = everything(what)
        assert count(what, NOW) == len(found) == len(wanted)
        ids = keys(source, [one["id"] for one in wanted], "summer")
        assert sorted(one.event.id for one in found) == sorted(ids)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The payloads that were unpacked."""
    seen: list[bytes] = []
    read = former.read

    def noting(payload: Any, source: int) -> Events:
        seen.append(bytes(payload))
        return read(payload, source)

    monkeypatch.setattr(former, "read", noting)
    return seen


def sent(source: Source, *events: dict[str, Any]) -> bytes:
    """Received in one request, and folded; its payload."""
    receive(source, msgspec.json.encode(events), now=NOW)
    rollup.fold_pending(NOW)
    return bytes(EventBatch.objects.latest("pk").payload)


def minutes(ago: int) -> timedelta:
    return timedelta(minutes=ago)


def of(campaign: Campaign, kind: str = "sent", **more: Any) -> Search:
    plain: Mapping[str, Any] = {"since": START, "until": END}
    return Search(campaign, frozenset({("email", kind)}), **{**plain, **more})


def test_only_batches_that_can_match_are_opened(
    campaign: Campaign, source: Source, opened: list[bytes]
) -> None:
    CampaignFactory(slug="spring")
    sent(source, event(minutes(9)))
    shared = sent(source, event(minutes(5)), event(minutes(5), campaign="spring"))
    sent(source, event(minutes(5), campaign="spring"))
    rare = sent(source, event(minutes(4), domain="rare.example"), event(minutes(5)))
    sent(source, event(minutes(6), domain="other.example"))
    receive(source, msgspec.json.encode([event(minutes(4), domain="rare.example")]), now=NOW)
    del opened[:]
    since, until = END - 7 * 60, END - 4 * 60
    found = find(of(campaign, since=since, until=until), 100, NOW)
    assert shared in opened
    assert len(found.events) == 4
    del opened[:]
    (only,) = find(of(campaign, values=(("domain", "rare.example"),)), 100, NOW).events
    assert opened == [rare]
    assert only.event.at == microseconds(NOW - minutes(4))
    del opened[:]
    assert count(of(campaign), NOW) == 5
    assert find(of(campaign, "opened"), 100, NOW) == ([], None)
    assert opened == []


def test_what_is_pruned_is_found_no_more(campaign: Campaign, source: Source) -> None:
    sent(source, event(minutes(5)))
    rollup.prune(NOW + timedelta(hours=80))
    assert find(of(campaign), 100, NOW) == ([], None)


def test_a_window_that_the_buckets_have_left_is_counted_in_the_log(
    campaign: Campaign, source: Source
) -> None:
    sent(source, event(minutes(5)), event(minutes(5), domain="a.example"))
    later = NOW + timedelta(hours=30)
    rollup.prune(later)
    assert count(of(campaign), later) == 2
    assert count(of(campaign, values=(("domain", "a.example"),)), later) == 1


def test_a_value_is_listed_from_when_it_was_counted_apart(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "VALUES", 2)
    for domain in ("a", "b", "c", "c", "a", "c"):
        sent(source, *(event(minutes(5), domain=f"{domain}.example") for _ in range(3)))
    channel = get_channel("email")
    widget = next(w for w in channel.widgets if w.dimension == "domain")
    report = tab_report(campaign, "email", [], NOW, wanted=every)
    frame = next(w.frame for w in report.widgets if w.slug == f"email.{widget.key}")
    assert frame
    rows = {str(row["domain"]): row["sent"] for row in frame.rows}
    assert rows["__other__"]
    for name, number in rows.items():
        if name != "__other__":
            what = of(campaign, values=(("domain", name),))
            assert count(what, NOW) == len(everything(what)) == number
    assert sum(int(number or 0) for number in rows.values()) == 18


def test_pages_give_each_event_once_while_others_arrive(campaign: Campaign, source: Source) -> None:
    for _ in range(4):
        sent(source, *(event(minutes(5)) for _ in range(5)))
    with sql.snapshot():
        what = of(campaign, as_of=log.last_fold() or 0)
    receive(source, msgspec.json.encode([event(minutes(5))]), now=NOW)
    page = find(what, 7, NOW)
    found = page.events
    while page.cursor:
        sent(source, event(minutes(5)))
        page = find(what, 7, NOW, page.cursor)
        found += page.events
        assert count(what, NOW) == 20
    assert len({one.event.id for one in found}) == len(found) == 20
