"""The quarantine: what waits for its campaign, event by event, and what had to be refused."""

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.paginator import Paginator
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from liveReport.channels import NONE
from liveReport.engines.quarantine import discard
from liveReport.events.batch import Events, LogEvent
from liveReport.events.former import read
from liveReport.events.hashes import NO_MESSAGE, written
from liveReport.events.moments import moment
from liveReport.ingest import replay
from liveReport.models import Campaign, QuarantinedBatch, QuarantinedCampaign, QuarantineTally

from .base import NoAdding, NoChanging

EVENTS = 100
"""Events on a page of a batch."""
CAMPAIGNS = 30
"""Campaigns to choose from, those with most events; others are found by the search."""
NAMED = 20
"""Campaigns that a message names."""

logger = logging.getLogger(__name__)


class CampaignFilter(admin.SimpleListFilter):
    """The batches of one unknown campaign."""

    title = _("campaign")
    parameter_name = "campaign"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        held = QuarantinedCampaign.objects.values("campaign").annotate(sum=Sum("events"))
        most = held.order_by("-sum", "campaign").values_list("campaign", "sum")[:CAMPAIGNS]
        found = {campaign: f"{campaign} ({events})" for campaign, events in most}
        if chosen := self.value():
            found.setdefault(chosen, chosen)
        return found.items()

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[QuarantinedBatch]
    ) -> QuerySet[QuarantinedBatch]:
        return queryset.filter(campaign=self.value()) if self.value() else queryset


@admin.register(QuarantinedBatch)
class QuarantinedBatchAdmin(NoAdding, NoChanging, admin.ModelAdmin[QuarantinedBatch]):
    """Events whose campaign is not known (yet)."""

    list_display = ("campaign", "reason", "count", "source", "received_at")
    list_filter = ("reason", "source", CampaignFilter)
    list_select_related = ("source",)
    search_fields = ("campaign",)
    show_full_result_count = False
    fields = ("campaign", "reason", "count", "source", "received_at")
    actions = ("replay", "delete_selected")

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuarantinedBatch]:
        return super().get_queryset(request).defer("payload")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Above the list: how full the quarantine is, and what it had no room for."""
        return super().changelist_view(request, (extra_context or {}) | {"tallies": tallies})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Below the batch: its events, a page at a time."""
        response = super().change_view(request, object_id, form_url, extra_context)
        batch = getattr(response, "context_data", {}).get("original")
        if isinstance(response, TemplateResponse) and batch is not None and not batch.is_raw:
            page = page_of(read(batch.payload, batch.source_id), request.GET.get("p", "1"))
            response.context_data = {**(response.context_data or {}), **page}
        return response

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("livereport.change_quarantinedbatch")

    @admin.action(description=_("Replay the selected batches"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[QuarantinedBatch]) -> None:
        """Move events to the log whose campaign exists by now."""
        exists = Exists(Campaign.objects.filter(slug=OuterRef("campaign")))
        named = queryset.exclude(campaign="")
        names = named.filter(~exists).order_by("campaign").values_list("campaign", flat=True)
        unknown = list(names.distinct()[: NAMED + 1])
        moved = replay(queryset)
        if moved:
            text = ngettext("%d event was replayed.", "%d events were replayed.", moved) % moved
            self.message_user(request, text, messages.SUCCESS)
        if unknown:
            listed = ", ".join([*unknown[:NAMED], *(["…"] if len(unknown) > NAMED else [])])
            warning = _("No such campaign yet: %s. Create it, then replay again.")
            self.message_user(request, warning % listed, messages.WARNING)

    @admin.action(description=_("Delete the selected batches"), permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[QuarantinedBatch]
    ) -> HttpResponse | None:
        """Ask first, without a list of what may be a hundred thousand batches; then delete.

        What has come in since the question is not among it.
        """
        if request.POST.get("post"):
            until = request.POST.get("until", "")
            chosen = queryset.filter(pk__lte=int(until)) if until.isdecimal() else queryset
            events = self._discard(request, chosen)
            text = ngettext("%d event was deleted.", "%d events were deleted.", events) % events
            self.message_user(request, text, messages.SUCCESS)
            return None
        sums = queryset.order_by().aggregate(
            batches=Count("pk"),
            events=Sum("count", default=0),
            campaigns=Count("campaign", distinct=True),
            until=Max("pk"),
        )
        context = self.admin_site.each_context(request) | {
            "title": _("Delete the selected batches"),
            "opts": self.opts,
            "sums": sums,
            "name": ACTION_CHECKBOX_NAME,
            "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/livereport/quarantinedbatch/delete.html", context)

    def delete_model(self, request: HttpRequest, obj: QuarantinedBatch) -> None:
        self._discard(request, QuarantinedBatch.objects.filter(pk=obj.pk))

    def _discard(self, request: HttpRequest, batches: QuerySet[QuarantinedBatch]) -> int:
        events = discard(batches)
        logger.info("%s deleted %d quarantined events.", request.user, events)
        return events


class Row:
    """An event as a batch holds it: with keys in place of names. Times are of the reader's zone."""

    def __init__(self, event: LogEvent) -> None:
        self.id = written(event.id)
        self.channel = event.shape.channel
        self.type = event.shape.type
        self.at = moment(event.at)
        self.execution = moment(event.shape.execution) if event.shape.execution else None
        self.dimensions = [pair for pair in event.shape.dimensions if pair[1] != NONE]
        self.profile = written(event.profile)
        self.message = "" if event.message == NO_MESSAGE else written(event.message)


def page_of(events: Events, number: str) -> dict[str, Any]:
    """A page of the events: that with this number, or the last, or the first."""
    page = Paginator(range(len(events)), EVENTS).get_page(number)
    some = events.take(np.array(list(page), np.int64))
    around = {"previous_url": f"?p={page.number - 1}", "next_url": f"?p={page.number + 1}"}
    return {"page": page, "events": [Row(event) for event in some], **around}


def tallies() -> dict[str, Any]:
    """How much there is of each source that has anything, or was refused, and of how much."""
    held = QuarantinedCampaign.objects.filter(source=OuterRef("pk"))
    campaigns = held.order_by().values("source").annotate(n=Count("pk")).values("n")
    rows = QuarantineTally.objects.filter(Q(events__gt=0) | Q(refused__gt=0))
    return {
        "sources": rows.select_related("source")
        .annotate(campaigns=campaigns)
        .order_by("-refused", "-events", "source__name"),
        "events": rows.aggregate(sum=Sum("events", default=0))["sum"],
        "max_events": settings.QUARANTINE_MAX_EVENTS,
        "max_campaigns": settings.QUARANTINE_MAX_CAMPAIGNS,
        "max_total": settings.QUARANTINE_MAX_TOTAL,
    }
