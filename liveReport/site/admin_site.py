"""The administration's site: rules for every model in it, ours or another package's."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, FieldDoesNotExist, PermissionDenied, ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from liveReport.models import sees_campaigns

SECRETS = frozenset(
    {
        "digest",
        "password",
        "session_data",
        "session_hash",
        "session_key",
        "sealed",
        "token",
        "token_key",
    }
)
"""Fields of any model that no look-up may ask about, whatever leads to them."""


class Guarded(admin.ModelAdmin[Any]):
    """What every model's pages refuse."""

    view_on_site = False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """No filter of an address asks about secrets, or about rows that point here."""
        if SECRETS & set(lookup.split(LOOKUP_SEP)):
            return False
        filters = self.get_list_filter(request) if request else self.list_filter
        declared = {entry[0] if isinstance(entry, tuple | list) else entry for entry in filters}
        if not declared & {lookup, lookup.rpartition(LOOKUP_SEP)[0]} and self._is_reverse(lookup):
            return False
        return bool(super().lookup_allowed(lookup, value, request))  # type: ignore[arg-type]

    def _is_reverse(self, lookup: str) -> bool:
        try:
            field = self.opts.get_field(lookup.partition(LOOKUP_SEP)[0])
        except FieldDoesNotExist:
            return False
        return field.auto_created and not field.concrete

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        # PostgreSQL would raise an error of its own.
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if any("\0" in value for values in request.GET.lists() for value in values[1]):
            raise BadRequest("A filter has a null in it.")
        return super().changelist_view(request, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Whoever may not look does not learn either whether there is anything."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
            self._check_key(chosen)
        return super().response_action(request, *args, **kwargs)

    def _check_key(self, chosen: str) -> None:
        try:
            ProhibitNullCharactersValidator()(chosen)
            self.opts.pk.to_python(chosen)
        except (ValidationError, ValueError) as error:
            raise BadRequest(f"{ACTION_CHECKBOX_NAME}: {chosen[:50]!r} is no key.") from error


class Site(admin.AdminSite):
    """Django's own, whose models are all guarded."""

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[BaseModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        plain = admin_class or admin.ModelAdmin
        guarded = type(plain.__name__, (Guarded, plain), {"__module__": plain.__module__})
        super().register(model_or_iterable, guarded, **options)

    @method_decorator(never_cache)
    @login_not_required
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Whoever may see reports begins with the campaigns, unless they were on the way elsewhere.

        That is so where Django would lead to its index, to which the log-in page itself leads by
        default. The index is one press away.
        """
        response: HttpResponse = super().login(request, extra_context)
        if response.headers.get("Location") == reverse("admin:index") and sees_campaigns(
            request.user
        ):
            return redirect("start")
        return response

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Without the one that leads any staff to any object that has an address of its own."""
        return [found for found in super().get_urls() if _name(found) != "view_on_site"]


def _name(found: URLResolver | URLPattern) -> str | None:
    return found.name if isinstance(found, URLPattern) else None
