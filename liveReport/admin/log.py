"""The event log: what came in."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from liveReport.models import EventBatch

from .base import ReadOnly


@admin.register(EventBatch)
class EventBatchAdmin(ReadOnly, admin.ModelAdmin[EventBatch]):
    """What each accepted request left, and what became of its events."""

    list_display = ("received_at", "source", "count", "duplicates", "late", "folded")
    list_filter = ("folded", "source")
    list_select_related = ("source",)
    ordering = ("-received_at",)
    show_full_result_count = False
    fields = ("source", "received_at", "count", "duplicates", "late", "folded")

    def get_queryset(self, request: HttpRequest) -> QuerySet[EventBatch]:
        return super().get_queryset(request).defer("payload")
