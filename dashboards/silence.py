"""Why a tab has nothing to show, since when, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from liveReport.models import Campaign, ChannelPlugin
from liveReport.report import FIRST_TAB, Head
from liveReport.report.window import Window

from .course import nothing as nothing_in
from .moments import Clock
from .report_request import ReportRequest


@dataclass(frozen=True)
class Step:
    """What somebody can do next, and where."""

    text: str
    url: str


@dataclass(frozen=True)
class Silence:
    """``reason`` is ``filtered``, ``ended``, ``earlier``, ``no_channel`` or ``never``."""

    reason: str
    title: str
    text: str
    steps: Sequence[Step] = ()


def nothing(asked: ReportRequest, window: Window) -> str:
    """What a widget says that has nothing to show."""
    if _is_filtered(asked):
        return _("Nothing from the chosen executions")
    return nothing_in(window)


def silence_of(asked: ReportRequest, head: Head, clock: Clock, all_runs: str) -> Silence:
    """Why nothing at all happened; ``all_runs`` is where the tab is without its filter."""
    if _is_filtered(asked):
        steps = [Step(_("Show all executions"), all_runs)]
        text = _("Events of other executions, or of none, are not shown.")
        return Silence("filtered", nothing(asked, head.window), text, steps)
    last = _last_event(asked)
    if asked.campaign.status == Campaign.Status.ENDED:
        return Silence("ended", _("This campaign has ended"), _after_the_end(last, clock))
    if last is not None:
        text = _("The last event was on %(moment)s. New ones show here within seconds.")
        return Silence("earlier", nothing(asked, head.window), text % {"moment": clock.text(last)})
    if len(head.tabs) == 1:
        text = _("Choose its channels, or send its first event: its channel appears by itself.")
        steps = [*_choosing(asked), *_sending(asked)]
        return Silence("no_channel", _("This campaign has no channels yet"), text, steps)
    text = _("The numbers appear by themselves, within seconds of the first event.")
    return Silence("never", _("No event has been received yet"), text, _sending(asked))


def _is_filtered(asked: ReportRequest) -> bool:
    return bool(asked.executions) and asked.tab != FIRST_TAB


def _last_event(asked: ReportRequest) -> datetime | None:
    """The latest that the tab could have shown, however long ago."""
    enabled = [channel.slug for channel in ChannelPlugin.objects.enabled()]
    return asked.campaign.last_event(enabled if asked.tab == FIRST_TAB else [asked.tab])


def _after_the_end(last: datetime | None, clock: Clock) -> str:
    if last is None:
        return _("It has received no event here, and no more are expected.")
    text = _("The last event was on %(moment)s. No more are expected.")
    return text % {"moment": clock.text(last)}


def _choosing(asked: ReportRequest) -> list[Step]:
    if asked.kiosk or not asked.user.has_perm("livereport.change_campaign"):
        return []
    url = reverse("admin:livereport_campaign_change", args=[asked.campaign.pk])
    return [Step(_("Choose channels"), url)]


def _sending(asked: ReportRequest) -> list[Step]:
    if asked.kiosk:  # nobody is there to press anything
        return []
    steps = [Step(_("How to send events"), reverse("docs"))]
    if asked.user.has_perm("livereport.add_apitoken"):
        steps.append(Step(_("Issue a token"), reverse("admin:livereport_apitoken_add")))
    return steps
