"""Campaigns and their executions."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from liveReport.channels import Text, all_channels, find_channel
from liveReport.channels.rules import mistake
from liveReport.models import Campaign, CampaignChannel, CampaignRule, Execution
from liveReport.report.rules import FIELDS, rules_of

from .base import ReadOnly


def _installed() -> list[tuple[str, Text]]:
    return [(channel.slug, channel.label) for channel in all_channels()]


class CampaignChannelForm(forms.ModelForm[CampaignChannel]):
    """Which channel is chosen once, when its row is added."""

    channel = forms.ChoiceField(label=_("channel"), choices=_installed)

    class Meta:
        model = CampaignChannel
        fields = ("channel", "declared")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            chosen = [(self.instance.channel, str(self.instance))]
            self.fields["channel"] = forms.ChoiceField(choices=chosen, disabled=True)
        else:
            self.fields["declared"].initial = True


class CampaignChannelInline(admin.TabularInline[CampaignChannel, Campaign]):
    """The channels a campaign uses: declared here, or met in its events."""

    model = CampaignChannel
    form = CampaignChannelForm
    fields = ("channel", "declared", "first_event_at", "last_event_at")
    readonly_fields = ("first_event_at", "last_event_at")
    extra = 0
    can_delete = False


class CampaignRuleForm(forms.ModelForm[CampaignRule]):
    """Which rule it is stands fixed; what the channel declares is there to be changed."""

    class Meta:
        model = CampaignRule
        fields = ("channel", "metric", *FIELDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.initial.get("channel", ""), self.initial.get("metric", "")
        for field, name in zip(("channel", "metric"), _names(*chosen), strict=True):
            choices = [(self.initial.get(field, ""), name)]
            self.fields[field] = forms.ChoiceField(choices=choices)

    def clean(self) -> dict[str, Any]:
        """Limits that make sense, of a rule that there is."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        channel = find_channel(str(data.get("channel")))
        rule = channel and channel.rule_by_metric.get(str(data.get("metric")))
        if rule is None:
            raise forms.ValidationError(_("There is no such rule."))
        given = [data.get(name) for name in ("warn", "critical", "min_sample")]
        if None not in given and (wrong := mistake(rule, *given)):  # type: ignore[arg-type]
            self.add_error(wrong[0], str(wrong[1]))
        return data


def _names(slug: str, key: str) -> tuple[str, str]:
    """What the channel and the rate of a rule are called."""
    channel = find_channel(slug)
    metric = channel and channel.metric_by_key.get(key)
    return (str(channel.label) if channel else slug, str(metric.label) if metric else key)


class CampaignRuleFormSet(
    forms.BaseInlineFormSet[CampaignRule, Campaign, forms.ModelForm[CampaignRule]]
):
    """A row for each rule of the campaign's channels; what is not changed is not kept."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        campaign: Campaign = kwargs["instance"]
        kept = set(kwargs["queryset"].filter(campaign=campaign).values_list("channel", "metric"))
        missing = [limits for limits in rules_of(campaign) if limits.key not in kept]
        self.extra = len(missing)
        self.max_num = len(missing) + len(kept)
        super().__init__(*args, initial=[limits.as_json() for limits in missing], **kwargs)


class CampaignRuleInline(admin.TabularInline[CampaignRule, Campaign]):
    """By which limits the campaign is judged."""

    model = CampaignRule
    form = CampaignRuleForm
    formset = CampaignRuleFormSet
    fields = ("channel", "metric", *FIELDS)
    verbose_name_plural = _("Rules: from which rate on there is a warning (0.01 is 1%)")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CampaignRule]:
        return super().get_queryset(request).order_by("channel", "metric")


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin[Campaign]):
    """Campaigns. One that has events stays."""

    list_display = ("name", "slug", "status", "channel_names", "last_event", "live_view")
    list_filter = ("status",)
    search_fields = ("name", "slug")
    fields = ("name", "slug", "status")
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        campaigns = super().get_queryset(request).prefetch_related("channels")
        annotated: QuerySet[Campaign] = campaigns.annotate(
            last_event_at=Max("channels__last_event_at")
        )
        return annotated

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> list[str]:
        return ["slug"] if obj else []

    def get_inlines(self, request: HttpRequest, obj: Campaign | None) -> list[Any]:
        return [CampaignChannelInline, *([CampaignRuleInline] if obj else [])]

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Campaign | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        counted = obj is not None and obj.series.exists()
        return not counted and super().has_delete_permission(request, obj)

    def get_deleted_objects(
        self, objs: Iterable[Campaign], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Only campaigns are listed, and only they need a right.

        All else that goes with them (executions, channels, states of messages) the fold
        keeps: nobody may delete it by hand, and there may be millions of rows.
        """
        chosen = list(objs)
        kept = [one for one in chosen if not self.has_delete_permission(request, one)]
        needed = {str(self.opts.verbose_name)} if kept else set()
        count = {str(self.opts.verbose_name_plural): len(chosen)}
        return [str(one) for one in chosen], count, needed, []

    @admin.display(description=_("Channels"))
    def channel_names(self, campaign: Campaign) -> str:
        return ", ".join(str(row) for row in campaign.channels.all())

    @admin.display(description=_("Last event"), ordering="last_event_at", empty_value="—")
    def last_event(self, campaign: Any) -> datetime | None:
        last: datetime | None = campaign.last_event_at
        return last

    @admin.display(description=_("report"))
    def live_view(self, campaign: Campaign) -> str:
        return format_html('<a href="{}">{}</a>', campaign.get_absolute_url(), _("Live view"))


@admin.register(Execution)
class ExecutionAdmin(ReadOnly, admin.ModelAdmin[Execution]):
    """Runs of recurring campaigns, as their events name them."""

    list_display = ("start", "campaign", "channel", "last_event_at")
    list_filter = ("channel", "campaign")
    list_select_related = ("campaign",)
    date_hierarchy = "started_at"

    @admin.display(description=_("execution time"), ordering="started_at")
    def start(self, execution: Execution) -> str:
        """With its offset and all its digits: two runs never look the same."""
        return localtime(execution.started_at).isoformat(" ")
