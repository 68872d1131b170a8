"""Sources: programs that use the API, and providers whose webhooks come in."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from liveReport.channels import providers
from liveReport.ingest import replay
from liveReport.ingest.waiting import waiting
from liveReport.models import Campaign, QuarantinedBatch, Source, SourceMapping
from liveReport.site.sources import (
    SourceError,
    Wanted,
    change,
    could_verify,
    has_good_secret,
    is_ready,
    origin_of,
    rotate,
    set_up,
    url_of,
    user_of,
    webhook_of,
)

from .heartbeat import COLUMNS, SourceList, beats
from .recent import live_view, recent_of

GRACE = {
    "24": _("for a day"),
    "1": _("for an hour"),
    "72": _("for three days"),
    "0": _("no longer"),
}
"""For how many hours the former secret may stay good."""
OWN = ("campaign", "topic_lines", "origin_lines", "secret")
"""Fields of a source that has a provider."""


def _provider_choices() -> list[tuple[str, Any]]:
    found = [(name, provider.webhook.label) for name, provider in providers().items()]
    return [("", _("None: it uses the API")), *sorted(found, key=lambda one: str(one[1]).lower())]


class SourceForm(forms.ModelForm[Source]):
    """A source is switched off by switching off its service account."""

    active = forms.BooleanField(
        label=_("Active"),
        required=False,
        initial=True,
        help_text=_("Nothing is taken from a source that is not active."),
    )
    provider = forms.ChoiceField(label=_("Provider"), required=False, choices=_provider_choices)
    topic_lines = forms.CharField(
        label=_("SNS topics"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Amazon SES only: the ARN of each topic that is yours, one on a line."),
    )
    origin_lines = forms.CharField(
        label=_("Origins of pages"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "Beacon only: whose pages may send, as https://shop.example.com, one on a line."
        ),
    )
    secret = forms.CharField(
        label=_("Secret of the provider"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "The key that the provider signs with. Leave it empty where the secret is made here, "
            "or to keep the present one; the former stays good for a day."
        ),
    )

    class Meta:
        model = Source
        fields = ("name", "provider", "campaign")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["active"].initial = self.instance.account.is_active
            if "topic_lines" in self.fields:
                self.fields["topic_lines"].initial = "\n".join(self.instance.topics)
                self.fields["origin_lines"].initial = "\n".join(self.instance.origins)

    def clean(self) -> dict[str, Any]:
        """A provider's secret is either ours to make or its own, never both."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        found = providers().get(data.get("provider") or self.instance.provider)
        if data.get("secret") and (found is None or found.webhook.secret.is_ours):
            self.add_error("secret", _("Leave this empty: this secret is made here."))
        return data

    def clean_origin_lines(self) -> list[str]:
        """The origins as browsers name them."""
        try:
            return [origin_of(line) for line in self.cleaned_data["origin_lines"].split()]
        except SourceError as error:
            raise forms.ValidationError(_("Not an origin: %(text)s") % {"text": error}) from error

    @property
    def topics(self) -> list[str]:
        return str(self.cleaned_data.get("topic_lines") or "").split()


class MappingInline(admin.TabularInline[SourceMapping, Source]):
    """Texts of the provider that stand for campaigns."""

    model = SourceMapping
    extra = 0


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin[Source]):
    """Programs that send events or read reports, and providers that report what they sent."""

    form = SourceForm
    list_display = ("name", "provider_name", "active", "ready", *COLUMNS)
    list_select_related = ("account",)
    search_fields = ("name", "provider")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        return super().get_queryset(request).annotate(has_good_secret=has_good_secret())

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[SourceList]:
        return SourceList

    def get_fields(self, request: HttpRequest, obj: Source | None = None) -> tuple[str, ...]:
        if obj is None or obj.provider:
            return ("name", "provider", *OWN, "active")
        return ("name", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Source | None = None) -> list[str]:
        return ["name", "provider"] if obj else []

    def get_inlines(self, request: HttpRequest, obj: Source | None) -> list[Any]:
        return [MappingInline] if obj and obj.provider else []

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: Any) -> None:
        data = form.cleaned_data
        if not change:
            source, request.made_secret = self._created(form)  # type: ignore[attr-defined]
            obj.pk, obj.account, obj.public_key = source.pk, source.account, source.public_key
        elif obj.provider:
            obj.topics = form.topics
            obj.origins = sorted(data["origin_lines"])
            obj.save(update_fields=["campaign", "topics", "origins"])
            if data["secret"]:
                rotate(obj, data["secret"])
        obj.account.is_active = data["active"]
        obj.account.save(update_fields=["is_active"])

    def _created(self, form: Any) -> tuple[Source, str]:
        data = form.cleaned_data
        if not data["provider"]:
            return Source.objects.ensure(data["name"]), ""
        campaign = data["campaign"].slug if data["campaign"] else ""
        wanted = Wanted(campaign, topics=form.topics, origins=data["origin_lines"])
        return set_up(data["name"], data["provider"], wanted, data["secret"])

    def response_add(
        self, request: HttpRequest, obj: Source, post_url_continue: str | None = None
    ) -> HttpResponse:
        """What to do at the provider, and our secret, in the answer itself: it is shown once."""
        if not obj.provider:
            return super().response_add(request, obj, post_url_continue)
        return self._shown(request, obj, request.made_secret)  # type: ignore[attr-defined]

    def _shown(self, request: HttpRequest, source: Source, secret: str) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": _("Set up %(provider)s") % {"provider": webhook_of(source.provider).label},
            "opts": self.opts,
            "secret": secret,
            **set_up_of(source, request, secret),
        }
        return TemplateResponse(request, "admin/livereport/source/set_up.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Above the fields: what came of it; of a source that has a provider, how it is set up."""
        source = self.get_object(request, object_id)
        add = reverse("admin:livereport_eventfile_add")
        extra_context = (extra_context or {}) | {"import_url": f"{add}?source={object_id}"}
        if not self.has_view_or_change_permission(request, source):
            source = None  # refused below, without a look at what came
        if source:
            extra_context |= {"beat": beats([source])[source.pk]}
        if source and source.provider in providers():
            extra_context |= set_up_of(source, request) | self._more_of(source, request)
        return super().change_view(request, object_id, form_url, extra_context)

    def _more_of(self, source: Source, request: HttpRequest) -> dict[str, Any]:
        """What waits of it, and what can be pressed."""
        return {
            "waiting": waiting(source.pk),
            "campaigns": Campaign.objects.order_by("name").values_list("slug", "name"),
            "map_url": reverse("admin:livereport_source_map", args=[source.pk]),
            "secret_url": reverse("admin:livereport_source_secret", args=[source.pk]),
            "has_own_secret": webhook_of(source.provider).secret.is_ours,
            "grace": GRACE.items(),
            "may_change": self.has_change_permission(request, source),
        }

    def get_urls(self) -> list[URLPattern]:
        wrapped = self.admin_site.admin_view(require_safe(self.live_view))
        live = path("<path:object_id>/live/", wrapped, name="livereport_source_live")
        wrapped = self.admin_site.admin_view(require_POST(self.map_view))
        mapped = path("<path:object_id>/map/", wrapped, name="livereport_source_map")
        wrapped = self.admin_site.admin_view(require_POST(self.secret_view))
        secret = path("<path:object_id>/secret/", wrapped, name="livereport_source_secret")
        return [live, mapped, secret, *super().get_urls()]

    def _to_be_changed(self, request: HttpRequest, object_id: str) -> Source:
        """The source of an address, for whoever may change it."""
        source = self.get_object(request, object_id)
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        if source is None:
            raise Http404
        return source

    def map_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let texts stand for campaigns from now on, and count what waited for that."""
        source = self._to_be_changed(request, object_id)
        pairs = zip(request.POST.getlist("text"), request.POST.getlist("campaign"), strict=False)
        try:
            change(source, Wanted(mapping={text: slug for text, slug in pairs if text and slug}))
        except SourceError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            moved = replay(QuarantinedBatch.objects.filter(source=source))
            self.log_change(request, source, "Counted again what waits")
            text = ngettext("%(n)s event was counted.", "%(n)s events were counted.", moved)
            self.message_user(request, text % {"n": number_format(moved)}, messages.SUCCESS)
        return redirect("admin:livereport_source_change", source.pk)

    def live_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What came, a second later."""
        source = self.get_object(request, object_id)
        return live_view(request, source, may_view=self.has_view_permission(request, source))

    def secret_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A new secret of ours; the former stays good for as many hours as are said."""
        source = self._to_be_changed(request, object_id)
        hours = request.POST.get("hours", "")
        if hours not in GRACE:
            text = _("“%(hours)s” is no choice of hours: no new secret was made.")
            self.message_user(request, text % {"hours": hours}, messages.ERROR)
            return redirect("admin:livereport_source_change", source.pk)
        try:
            made = rotate(source, grace=timedelta(hours=int(hours)))
        except SourceError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:livereport_source_change", source.pk)
        self.log_change(request, source, "New secret")
        return self._shown(request, source, made)

    @admin.display(description=_("provider"), ordering="provider")
    def provider_name(self, source: Source) -> str:
        found = providers().get(source.provider)
        return str(found.webhook.label) if found else source.provider or "—"

    @admin.display(description=_("active"), boolean=True)
    def active(self, source: Source) -> bool:
        return source.account.is_active

    @admin.display(description=_("has a secret"), boolean=True)
    def ready(self, source: Source) -> bool | None:
        if not source.provider:
            return None
        return could_verify(source, has_secret=source.has_good_secret)  # type: ignore[attr-defined]


def set_up_of(source: Source, request: HttpRequest, secret: str = "") -> dict[str, Any]:
    """What whoever sets a source up has to know. ``secret`` is one that was made just now: the
    address has it where it belongs there."""
    webhook = webhook_of(source.provider)
    url, user = request.build_absolute_uri(url_of(source)), user_of(source)
    return {
        "source": source,
        "steps": webhook.set_up,
        "username": user,
        "is_ready": is_ready(source),
        "hook_url": url,
        "whole_url": url.replace("://", f"://{user}:{secret}@", 1) if user and secret else "",
        "has_public_url": bool(settings.PUBLIC_URL),
        "script_url": request.build_absolute_uri(
            f"{settings.PUBLIC_URL}{reverse('beacon-script')}"
        ),
        **recent_of(source, request, timezone.now()),
    }
