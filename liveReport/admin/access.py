"""API tokens."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from liveReport.models import ApiToken

from .base import NoChanging

MAX_DAYS = 365


class TokenForm(forms.ModelForm[ApiToken]):
    """What a token is for, and for how long."""

    days = forms.IntegerField(
        label=_("Valid for (days)"),
        min_value=1,
        max_value=MAX_DAYS,
        initial=settings.TOKEN_DAYS,
    )

    class Meta:
        model = ApiToken
        fields = ("source", "scope", "events", "all_campaigns", "campaigns")

    def clean(self) -> dict[str, Any]:
        """A limit is chosen, never what is left when nobody thought of it."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(data.get("all_campaigns")) == bool(data.get("campaigns")):
            self.add_error("campaigns", _("Choose either all campaigns or some of them."))
        if data.get("events") and data.get("scope") != ApiToken.Scope.READ:
            self.add_error("events", _("Only a token that reads reports lists single events."))
        return data


SHOWN = (
    *("beginning", "source", "scope", "events", "campaign_names", "created", "expiry", "valid"),
)
"""What is told of a token."""


@admin.register(ApiToken)
class ApiTokenAdmin(NoChanging, admin.ModelAdmin[ApiToken]):
    """Tokens are issued and revoked, never changed. The secret is shown once."""

    form = TokenForm
    list_display = SHOWN
    list_filter = ("scope", "source")
    list_select_related = ("source", "user")
    filter_horizontal = ("campaigns",)
    ordering = ("-created",)
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        if obj:
            return SHOWN
        return ("source", "scope", "events", "all_campaigns", "campaigns", "days")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        return super().get_queryset(request).prefetch_related("campaigns")

    def save_form(self, request: HttpRequest, form: Any, change: Any) -> ApiToken:
        data = form.cleaned_data
        campaigns = None if data["all_campaigns"] else data["campaigns"]
        token, request.issued_token = ApiToken.objects.issue(  # type: ignore[attr-defined]
            data["source"],
            data["scope"],
            campaigns=campaigns,
            days=data["days"],
            events=data["events"],
        )
        return token

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: Any) -> None:
        """It is saved: issuing is one transaction of its own."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Its campaigns are saved as well."""

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret in the answer itself: a message would be stored on its way."""
        context = self.admin_site.each_context(request) | {
            "title": _("API token issued"),
            "opts": self.opts,
            "token": obj,
            "secret": request.issued_token,  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "admin/livereport/apitoken/issued.html", context)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("livereport.delete_apitoken")

    @admin.action(description=_("Revoke the selected tokens"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Refuse the tokens from now on, and keep their rows as a record."""
        tokens = list(queryset)
        for token in tokens:
            token.revoke()
            self.log_change(request, token, "Revoked")
        text = ngettext("%d token was revoked.", "%d tokens were revoked.", len(tokens))
        self.message_user(request, text % len(tokens), messages.SUCCESS)

    @admin.display(description=_("begins with"), ordering="token_key")
    def beginning(self, token: ApiToken) -> str:
        return f"{token.token_key}…"

    @admin.display(description=_("campaigns"))
    def campaign_names(self, token: ApiToken) -> str:
        if token.all_campaigns:
            return str(_("all"))
        return ", ".join(campaign.name for campaign in token.campaigns.all()) or str(_("none left"))

    @admin.display(description=_("valid"), boolean=True)
    def valid(self, token: ApiToken) -> bool:
        unexpired = token.expiry is not None and token.expiry > timezone.now()
        return unexpired and token.user.is_active
