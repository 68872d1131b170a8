"""The switches of the channel plugins."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from liveReport.channels import find_channel
from liveReport.models import ChannelPlugin

from .base import NoAdding, NoDeleting


@admin.register(ChannelPlugin)
class ChannelPluginAdmin(NoAdding, NoDeleting, admin.ModelAdmin[ChannelPlugin]):
    """Installed channels: on or off, and in which order."""

    list_display = ("label", "slug", "installed", "enabled", "position")
    list_display_links = ("label",)
    list_editable = ("enabled", "position")
    readonly_fields = ("slug", "installed", "description")
    fields = ("slug", "installed", "description", "enabled", "position")
    actions = None

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """The list's fields have no label to see, so they carry one to hear."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name in self.list_editable:
            field.widget.attrs["aria-label"] = field.label
        return field

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        ChannelPlugin.objects.complete()
        return super().changelist_view(request, extra_context)

    @admin.display(description=_("channel"))
    def label(self, plugin: ChannelPlugin) -> str:
        return str(plugin)

    @admin.display(description=_("installed"), boolean=True)
    def installed(self, plugin: ChannelPlugin) -> bool:
        return find_channel(plugin.slug) is not None

    @admin.display(description=_("description"))
    def description(self, plugin: ChannelPlugin) -> str:
        channel = find_channel(plugin.slug)
        return str(channel.description) if channel else ""
