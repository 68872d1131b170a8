"""Changing how a tab looks: the editor, its gallery, saving, another picture."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.views.decorators.http import require_http_methods, require_POST

from liveReport.report import every, widget_slug
from liveReport.report.frames import WidgetInfo
from liveReport.report.window import BASES

from .answers import piece
from .behind import Links
from .drafts import BadDraft, Draft, read_draft, read_legend, wrong_picture
from .fragments import Page, clock_of, course_of
from .grid import Place
from .layouts import (
    Arrangement,
    Layers,
    Placement,
    basis_of,
    difference,
    left_out,
    removed_by,
    shipped,
    store,
    version_of,
)
from .models import MAX_WIDGETS, Layout, WidgetChange
from .pictures import pictures_of
from .report_request import ReportRequest, staff_page
from .script_texts import editor_texts
from .widgets import Widget

DEFAULT_PERMISSION = "dashboards.set_default_layout"


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def layout(request: HttpRequest, campaign: str, tab: str) -> HttpResponse:
    """The editor of a tab (GET), and saving what it made for oneself (POST)."""
    asked = ReportRequest.of(request, campaign, tab)
    if request.method == "POST":
        return _save(request, asked, for_everyone=False)
    return _editor(request, asked)


@require_POST
@staff_page
def default_layout(request: HttpRequest, campaign: str, tab: str) -> HttpResponse:
    """Saving an arrangement for everybody who has none of their own."""
    if not request.user.has_perm(DEFAULT_PERMISSION):
        raise PermissionDenied
    return _save(request, ReportRequest.of(request, campaign, tab), for_everyone=True)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def widget(request: HttpRequest, campaign: str, tab: str, key: str) -> HttpResponse:
    """One widget as some picture: to look at (GET), or to keep it so (POST)."""
    asked = ReportRequest.of(request, campaign, tab)
    asked = asked.dividing(Layers.load(asked.user, tab).basis)
    slug = widget_slug(tab, key)
    report = asked.report(lambda info: info.slug == slug, even_empty=True)
    info = next(iter(report.widgets), None)
    if info is None:
        raise Http404(slug)
    picture = (request.POST or request.GET).get("picture", "")
    if picture not in pictures_of(info):
        return _refused(wrong_picture(slug, picture))
    if request.method == "POST":
        _keep(asked, info, "picture", picture)
        if not request.htmx:  # type: ignore[attr-defined]
            return redirect(asked.url("report"))
        page = Page(asked, Layers.load(asked.user, tab))
        shown = next((found for found in page.widgets if found.slug == slug), None)
    else:
        standing = Placement(Place(0, 0, *info.size), picture)
        links = Links(asked, report.head)
        shown = Widget(info, standing, asked, clock_of(asked, report), course_of(report), links)
    return piece(request, "dashboards/_widget.html", {"widget": shown})


@require_POST
@staff_page
def legend(request: HttpRequest, campaign: str, tab: str, key: str) -> HttpResponse:
    """Keep which metrics a widget leaves out of its picture."""
    asked = ReportRequest.of(request, campaign, tab)
    slug = widget_slug(tab, key)
    offer = asked.report(lambda info: False).offer
    info = next((info for info in offer if info.slug == slug), None)
    if info is None:
        raise Http404(slug)
    try:
        hidden = read_legend(request.body)
    except BadDraft as error:
        return _refused(str(error))
    _keep(asked, info, "hidden", list(hidden))
    return JsonResponse({"layout": Layers.load(asked.user, asked.tab).version})


@require_POST
@staff_page
def basis(request: HttpRequest, campaign: str, tab: str) -> HttpResponse:
    """Keep what the rates of a tab divide, and show it whatever its address has said."""
    asked = ReportRequest.of(request, campaign, tab)
    chosen = request.POST.get("basis")
    if chosen is None or chosen not in ("", *BASES):
        raise BadRequest("basis")
    asked.head()  # raises where there is no such tab
    with transaction.atomic():
        Layout.objects.lock_layers(asked.user, tab)
        layers = Layers.load(asked.user, tab)
        changes = list(layers.mine.changes.all()) if layers.mine else []
        store(asked.user, tab, changes, "" if chosen == basis_of(layers.default) else chosen)
    return redirect(asked.over(replace(asked.period, basis="")))


@dataclass(frozen=True)
class _Offer:
    """A widget of the gallery. One without data shows itself when there are some."""

    info: WidgetInfo
    has_data: bool
    asked: ReportRequest

    @property
    def picture(self) -> str:
        """The one that it is usually shown as."""
        return next(iter(pictures_of(self.info)))

    @property
    def url(self) -> str:
        return self.asked.widget_url("report-widget", self.info.slug)


def _editor(request: HttpRequest, asked: ReportRequest) -> HttpResponse:
    layers = Layers.load(asked.user, asked.tab)
    report = asked.report(every)
    there = {found.slug for found in report.widgets}
    absent = left_out(report.offer, layers.default)
    base = layers.base([found for found in report.widgets if found.slug not in absent])
    state = {
        "layout": layers.version,
        "mine": version_of(layers.mine),
        "default": version_of(layers.default),
        "base": _as_json(base),
        "baseRemoved": sorted(there & removed_by(layers.default)),
        "removed": sorted(there & layers.removed),
    }
    context = {
        "save_url": asked.url("report-layout"),
        "default_url": asked.url("report-default-layout"),
        "gallery": [_Offer(info, info.slug in there, asked) for info in report.offer],
        "texts": json.dumps(editor_texts()),
        "may_set_default": request.user.has_perm(DEFAULT_PERMISSION),
        "others": _people_without_their_own(asked),
        "state": json.dumps(state),
    }
    return piece(request, "dashboards/_editor.html", context)


def _save(request: HttpRequest, asked: ReportRequest, *, for_everyone: bool) -> HttpResponse:
    """Keep an arrangement. The later save wins, and says what it replaced and left out."""
    offer = asked.report(lambda info: False).offer
    try:
        given = read_draft(request.body, offer)
    except BadDraft as error:
        return _refused(str(error))
    draft = given.about({info.slug for info in offer})
    with transaction.atomic():
        # Whoever else saves this layout waits here until this is done.
        Layout.objects.lock_layers(asked.user, asked.tab)
        layers = Layers.load(asked.user, asked.tab)
        before = layers.default if for_everyone else layers.mine
        replaced = _replaced(draft, layers, before, offer)
        undo = _way_back(layers, offer) if for_everyone else None
        if for_everyone:
            below, absent = shipped, left_out(offer)
        else:
            below, absent = layers.base, left_out(offer, layers.default)
        known = [info for info in offer if info.slug in draft.arrangement]
        changes = difference(draft.arrangement, draft.removed, below(known), absent)
        changes += _kept(draft, before)
        basis = _basis(draft, layers, for_everyone=for_everyone)
        store(None if for_everyone else asked.user, asked.tab, changes, basis)
        if for_everyone:
            store(asked.user, asked.tab, _kept(draft, layers.mine))
            _log(asked, before)
    now = Layers.load(asked.user, asked.tab)
    saved = {
        "layout": now.version,
        "mine": version_of(now.mine),
        "default": version_of(now.default),
    }
    beyond = [change.widget for change in changes[MAX_WIDGETS:]]
    unknown = [slug for slug in given.mentioned if slug not in draft.mentioned]
    return JsonResponse(saved | {"replaced": replaced, "undo": undo, "left_out": unknown + beyond})


def _people_without_their_own(asked: ReportRequest) -> int:
    """How many others see a default of this tab, because they have not arranged it."""
    staff = User.objects.filter(is_active=True, is_staff=True).exclude(pk=asked.user.pk)
    return staff.exclude(layouts__tab=asked.tab).count()


def _way_back(layers: Layers, offer: Sequence[WidgetInfo]) -> dict[str, Any]:
    """Drafts that bring back what everybody and the author saw: the latter's if they had one."""
    absent = left_out(offer, layers.default)
    default = layers.base([info for info in offer if info.slug not in absent])
    mine = layers.arrangement([info for info in offer if layers.shows(info)])
    return {
        "everyone": _as_draft(default, offer) | {"basis": basis_of(layers.default)},
        "mine": _as_draft(mine, offer) | {"basis": basis_of(layers.mine)} if layers.mine else None,
    }


def _as_draft(arrangement: Arrangement, offer: Sequence[WidgetInfo]) -> dict[str, Any]:
    gone = [info.slug for info in offer if info.slug not in arrangement]
    return {"widgets": _as_json(arrangement), "removed": gone}


def _basis(draft: Draft, layers: Layers, *, for_everyone: bool) -> str:
    """What is kept of what rates divide: for everybody, what the author sees."""
    if draft.basis is not None:
        return draft.basis
    if for_everyone:
        return basis_of(layers.default) if draft.afresh else layers.basis
    return "" if draft.afresh else basis_of(layers.mine)


def _log(asked: ReportRequest, before: Layout | None) -> None:
    """Say in the administration's log who has changed what everybody sees."""
    now = Layout.objects.filter(owner=None, tab=asked.tab)
    flag = CHANGE if now.exists() else DELETION
    layout = now.first() or before
    if layout is not None:
        message = [{"changed": {"fields": [asked.tab]}}] if flag == CHANGE else []
        LogEntry.objects.log_actions(
            asked.user.pk, [layout], flag, change_message=message, single_object=True
        )


def _kept(draft: Draft, before: Layout | None) -> list[WidgetChange]:
    """What was saved of widgets that the editor could not show."""
    if before is None or draft.afresh:
        return []
    return [change for change in before.changes.all() if change.widget not in draft.mentioned]


def _replaced(
    draft: Draft, layers: Layers, before: Layout | None, offer: Sequence[WidgetInfo]
) -> dict[str, Any] | None:
    """The arrangement that this save replaces though its author has not seen it."""
    if draft.based_on == version_of(before):
        return None
    mentioned = [info for info in offer if info.slug in draft.mentioned]
    shown = [info for info in mentioned if layers.shows(info)]
    return {
        "saved": date_format(localtime(before.saved_at), "TIME_FORMAT") if before else "—",
        "widgets": _as_json(layers.arrangement(shown)),
        "removed": sorted({info.slug for info in mentioned if not layers.shows(info)}),
    }


def _keep(asked: ReportRequest, info: WidgetInfo, field: str, value: object) -> None:
    """Add the picture of one widget, or what it leaves out, to what I have changed."""
    with transaction.atomic():
        Layout.objects.lock_layers(asked.user, asked.tab)
        layers = Layers.load(asked.user, asked.tab)
        changes = list(layers.mine.changes.all()) if layers.mine else []
        change = next((c for c in changes if c.widget == info.slug), None)
        if change is None:  # in front, where the limit of a layer leaves nothing out
            changes.insert(0, change := WidgetChange(widget=info.slug))
        is_below = layers.base([info])[info.slug].values()[field] == value
        setattr(change, field, getattr(WidgetChange(), field) if is_below else value)
        told = [change for change in changes if change.says_something]
        store(asked.user, asked.tab, told, basis_of(layers.mine))


def _as_json(arrangement: Arrangement) -> list[dict[str, object]]:
    """As the editor sends it back."""
    return [{"widget": slug} | standing.values() for slug, standing in arrangement.items()]


def _refused(reason: str) -> JsonResponse:
    return JsonResponse({"detail": reason}, status=422)
