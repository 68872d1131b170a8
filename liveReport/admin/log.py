"""The event log: what came in, and what waits for its campaign."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from liveReport.ingest import replay
from liveReport.models import EventBatch, QuarantinedBatch

from .base import NoAdding, NoChanging, ReadOnly


@admin.register(EventBatch)
class EventBatchAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """What each accepted request left, and what became of its events."""

    list_display = ("received_at", "source", "count", "duplicates", "late", "folded")
    list_filter = ("folded", "source")
    list_select_related = ("source",)
    ordering = ("-received_at",)
    show_full_result_count = False
    fields = ("source", "received_at", "count", "duplicates", "late", "folded")

    def get_queryset(self, request: HttpRequest) -> QuerySet[EventBatch]:
        return super().get_queryset(request).defer("payload")


@admin.register(QuarantinedBatch)
class QuarantinedBatchAdmin(NoAdding, NoChanging, admin.ModelAdmin):  # type: ignore[type-arg]
    """Events whose campaign is not known (yet)."""

    list_display = ("campaign", "reason", "count", "source", "received_at")
    list_filter = ("reason", "source")
    list_select_related = ("source",)
    search_fields = ("campaign",)
    fields = ("campaign", "reason", "count", "source", "received_at")
    actions = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuarantinedBatch]:
        return super().get_queryset(request).defer("payload")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("livereport.change_quarantinedbatch")

    @admin.action(description=_("Replay the selected batches"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[QuarantinedBatch]) -> None:
        """Move events to the log whose campaign exists by now."""
        chosen = list(queryset.values_list("pk", flat=True))
        moved = replay(queryset.defer(None))
        if moved:
            text = ngettext("%d event was replayed.", "%d events were replayed.", moved) % moved
            self.message_user(request, text, messages.SUCCESS)
        left = QuarantinedBatch.objects.filter(pk__in=chosen).order_by("campaign")
        if unknown := sorted(set(left.values_list("campaign", flat=True))):
            warning = _("No such campaign yet: %s. Create it, then replay again.")
            self.message_user(request, warning % ", ".join(unknown), messages.WARNING)
