"""The parts of a page, each with a digest, so that a poll replaces only what differs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _

from liveReport.channels import NONE, OTHER
from liveReport.events.moments import rfc3339
from liveReport.models import Campaign
from liveReport.report import Head, Tab, TabReport, report_head
from liveReport.report.frames import WidgetInfo
from liveReport.report.judging import Level
from liveReport.report.verdicts import STALE_SECONDS
from liveReport.report.window import CHOSEN, EVERYBODY, RUN, WINDOW, WINDOWS

from .behind import Links
from .course import Course, title
from .heartbeat import Line, lines
from .layouts import Arrangement, Layers
from .moments import Clock
from .pictures import PICTURES, pictures_of
from .report_request import ReportRequest
from .script_texts import javascript_texts
from .silence import Silence, silence_of
from .verdicts import VerdictLine, lines_of, word_of
from .widgets import MARK, Fragment, Widget, digest_of


@dataclass(frozen=True)
class Moment:
    """A time: for machines, and for readers."""

    moment: datetime
    text: str

    @property
    def value(self) -> str:
        return rfc3339(self.moment)


@dataclass(frozen=True)
class Choice(Moment):
    """An execution one can filter by."""

    selected: bool


@dataclass(frozen=True)
class SegmentLink:
    """One of a few choices, what it is called in brief and in full, and where it leads."""

    name: str
    text: str
    title: str
    url: str
    current: bool


@dataclass(frozen=True)
class BasisChoice:
    """What rates can divide, and what that is called."""

    name: str
    text: str
    current: bool


@dataclass(frozen=True)
class TabLink:
    """A tab and where it leads, with the filter kept."""

    tab: Tab
    url: str
    current: bool

    @property
    def is_marked(self) -> bool:
        """Whether something is to be said of it."""
        return self.tab.level != Level.OK

    @property
    def word(self) -> str:
        return word_of(self.tab.level)


@dataclass(frozen=True)
class Changes:
    """What a poll brings: parts to replace, widgets to insert, widgets to take away."""

    parts: Sequence[Fragment]
    widgets: Sequence[Widget]
    inserted: Sequence[tuple[str, Widget]]
    removed: Sequence[str]

    def __bool__(self) -> bool:
        return any((self.parts, self.widgets, self.inserted, self.removed))


class Page:
    """A tab's report as one user has arranged it, cut into parts."""

    def __init__(self, asked: ReportRequest, layers: Layers) -> None:
        self.asked = asked = asked.dividing(layers.basis)
        self.layers = layers
        self.report = _report(asked, layers)
        self.head: Head = self.report.head
        self.clock = clock_of(asked, self.report)
        links = Links(asked, self.head)
        reports = {report.slug: report for report in self.report.widgets}
        verdicts = self.head.judgement.verdicts()
        self.widgets = [
            Widget(
                reports[slug], standing, asked, self.clock, course_of(self.report), links, verdicts
            )
            for slug, standing in _arrangement(asked, layers, self.report.widgets).items()
        ]

    @property
    def version(self) -> str:
        return version_of(self.head, self.layers)

    @property
    def as_of(self) -> str:
        """For the script, which shows what the reader's clock said then."""
        return self.clock.local(self.head.as_of)

    @property
    def campaign(self) -> Campaign:
        return self.asked.campaign

    @property
    def is_stale(self) -> bool:
        return self.head.lag_seconds > STALE_SECONDS

    @property
    def window(self) -> list[Moment]:
        window = self.head.window
        return [Moment(moment, self.clock.text(moment)) for moment in (window.start, window.end)]

    @property
    def period(self) -> str:
        """The window in words."""
        return title(self.head.window, self.clock)

    @property
    def windows(self) -> list[SegmentLink]:
        """Those one can choose by name."""
        asked = self.asked
        periods = {name: replace(asked.period, name=name, span=None) for name in WINDOWS}
        return [
            SegmentLink(
                name,
                _brief(name),
                title(period.window(asked.now), self.clock),
                asked.over(period),
                period == asked.period,
            )
            for name, period in periods.items()
        ]

    @property
    def divided(self) -> str:
        """What its rates divide."""
        return self.asked.shown.divided

    @property
    def bases(self) -> list[BasisChoice]:
        """What its rates can divide, the usual first; chosen is what is asked for."""
        chosen = self.asked.shown.basis
        texts = {
            "": _("As usual: of the runs, below 24 hours"),
            RUN: _("Of the runs"),
            WINDOW: _("Of the window"),
        }
        return [BasisChoice(name, text, name == chosen) for name, text in texts.items()]

    @property
    def has_rates(self) -> bool:
        return any(widget.report.has_rates for widget in self.widgets)

    @property
    def has_verdicts(self) -> bool:
        return any(widget.report.has_verdicts for widget in self.widgets)

    @property
    def reactions(self) -> list[SegmentLink]:
        """Whose opens and clicks one can choose."""
        asked = self.asked
        texts = {
            EVERYBODY: (_("All"), _("Opens and clicks of everybody")),
            "human": (_("Human"), _("Opens and clicks of people only")),
            "machine": (_("Machine"), _("Opens and clicks of machines only")),
        }
        said = {name: name.replace(EVERYBODY, "") for name in CHOSEN}
        return [
            SegmentLink(
                name,
                *texts[name],
                asked.over(replace(asked.period, verdict=verdict)),
                verdict == asked.period.verdict,
            )
            for name, verdict in said.items()
        ]

    @property
    def basis_url(self) -> str:
        return self.asked.url("report-basis")

    @property
    def back(self) -> str:
        """The window that a span of this one leads back to."""
        asked = self.asked
        return asked.back.name if asked.period.span else asked.period.name

    @property
    def back_url(self) -> str:
        """Out of a span, to the window that it was in."""
        return self.asked.over(self.asked.back)

    @property
    def steps(self) -> list[Moment]:
        """Where a span of the window may begin and end: at whole steps, and where it ends.

        What is not the window's start stays in the last 24 hours until it is said anew.
        """
        window = self.head.window
        starts = [datetime.fromtimestamp(step, UTC) for step in window.steps()]
        edges = [*(step for step in starts if step > window.start), window.end]
        return [Moment(edge, self.clock.text(edge)) for edge in edges]

    @cached_property
    def tabs(self) -> list[TabLink]:
        return [
            TabLink(tab, self.asked.url("report", tab=tab.slug), tab.slug == self.asked.tab)
            for tab in self.head.tabs
        ]

    @cached_property
    def choices(self) -> list[Choice]:
        """The executions on offer, chosen ones among them even when nothing happened there."""
        chosen = set(self.report.selected)
        known = set(self.report.executions) | chosen
        return [
            Choice(moment, self.clock.run(moment), moment in chosen)
            for moment in sorted(known, reverse=True)
        ]

    @property
    def choice_count(self) -> str:
        return f"{len(self.choices)}{'+' if self.report.more_executions else ''}"

    @property
    def feed_url(self) -> str:
        return self.asked.url("report-changes")

    @property
    def layout_url(self) -> str:
        return self.asked.url("report-layout")

    @property
    def wall_url(self) -> str:
        return self.asked.url("report-wall")

    @property
    def switcher_url(self) -> str:
        """The other campaigns, on this tab where they have it."""
        query = urlencode({"tab": self.asked.tab, "here": self.campaign.slug})
        return f"{reverse('switcher')}?{query}"

    @property
    def csv_url(self) -> str:
        return reverse("report-csv", args=[self.campaign.slug]) + self.asked.query

    @property
    def xlsx_url(self) -> str:
        return reverse("report-xlsx", args=[self.campaign.slug]) + self.asked.query

    @property
    def paper_url(self) -> str:
        return reverse("report-paper", args=[self.campaign.slug]) + self.asked.query

    @property
    def own_widgets(self) -> list[Widget]:
        """Those that no other tab has as well."""
        return [widget for widget in self.widgets if not widget.report.channel]

    @property
    def definitions(self) -> dict[str, str]:
        """What each metric of the tab means, by its label."""
        found = (pair for widget in self.own_widgets for pair in widget.definitions)
        return {str(label): str(text) for label, text in found}

    @property
    def zone_url(self) -> str:
        """Where to choose another one, and come back."""
        return f"{reverse('time-zone')}?{urlencode({'next': self.asked.url('report')})}"

    @property
    def zone(self) -> str:
        """The reader's time zone as far as the server knows it."""
        return get_current_timezone_name()

    @property
    def unfiltered_url(self) -> str:
        return replace(self.asked, executions=[]).here

    @property
    def pictures(self) -> Sequence[str]:
        """All that have an icon."""
        return PICTURES

    @property
    def texts(self) -> Mapping[str, str]:
        return javascript_texts()

    @property
    def title(self) -> Fragment:
        moments = [moment.text for moment in self.window]
        digest = digest_of(self.campaign.name, self.campaign.status, moments)
        return Fragment("lr-title", digest, "dashboards/_title.html")

    @property
    def spans(self) -> Fragment:
        edges = [edge.value for edge in self.steps[:-1]]
        digest = digest_of(edges, self.has_rates, self.has_verdicts, self.asked.shown.basis)
        return Fragment("lr-windows", digest, "dashboards/_windows.html")

    @property
    def navigation(self) -> Fragment:
        digest = digest_of(
            [(str(link.tab.title), link.tab.level, link.url, link.current) for link in self.tabs]
        )
        return Fragment("lr-tabs", digest, "dashboards/_tabs.html")

    @property
    def level(self) -> Level:
        """How the tab stands."""
        return self.report.tab.level

    @cached_property
    def lines(self) -> list[VerdictLine]:
        """What there is to say of it."""
        return lines_of(self.head.judgement, self.report.channels, self.clock)

    @property
    def verdicts(self) -> Fragment:
        said = [astuple(line) for line in self.lines]
        return Fragment("lr-verdicts", digest_of(said, self.level), "dashboards/_verdicts.html")

    @property
    def filter(self) -> Fragment:
        choices = [(choice.value, choice.text, choice.selected) for choice in self.choices]
        digest = digest_of(choices, self.report.more_executions)
        return Fragment("lr-executions", digest, "dashboards/_executions.html")

    @property
    def folded_executions(self) -> list[Moment]:
        """Those chosen that are not counted apart."""
        folded = self.report.folded_executions
        return [Moment(moment, self.clock.run(moment)) for moment in folded]

    @property
    def notice(self) -> Fragment:
        digest = digest_of([moment.value for moment in self.folded_executions])
        return Fragment("lr-runs-note", digest, "dashboards/_folded_executions.html")

    @cached_property
    def silence(self) -> Silence | None:
        """Why there is nothing at all to show, if that is so."""
        if not self.widgets or not all(widget.is_silent for widget in self.widgets):
            return None
        return silence_of(self.asked, self.head, self.clock, self.unfiltered_url)

    @property
    def quiet(self) -> Fragment:
        digest = digest_of(self.silence and asdict(self.silence))
        return Fragment("lr-silence", digest, "dashboards/_silence.html")

    @cached_property
    def heartbeat(self) -> list[Line]:
        """What there is to say of the sources behind the tab."""
        return lines(self.head.heartbeat, self.clock)

    @property
    def pulse(self) -> Fragment:
        digest = digest_of([line.text for line in self.heartbeat])
        return Fragment("lr-heartbeat", digest, "dashboards/_heartbeat.html")

    @property
    def legend(self) -> Fragment:
        return Fragment("lr-legend", digest_of(sorted(self.signs)), "dashboards/_legend.html")

    @cached_property
    def signs(self) -> set[str]:
        """The signs on the page, which its legend explains."""
        return set().union(*(widget.signs for widget in self.widgets))

    @property
    def grid(self) -> Fragment:
        return Fragment("lr-places", digest_of(self.places), "dashboards/_places.html")

    @property
    def places(self) -> list[tuple[object, ...]]:
        """Widget, x, y, columns, rows, and what is switched off in it, in reading order."""
        return [(widget.id, *astuple(widget.place), widget.hidden) for widget in self.widgets]

    @property
    def places_json(self) -> str:
        return json.dumps(self.places, separators=(",", ":"))

    def changes(self, shown: Iterable[str]) -> Changes:
        """What differs from the parts that a page shows.

        Which widgets a draft has, and where, is for its author to say.
        """
        known = dict(entry.rpartition(":")[::2] for entry in shown)
        is_draft = bool(self.asked.draft)
        own = [self.title, self.spans, self.navigation, self.filter, self.notice, self.quiet]
        own += [self.pulse, self.legend, self.verdicts]
        own += [widget.mark for widget in self.widgets if widget.id in known]
        own += [] if is_draft else [self.grid]
        parts = [part for part in own if known.pop(part.id, None) != part.digest]
        before = ["", *(widget.id for widget in self.widgets)]
        pairs = zip(before, self.widgets, strict=False)
        return Changes(
            parts=parts,
            widgets=[w for w in self.widgets if w.id in known and known[w.id] != w.digest],
            inserted=[] if is_draft else [pair for pair in pairs if pair[1].id not in known],
            removed=[] if is_draft else sorted(_widgets_in(known) - {w.id for w in self.widgets}),
        )


def _widgets_in(known: Iterable[str]) -> set[str]:
    """The ids among those of a page that are widgets': the mark of one goes with it."""
    return {one for one in known if not one.endswith(MARK)}


def pages_of(asked: ReportRequest) -> Iterator[Page]:
    """Every tab of the report as its user sees it."""
    for tab in report_head(asked.campaign, asked.now, asked.period).tabs:
        yield Page(replace(asked, tab=tab.slug), Layers.load(asked.user, tab.slug))


def version_of(head: Head, layers: Layers) -> str:
    """Differs whenever a number, the arrangement or the reader's time zone may."""
    return f"{head.version}-{layers.version}-{get_current_timezone_name()}"


def clock_of(asked: ReportRequest, report: TabReport) -> Clock:
    """The clock of a page that shows this report: no two of its runs look alike."""
    frames = [widget.frame for widget in report.widgets if widget.frame]
    values = [
        str(row[axis.key])
        for frame in frames
        for axis in frame.axes
        if axis.role == "execution"
        for row in frame.rows
    ]
    in_tables = [datetime.fromisoformat(value) for value in values if value not in (NONE, OTHER)]
    return Clock.of(asked.now, [*report.executions, *report.selected, *in_tables])


def course_of(report: TabReport) -> Course:
    """The window of a report, and how far its numbers reach."""
    return Course(report.head.window, report.head.as_of)


def _brief(name: str) -> str:
    """A window on a button."""
    return {"15m": _("15 min"), "1h": _("1 h"), "6h": _("6 h"), "24h": _("24 h")}[name]


def _report(asked: ReportRequest, layers: Layers) -> TabReport:
    """The widgets that the page shows, and no other's numbers."""
    if asked.draft:
        return asked.report(lambda info: info.slug in asked.draft, even_empty=True)
    return asked.report(layers.shows)


def _arrangement(
    asked: ReportRequest, layers: Layers, widgets: Sequence[WidgetInfo]
) -> Arrangement:
    arrangement = layers.arrangement(widgets)
    allowed = {widget.slug: pictures_of(widget) for widget in widgets}
    return {
        slug: replace(standing, picture=asked.draft[slug])
        if asked.draft.get(slug) in allowed[slug]
        else standing
        for slug, standing in arrangement.items()
    }
