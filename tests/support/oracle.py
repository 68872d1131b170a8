"""A naive recount: what every frame must say, from the plain list of events.

The recount is the first part, some thirty lines to be checked by eye. It asks neither the
rollups nor the report for anything, not even for the times of steps. What follows reads from the
declarations which events a row is about, and compares; it counts nothing itself.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from liveReport.channels import (
    EXECUTION,
    NONE,
    OTHER,
    Channel,
    Count,
    Gauge,
    Metric,
    Profiles,
    Rate,
    TimeSeries,
    Widget,
    get_channel,
)
from liveReport.models import Campaign
from liveReport.report import every, report_head, tab_report
from liveReport.report.frames import Frame, WidgetReport
from liveReport.report.window import Period

Event = dict[str, Any]
Row = dict[str, Any]

# -- The recount -------------------------------------------------------------------------------


def moment(event: Event) -> datetime:
    return datetime.fromisoformat(event["occurred_at"])


def first_of_each_id(events: Iterable[Event]) -> list[Event]:
    seen: dict[tuple[str, str], Event] = {}
    for event in events:
        seen.setdefault((event["campaign"], event["id"]), event)
    return list(seen.values())


def window(now: datetime) -> tuple[datetime, datetime]:
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return end - timedelta(hours=24), end


EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Part:
    """The part of the day that is asked for: when it is, and how many minutes a step of it has.

    ``basis`` says whether rates divide what happened in it, or in the day of its runs;
    ``verdict`` of whom alone, if not everybody, the reactions are asked for.
    """

    start: datetime
    end: datetime
    minutes: int
    basis: str
    period: Period
    verdict: str = ""

    def of(self, events: Iterable[Event]) -> list[Event]:
        return [event for event in events if self.start <= moment(event) < self.end]

    def step(self, time: datetime) -> datetime:
        return time.replace(
            minute=time.minute // self.minutes * self.minutes, second=0, microsecond=0
        )

    def steps(self, since: datetime | None) -> list[datetime]:
        """All that it touches, but for those before anything happened."""
        first = self.start if since is None or since >= self.end else max(self.start, since)
        many = [self.step(first) + n * timedelta(minutes=self.minutes) for n in range(97)]
        return [step for step in many if step < self.end]


def named(name: str, now: datetime, basis: str = "", verdict: str = "") -> Part:
    """``basis`` and ``verdict`` are what is asked for, if anything is."""
    _start, end = window(now)
    length, step = {"15m": (15, 1), "1h": (60, 1), "6h": (360, 5), "24h": (1440, 15)}[name]
    usual = "window" if name == "24h" else "run"
    start = end - timedelta(minutes=length)
    period = Period(name, basis=basis, verdict=verdict)
    return Part(start, end, step, basis or usual, period, verdict)


def zoomed(start: datetime, end: datetime, basis: str = "") -> Part:
    length = (end - start) / timedelta(minutes=1)
    step = 1 if length <= 60 else 5 if length <= 360 else 15
    return Part(start, end, step, basis or "run", Period(span=(start, end), basis=basis))


def in_day(events: Iterable[Event], now: datetime) -> list[Event]:
    return named("24h", now).of(events)


def beginning(events: Iterable[Event], channels: Collection[str]) -> datetime | None:
    return min((moment(one) for one in events if one["channel"] in channels), default=None)


def of_types(types: Sequence[str], events: Iterable[Event]) -> list[Event]:
    return [event for event in events if event["type"] in types]


def judged(channel: Channel, event: Event) -> Event:
    """An event with the verdict that follows from its signal, where it says none itself."""
    derived = channel.derived
    if derived is None or event.get(derived.key):
        return event
    return {**event, derived.key: derived.rules.get(event.get(derived.derived_from) or "")}


def that_say(where: Mapping[str, str], events: Iterable[Event]) -> list[Event]:
    return [event for event in events if all(event.get(key) == where[key] for key in where)]


def profiles(events: Iterable[Event]) -> int:
    return len({event["profile"] for event in events})


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if part <= whole and whole else None


def waiting(gauge: Gauge, events: Sequence[Event], known: Iterable[Event]) -> int:
    """Of the messages of some events of the window, by all events known: the latest decides."""
    order, latest = list(gauge.latest_of), {}
    watched = [event for event in of_types(order, known) if event.get("message")]
    for event in sorted(
        watched, key=lambda e: (moment(e), order.index(e["type"]), e.get("execution") or "")
    ):
        latest[event["message"]] = event
    return sum(event["type"] == gauge.state and event in events for event in latest.values())


def statistics(events: Sequence[Event]) -> Row:
    """The Campaign tab's own, over the events of all channels."""
    audience, delivered, errors = (
        [event for event in events if event["type"] in getattr(get_channel(event["channel"]), role)]
        for role in ("audience", "deliveries", "errors")
    )
    reached = {(one["channel"], one.get("execution"), one["profile"]) for one in delivered}
    return {
        "audience": profiles(audience) or None,
        "actions_delivered": len(reached),
        "errors": len(errors),
    }


# -- Which events a row is about ---------------------------------------------------------------


class Expected:
    """The rows and totals of a channel's widgets at a time, for some runs or all.

    ``beside`` are the channels that are shown with it, whose courses begin as its own does.
    """

    def __init__(
        self,
        channel: Channel,
        sent: Iterable[Event],
        now: datetime,
        runs: Sequence[str] = (),
        part: Part | None = None,
        beside: Collection[str] = (),
    ) -> None:
        self.channel = channel
        self.part = part or named("24h", now)
        sent = list(sent)
        self.since = beginning(first_of_each_id(sent), {channel.slug, *beside})
        # A message is in the state of its latest event, whichever run that belongs to.
        own = [one for one in first_of_each_id(sent) if one["channel"] == channel.slug]
        self.known = [judged(channel, one) for one in own]
        chosen = [one for one in self.known if not runs or one.get("execution") in runs]
        self.inside = self.part.of(chosen)
        self.day = in_day(chosen, now)
        self.now = now

    def widgets(self) -> list[Widget]:
        """All that are shown: those with data in the day, whichever part of it is asked for."""
        day = copy(self)
        day.part = named("24h", self.now)
        return [
            widget
            for widget in self.channel.widgets
            if not widget.only_with_data or day._has_data(widget, self.day)
        ]

    def runs(self) -> list[datetime]:
        """All that can be chosen, the latest first."""
        start, _end = window(self.now)
        recent = {one.get("execution") for one in self.known if moment(one) >= start}
        return sorted(
            (datetime.fromisoformat(one) for one in recent if one is not None), reverse=True
        )

    def totals(self, widget: Widget) -> Row:
        return self._for(widget)._values(self.channel.columns(widget), self.day)

    def _for(self, widget: Widget) -> "Expected":
        """For whom it is: everybody, where its rows tell something else apart."""
        if not widget.dimension:
            return self
        everybodys = copy(self)
        everybodys.part = replace(self.part, verdict="")
        return everybodys

    def rows(self, widget: Widget) -> list[Row]:
        metrics = self.channel.columns(widget)
        if isinstance(widget, TimeSeries):
            return self.steps(metrics)
        if not widget.by:
            return [self._values(metrics, self.day)]
        of = self._for(widget)
        return [{widget.by: key, **of._values(metrics, rows)} for key, rows in of._keyed(widget)]

    def steps(self, metrics: Sequence[Metric]) -> list[Row]:
        values = lambda events: self._values(metrics, events)  # noqa: E731
        return by_step(self.inside, self.part, self.since, values)

    def _keyed(self, widget: Widget) -> list[tuple[str, list[Event]]]:
        """The key and the events of each row in order; those beyond the limit share the last."""
        keyed: dict[str, list[Event]] = defaultdict(list)
        for event in self.day:
            if key := self._key(widget, event):
                keyed[key].append(event)
        assert OTHER not in keyed
        found = [each for each in keyed.items() if self._has_data(widget, each[1])]
        is_run = widget.by == EXECUTION
        measures = self.channel.base_metrics(widget)[: None if is_run else 1]
        found.sort(key=lambda each: began(each[0]) if is_run else each[0], reverse=is_run)
        found.sort(key=lambda each: -sum(self.value(one, each[1]) for one in measures))
        kept, others = found[: widget.limit], found[widget.limit :]
        if is_run:
            kept.sort(key=lambda each: began(each[0]), reverse=True)
        rest = [event for _key, events in others for event in events]
        return kept + ([(OTHER, rest)] if rest else [])

    def _key(self, widget: Widget, event: Event) -> str | None:
        """The row an event belongs to; ``None`` when its type does not have the dimension."""
        taken = self.channel.event_by_key[event["type"]].dimensions
        if widget.by == EXECUTION or widget.by in taken:
            return event.get(widget.by) or NONE
        return None

    def _has_data(self, widget: Widget, events: Sequence[Event]) -> bool:
        return any(self.value(metric, events) for metric in self.channel.base_metrics(widget))

    def _values(self, metrics: Sequence[Metric], events: Sequence[Event]) -> Row:
        return {metric.key: self.value(metric, events) for metric in metrics}

    def value(self, metric: Metric, events: Sequence[Event]) -> Any:
        """Of some events of the day: a gauge over it, all else over the part that is asked for."""
        if isinstance(metric, Rate):
            return self.rate(metric.numerator, metric.denominators, events)
        if isinstance(metric, Gauge):
            return waiting(metric, events, self.known)
        events = self.part.of(events)
        if self.part.verdict and all(self._is_judged(one) for one in metric.event_types):
            events = [one for one in events if one.get("verdict") == self.part.verdict]
        if isinstance(metric, Profiles):
            return profiles(of_types(metric.events, events))
        assert isinstance(metric, Count)
        return len(that_say(metric.where, of_types(metric.events, events)))

    def _is_judged(self, kind: str) -> bool:
        return "verdict" in self.channel.event_by_key[kind].dimensions

    def rate(self, part: str, wholes: Sequence[str], events: Sequence[Event]) -> float | None:
        """Of some events of the day: one metric by others, over the part or its runs' day."""
        found = self
        if self.part.basis == "run":
            runs = {event.get("execution") for event in self.inside}
            events = [event for event in events if event.get("execution") in runs]
            found = copy(self)
            found.part = named("24h", self.now, verdict=self.part.verdict)
        metrics = (self.channel.metric_by_key[key] for key in (part, *wholes))
        divided, *by = (found.value(metric, events) for metric in metrics)
        return share(divided, sum(by))


def began(run: str) -> datetime:
    return datetime.min.replace(tzinfo=UTC) if run == NONE else datetime.fromisoformat(run)


def by_step(
    events: Iterable[Event],
    part: Part,
    since: datetime | None,
    values: Callable[[list[Event]], Row],
) -> list[Row]:
    """What ``values`` gives for the events of each step of the part."""
    found: dict[datetime, list[Event]] = defaultdict(list)
    for event in events:
        found[part.step(moment(event))].append(event)
    return [
        {"time": step.isoformat().replace("+00:00", "Z"), **values(found[step])}
        for step in part.steps(since)
    ]


# -- What a report says ------------------------------------------------------------------------


def assert_report(
    campaign: Campaign,
    sent: Sequence[Event],
    now: datetime,
    runs: Sequence[str] = (),
    *,
    part: Part | None = None,
    apart: bool = True,
    executions_apart: bool = True,
) -> None:
    """All tabs that a campaign must have say what the recount of its events says."""
    start, _end = window(now)
    slugs = {one["channel"] for one in first_of_each_id(sent) if moment(one) >= start}
    slugs.update(campaign.channels.filter(declared=True).values_list("channel", flat=True))
    tabs = [tab.slug for tab in report_head(campaign, now).tabs]
    assert (tabs[0], set(tabs[1:])) == ("campaign", slugs)
    for tab in tabs:
        assert_tab(
            campaign,
            tab,
            sent,
            now,
            runs,
            part=part,
            apart=apart,
            executions_apart=executions_apart,
        )


def assert_tab(
    campaign: Campaign,
    tab: str,
    sent: Iterable[Event],
    now: datetime,
    runs: Sequence[str] = (),
    *,
    part: Part | None = None,
    apart: bool = True,
    executions_apart: bool = True,
) -> None:
    """A tab says what the recount of all events of its campaign says, exactly.

    Where values or executions were too many to be kept ``apart``, of rows by value or execution
    only the sums are looked at.
    """
    from tests.support import cockpit  # which is made of this module's recount

    chosen = [datetime.fromisoformat(run) for run in runs]
    part = part or named("24h", now)
    report = tab_report(campaign, tab, chosen, now, period=part.period, wanted=every)
    sent, channels = list(sent), [known.slug for known in report.head.tabs[1:]]
    assert (report.head.window.start, report.head.window.end) == (part.start, part.end)
    if tab == "campaign":
        own = tab_report(campaign, tab, chosen, now, period=part.period).widgets
        assert [one.slug for one in own] == cockpit.OWN
        since = beginning(first_of_each_id(sent), channels)
        assert_statistics(own[0], sent, part, since, executions_apart=executions_apart)
        everybodys = replace(part, verdict="")
        of_all, expected = (
            [Expected(get_channel(slug), sent, now, part=of, beside=channels) for slug in channels]
            for of in (everybodys, part)
        )
        cockpit.assert_cockpit(own, of_all, everybodys, since, executions_apart=executions_apart)
        assert [one.frame for one in report.widgets[: len(own)]] == [one.frame for one in own]
        assert report.executions == []
    else:
        expected = [Expected(get_channel(tab), sent, now, runs, part, channels)]
        assert sorted(report.executions, reverse=True) == [
            run for run in expected[0].runs() if executions_apart or run in report.executions
        ]
    assert_widgets(
        expected,
        [one for one in report.widgets if not one.slug.startswith("campaign.")],
        apart=apart,
        executions_apart=executions_apart,
    )


def assert_widgets(
    channels: Sequence[Expected],
    found: Sequence[WidgetReport],
    *,
    apart: bool,
    executions_apart: bool,
) -> None:
    """All widgets of some channels are there, one channel's after the other's."""
    declared = [(one, widget) for one in channels for widget in one.widgets()]
    slugs = [f"{one.channel.slug}.{widget.key}" for one, widget in declared]
    assert [shown.slug for shown in found] == slugs
    for (expected, widget), shown in zip(declared, found, strict=True):
        is_apart = executions_apart if widget.by == EXECUTION else apart or not widget.by
        assert_widget(expected, widget, shown, apart=is_apart)


def assert_statistics(
    shown: WidgetReport,
    sent: Iterable[Event],
    part: Part,
    since: datetime | None,
    *,
    executions_apart: bool,
) -> None:
    inside = part.of(first_of_each_id(sent))
    values = statistics(inside)
    if executions_apart or (shown.frame and not shown.frame.approximate):
        assert_frame(shown.slug, shown.frame, [values], values)
    else:
        assert_delivered_at_least(shown.frame, values, inside)
    course = by_step(
        inside, part, since, lambda events: {k: n or 0 for k, n in statistics(events).items()}
    )
    if executions_apart:
        assert_frame("trend of the statistics", shown.trend, course, {})


def assert_delivered_at_least(frame: Frame | None, values: Row, inside: Sequence[Event]) -> None:
    """Where executions count as one, that is said; nobody who was reached on a channel is lost."""
    assert frame is not None
    assert list(frame.approximate) == list(frame.total_estimates) == ["actions_delivered"]
    assert frame.totals | {"actions_delivered": 0} == values | {"actions_delivered": 0}
    once = statistics([{**one, "execution": None} for one in inside])
    assert int(str(frame.totals["actions_delivered"])) >= once["actions_delivered"]


def assert_widget(
    expected: Expected, widget: Widget, shown: WidgetReport, *, apart: bool = True
) -> None:
    totals, rows = expected.totals(widget), expected.rows(widget)
    columns = expected.channel.columns(widget)
    counts = [metric for metric in columns if isinstance(metric, Count)]
    if apart:
        assert_frame(shown.slug, shown.frame, rows, totals)
    else:
        assert_sums(shown.slug, shown.frame, rows, totals, [metric.key for metric in counts])
    assert shown.frame
    assert shown.frame.basis == expected.part.basis
    if widget.by or isinstance(widget, TimeSeries) or not counts:
        assert shown.trend is None
    else:
        whole = {metric.key: totals[metric.key] for metric in counts}
        assert_frame(f"trend of {shown.slug}", shown.trend, expected.steps(counts), whole)


def assert_frame(name: str, frame: Frame | None, rows: Sequence[Row], totals: Row) -> None:
    """The rows in their order, the totals, and that none of it is estimated or folded."""
    assert frame is not None, f"{name} failed"
    assert frame.totals == totals, f"{name}: {frame.totals}, not {totals}"
    rows = _without_the_empty_beginning(rows, len(frame.rows))
    assert list(frame.rows) == rows, f"{name}: {frame.rows}, not {rows}"
    assert list(frame.approximate) == [], f"{name}: {frame.approximate} are estimated"
    assert frame.folded == 0, f"{name}: {frame.folded} were folded"


def _without_the_empty_beginning(rows: Sequence[Row], count: int) -> list[Row]:
    """The last of a course's rows, if nothing happened in those before.

    An event from before the window makes the course begin with that; but only if it counted,
    which an event that came too late did not.
    """
    rest = len(rows) - count
    is_course = rest > 0 and "time" in rows[0]
    happened = [value for row in rows[:rest] for key, value in row.items() if key != "time"]
    return list(rows[rest:]) if is_course and not any(happened) else list(rows)


def assert_sums(
    name: str, frame: Frame | None, rows: Sequence[Row], totals: Row, counts: Sequence[str]
) -> None:
    assert frame is not None, f"{name} failed"
    assert frame.totals == totals, f"{name}: {frame.totals}, not {totals}"
    shown: Sequence[Row] = frame.rows
    for key in counts:
        found, whole = (sum(row[key] for row in some) for some in (shown, rows))
        assert found == whole, f"{name}: {key} add up to {found}, not {whole}"
