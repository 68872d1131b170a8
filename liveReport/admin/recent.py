"""The latest requests of a source, as its page shows them while somebody sets it up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from liveReport.channels import Secret, providers
from liveReport.engines import recent
from liveReport.ingest.beacons import NOT_OF_PAGES
from liveReport.ingest.recently import TRY_LATER
from liveReport.models import QuarantinedBatch, RecentRequest, Source, Subscription
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
        "fate": fate_of(newest) if newest else "",
        "is_refused": bool(newest and newest.refused),
        "subscriptions": _subscriptions(source, found),
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
        return _("refused: %(why)s") % {"why": words(one.refused)}
    said = [
        (one.accepted, ngettext("%(n)s accepted", "%(n)s accepted", one.accepted)),
        (one.ignored, ngettext("%(n)s ignored", "%(n)s ignored", one.ignored)),
        (one.quarantined, ngettext("%(n)s in quarantine", "%(n)s in quarantine", one.quarantined)),
    ]
    told = ", ".join(text % {"n": number_format(n)} for n, text in said if n) or _("empty")
    reasons = ", ".join(words(code) for code in one.reasons.split(",") if code)
    return f"{told} ({reasons})" if reasons else told


def _state(newest: RecentRequest | None, now: datetime) -> str:
    if newest is None:
        return _("Waiting for the first request …")
    seconds = max((now - newest.at).total_seconds(), 0)
    short = _("%(number)s s ago") % {"number": number_format(seconds, 1)}
    told = {"fate": fate_of(newest), "ago": short if seconds < JUST else ago(seconds)}
    return _("Last request: %(fate)s, %(ago)s") % told


def _subscriptions(source: Source, found: Sequence[RecentRequest]) -> list[tuple[str, str]]:
    """How far the subscription to each topic is; nothing where the provider has none."""
    if providers()[source.provider].webhook.secret != Secret.TOPIC:
        return []
    known = {one.topic: one for one in source.subscriptions.all()}
    hears = any(not one.refused for one in found)
    return [(topic, _how_far(known.get(topic), hears=hears)) for topic in source.topics]


def _how_far(one: Subscription | None, *, hears: bool) -> str:
    if one and one.confirmed_at:
        return _("confirmed %(time)s") % {"time": moment(one.confirmed_at)}
    if one and one.failed_at:
        told = {"why": words(one.why), "time": moment(one.failed_at)}
        return _("not confirmed: %(why)s (%(time)s)") % told
    if hears:
        return _("nothing has asked for a confirmation here, but messages arrive")
    return _("waiting for the topic to ask for its confirmation")


def moment(at: datetime) -> str:
    """A time of the reader's, as lists write them."""
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")


def words(code: str) -> str:
    """Why something was refused or waits."""
    if code in QuarantinedBatch.Reason:
        label = str(QuarantinedBatch.Reason(code).label)
        return label[:1].lower() + label[1:]
    return str(_WORDS.get(code) or why(code))


_WORDS = {
    TRY_LATER: gettext_lazy("what it asks for could not be done, so it is to be sent again"),
    "no_secret": gettext_lazy("no secret yet"),
    "origin": gettext_lazy("pages of this origin are not on the list"),
    "too_often": gettext_lazy("too many requests"),
    "too_large": gettext_lazy("the body is too large"),
    NOT_OF_PAGES: gettext_lazy("not what pages and apps send"),
}
"""Why requests are refused that no adapter has read; what else there is says ``why``."""


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() and len(text) < 12 else None
