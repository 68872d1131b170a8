"""The rules for verdicts: drafted in a table, compared with those in force, then adopted."""

import logging
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from liveReport import tasks
from liveReport.channels import NONE, find_channel
from liveReport.engines import verdicts
from liveReport.models import Adoption, Campaign, VerdictRule
from liveReport.rollup.adoption import Change, Draft, preview

from .base import NoAdding, NoDeleting, begin_now

logger = logging.getLogger(__name__)


class RuleForm(forms.ModelForm[VerdictRule]):
    """What a signal means: one of the channel's verdicts, or what the channel says of it."""

    class Meta:
        model = VerdictRule
        fields = ("verdict",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = self.instance
        declared = _("As declared: %s") % rule.label_of("")
        given = self.fields["verdict"]
        self.fields["verdict"] = forms.ChoiceField(
            choices=[("", declared), *rule.choices],
            required=False,
            label=given.label,
            widget=forms.Select(attrs={"aria-label": given.label}),
        )


@admin.register(VerdictRule)
class VerdictRuleAdmin(NoAdding, NoDeleting, admin.ModelAdmin[VerdictRule]):
    """Rules by which opens and clicks are told people's or machines'."""

    form = RuleForm
    list_display = ("rule", "verdict", "adopted_label")
    list_display_links = None
    list_editable = ("verdict",)
    fields = ("rule", "verdict", "adopted_label")
    readonly_fields = ("rule", "adopted_label")
    actions = None

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return RuleForm

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        VerdictRule.objects.complete()
        return super().changelist_view(request, extra_context)

    def get_urls(self) -> list[URLPattern]:
        view = require_http_methods(["GET", "HEAD", "POST"])(self.preview_view)
        views = (view, require_safe(self.state_view))
        wrapped, state = map(self.admin_site.admin_view, views)
        return [
            path("preview/", wrapped, name="livereport_verdictrule_preview"),
            path("preview/state/", state, name="livereport_verdictrule_state"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What the draft would change of the last 24 hours; adopted when that is posted."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._ask(request)
        draft, adoption = Draft.now(), verdicts.latest()
        is_waiting = adoption is not None and adoption.state == verdicts.State.WAITING
        context = self.admin_site.each_context(request) | {
            "title": _("What the draft would change"),
            "opts": self.opts,
            "draft": draft,
            "adoption": adoption if adoption and speaks_of(adoption, draft) else None,
            "is_waiting": is_waiting,
            # Nothing else gets the lease that comparing takes while a draft is being adopted.
            "rows": [] if is_waiting else rows_of(preview(draft)),
            "may_adopt": self.has_change_permission(request),
        }
        return TemplateResponse(request, "admin/livereport/verdictrule/preview.html", context)

    def state_view(self, request: HttpRequest) -> HttpResponse:
        """The part of the page that changes while a draft is being adopted."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        context = {"adoption": verdicts.latest()}
        return TemplateResponse(request, "admin/livereport/verdictrule/_state.html", context)

    def _ask(self, request: HttpRequest) -> HttpResponse:
        """Leave the adoption to the slow queue: it takes as long as the log is."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        seen = request.POST.get("draft", "")
        if seen == Draft.now().digest:
            verdicts.ask(seen)
            begin_now(tasks.verdicts)
            logger.info("%s adopts rules for verdicts.", request.user)
        else:
            text = _("The draft has changed meanwhile. Here is what it would change now.")
            self.message_user(request, text, messages.WARNING)
        return redirect("admin:livereport_verdictrule_preview")

    @admin.display(description=_("signal"))
    def rule(self, rule: VerdictRule) -> str:
        return str(rule)

    @admin.display(description=_("in force"))
    def adopted_label(self, rule: VerdictRule) -> str:
        return str(rule.label_of(rule.adopted))


def speaks_of(adoption: Adoption, draft: Draft) -> bool:
    """Whether what has become of an adoption is still news of the draft as it is now."""
    return {
        verdicts.State.WAITING: True,
        verdicts.State.DONE: not draft.is_news,
        verdicts.State.OUTDATED: draft.is_news,
        verdicts.State.FAILED: adoption.draft == draft.digest,
    }[verdicts.State(adoption.state)]


def rows_of(changes: list[Change]) -> list[dict[str, Any]]:
    """What changes, with the names that people have for it."""
    names = dict(Campaign.objects.values_list("slug", "name"))
    return [
        {
            "campaign": names.get(told.campaign, told.campaign),
            "type": _type(told.channel, told.type),
            "verdict": _verdict(told.channel, told.verdict),
            "before": before,
            "after": after,
        }
        for told, before, after in changes
    ]


def _type(channel: str, key: str) -> str:
    found = find_channel(channel)
    return f"{found.label}: {found.event_by_key[key].label}" if found else f"{channel}: {key}"


def _verdict(channel: str, value: str) -> str:
    found = find_channel(channel)
    derived = found.derived if found else None
    if value == NONE or derived is None:
        return str(_("Not given"))
    return str(derived.label_of(value))
