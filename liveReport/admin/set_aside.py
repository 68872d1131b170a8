"""What could not be counted: to be tried again, or dropped."""

from itertools import islice
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from liveReport.channels import NONE
from liveReport.events.batch import LogEvent
from liveReport.events.former import read
from liveReport.events.hashes import NO_MESSAGE, written
from liveReport.events.moments import moment
from liveReport.models import SetAsideBatch
from liveReport.rollup import try_again

from .base import NoAdding, NoChanging

SHOWN = 100
"""Events of a set-aside batch that are shown."""


@admin.register(SetAsideBatch)
class SetAsideBatchAdmin(NoAdding, NoChanging, admin.ModelAdmin[SetAsideBatch]):
    """Events that could not be counted: tried again once their cause is mended, or dropped."""

    list_display = ("received_at", "source", "count", "error", "attempts", "since")
    list_filter = ("source", "error")
    list_select_related = ("source",)
    fields = ("source", "received_at", "count", "error", "attempts", "since", "batch", "events")
    readonly_fields = ("events",)
    actions = ("try_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SetAsideBatch]:
        return super().get_queryset(request).defer("payload")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Django's way to delete, with its question and its permission, by the name it has here."""
        actions = super().get_actions(request)
        if chosen := actions.get("delete_selected"):
            actions["delete_selected"] = (*chosen[:2], gettext("Drop the selected batches"))
        return actions

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("livereport.change_setasidebatch")

    @admin.action(description=_("Try the selected batches again"), permissions=["try_again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[SetAsideBatch]) -> None:
        """Move events back to the log, where they are counted, or set aside anew."""
        moved = 0
        for batch in queryset:
            if events := try_again([batch.pk]):
                self.log_change(request, batch, f"Tried again ({events})")
                moved += events
        text = ngettext("%d event is tried again.", "%d events are tried again.", moved) % moved
        self.message_user(request, text, messages.SUCCESS if moved else messages.WARNING)

    @admin.display(description=_("What can be read of it"))
    def events(self, batch: SetAsideBatch) -> str:
        """The first events in a table."""
        try:
            found = list(islice(read(batch.payload, batch.source_id), SHOWN))
        except Exception:  # noqa: BLE001 (whatever it is, nobody can read it)
            return str(_("Nothing: it cannot be unpacked."))
        rows = format_html_join("", f"<tr>{'<td>{}</td>' * 6}</tr>", map(_cells, found))
        names = ("id", "campaign", "channel", "type", "occurred_at", "…")
        head = format_html_join("", '<th scope="col">{}</th>', ((name,) for name in names))
        table = "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>"
        return format_html(table, head, rows)


def _cells(event: LogEvent) -> tuple[str, ...]:
    """An event as a row; what is there besides is one text."""
    shape = event.shape
    given = dict(shape.dimensions)
    if event.message != NO_MESSAGE:
        given["message"] = written(event.message)
    if shape.execution:
        given["execution"] = _instant(shape.execution)
    rest = ", ".join(f"{name}={value}" for name, value in given.items() if value != NONE)
    return written(event.id), shape.campaign, shape.channel, shape.type, _instant(event.at), rest


def _instant(microseconds: int) -> str:
    """An instant as events are sent with it, or the number if there is no such instant."""
    try:
        return moment(microseconds).isoformat()
    except OverflowError:
        return str(microseconds)
