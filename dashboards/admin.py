"""Who has arranged which tab: to look at, and to take back."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from liveReport.admin.base import NoAdding, NoChanging

from .models import Layout


@admin.register(Layout)
class LayoutAdmin(NoAdding, NoChanging, admin.ModelAdmin[Layout]):
    """Deleting a layout brings back the one below: the organisation's, or the shipped one."""

    list_display = ("tab", "whose", "changed", "basis", "saved_at")
    list_filter = ("tab",)
    list_select_related = ("owner",)
    search_fields = ("tab", "owner__username")
    fields = ("tab", "whose", "changed", "basis", "saved_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Layout]:
        layouts: QuerySet[Layout] = super().get_queryset(request)
        return layouts.annotate(size=Count("changes"))

    @admin.display(description=_("owner"), ordering="owner__username")
    def whose(self, layout: Layout) -> str:
        return str(layout.owner or _("everyone"))

    @admin.display(description=_("changed widgets"), ordering="size")
    def changed(self, layout: Layout) -> int:
        return int(layout.size)  # type: ignore[attr-defined]
