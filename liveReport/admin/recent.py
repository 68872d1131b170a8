"""The latest requests of a source, as its page shows them while somebody sets it up."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from liveReport.channels import Secret, providers
from liveReport.engines import recent
from liveReport.ingest.recently import TRY_LATER
from liveReport.models import RecentRequest, Source
from liveReport.site.lately import ago, why

WATCHED = timedelta(minutes=10)
"""For so long a page asks by itself whether something came."""
JUST = 60
"""Seconds that are told of to the tenth."""


def recent_of(source: Source, request: HttpRequest, now: datetime) -> dict[str, Any]:
    """What the page tells: ``state`` in a sentence, and the ``requests`` with their fates.

    ``since`` is when the page was opened, in seconds, as it says itself when it asks again.
    """
    found = recent.latest(source.pk)
    opened = _seconds(request.GET.get("since")) or now.timestamp()
    newest = found[0] if found else None
    return {
        "source": source,
        "since": str(round(opened)),
        "newest": str(newest.pk if newest else 0),
        "is_watching": now.timestamp() - opened < WATCHED.total_seconds(),
        "state": _state(newest, now),
        "is_refused": bool(newest and newest.refused),
        "confirmation": _confirmation(source, found),
        "recent": [(one, fate_of(one), ago((now - one.at).total_seconds())) for one in found],
        "live_url": reverse("admin:livereport_source_live", args=[source.pk]),
    }


def live_view(request: HttpRequest, source: Source | None, *, may_view: bool) -> HttpResponse:
    """A part of the page: what came, as of now. The list only if it is not that of ``newest``."""
    if not may_view:
        raise PermissionDenied
    if source is None or source.provider not in providers():
        raise Http404
    context = recent_of(source, request, timezone.now())
    context["is_news"] = context["newest"] != request.GET.get("newest")
    response = TemplateResponse(request, "admin/livereport/source/_live.html", context)
    response["Cache-Control"] = "no-store"
    return response


def fate_of(one: RecentRequest) -> str:
    """What became of a request, in words."""
    if one.refused:
        return _("refused: %(why)s") % {"why": _why(one.refused)}
    said = [
        (one.accepted, ngettext("%(n)s accepted", "%(n)s accepted", one.accepted)),
        (one.ignored, ngettext("%(n)s ignored", "%(n)s ignored", one.ignored)),
        (one.quarantined, ngettext("%(n)s in quarantine", "%(n)s in quarantine", one.quarantined)),
    ]
    return ", ".join(text % {"n": number_format(n)} for n, text in said if n) or _("empty")


def _state(newest: RecentRequest | None, now: datetime) -> str:
    if newest is None:
        return _("Waiting for the first request …")
    seconds = max((now - newest.at).total_seconds(), 0)
    short = _("%(number)s s ago") % {"number": number_format(seconds, 1)}
    told = {"fate": fate_of(newest), "ago": short if seconds < JUST else ago(seconds)}
    return _("Last request: %(fate)s, %(ago)s") % told


def _confirmation(source: Source, found: Any) -> str:
    """How far the subscription to a topic is; ``""`` where the provider has none."""
    if providers()[source.provider].webhook.secret != Secret.TOPIC:
        return ""
    if any(not one.refused for one in found):
        return _("Confirmed: the topic sends.")
    if any(one.refused == TRY_LATER for one in found):
        return _("Not confirmed yet: Amazon did not answer. It will ask again.")
    return _("Waiting for the topic to ask for its confirmation.")


def _why(code: str) -> str:
    return _("the provider will try again") if code == TRY_LATER else why(code)


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() and len(text) < 12 else None
