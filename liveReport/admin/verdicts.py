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
from django.views.decorators.http import require_http_methods

from liveReport.channels import NONE, find_channel
from liveReport.models import Campaign, VerdictRule
from liveReport.rollup.adoption import Change, Draft, Outdated, adopt, preview

from .base import NoAdding, NoDeleting

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
        wrapped = self.admin_site.admin_view(view)
        name = "livereport_verdictrule_preview"
        return [path("preview/", wrapped, name=name), *super().get_urls()]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What the draft would change of the last 24 hours; adopted when that is posted."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._adopt(request)
        draft = Draft.now()
        context = self.admin_site.each_context(request) | {
            "title": _("What the draft would change"),
            "opts": self.opts,
            "draft": draft,
            "rows": rows_of(preview(draft)),
            "may_adopt": self.has_change_permission(request),
        }
        return TemplateResponse(request, "admin/livereport/verdictrule/preview.html", context)

    def _adopt(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        try:
            adopt(request.POST.get("draft", ""))
        except Outdated:
            text = _("The draft has changed meanwhile. Here is what it would change now.")
            self.message_user(request, text, messages.WARNING)
            return redirect("admin:livereport_verdictrule_preview")
        logger.info("%s adopted rules for verdicts.", request.user)
        text = _("The draft is in force; all numbers were counted anew by it.")
        self.message_user(request, text, messages.SUCCESS)
        return redirect("admin:livereport_verdictrule_changelist")

    @admin.display(description=_("signal"))
    def rule(self, rule: VerdictRule) -> str:
        return str(rule)

    @admin.display(description=_("in force"))
    def adopted_label(self, rule: VerdictRule) -> str:
        return str(rule.label_of(rule.adopted))


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
