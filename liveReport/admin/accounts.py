"""Users and groups: only rights that mean something to whoever gives them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

_VERBS = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}


class Rights(ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Permissions by the name of what they are about, in the reader's language."""

    def label_from_instance(self, right: Permission) -> str:
        model = right.content_type.model_class()
        if model is None:
            return str(right)
        name = capfirst(str(model._meta.verbose_name_plural))
        verb, _rest, of = right.codename.partition("_")
        own = of == model._meta.model_name and verb in _VERBS
        return f"{name} | {_VERBS[verb] if own else _(right.name)}"


def _offered(held: QuerySet[Permission]) -> QuerySet[Permission]:
    """The rights to what the administration shows, and those that somebody has all the same."""
    types = ContentType.objects.get_for_models(*admin.site._registry).values()
    shown = Q(content_type__in=[found.pk for found in types])
    chosen = Permission.objects.filter(shown | Q(pk__in=held.values("pk")))
    return chosen.select_related("content_type").order_by(
        "content_type__app_label", "content_type__model", "codename"
    )


class RightsOnOffer:
    """An admin of whoever has rights."""

    holder: str
    """The look-up from a right to those who have it."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is Permission:
            match = request.resolver_match
            pk = match.kwargs.get("object_id") if match else None
            held = (
                Permission.objects.filter(**{self.holder: pk}) if pk else Permission.objects.none()
            )
            kwargs |= {"queryset": _offered(held), "form_class": Rights}
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(RightsOnOffer, DjangosUserAdmin):  # type: ignore[type-arg]
    """Accounts."""

    holder = "user"


@admin.register(Group)
class GroupAdmin(RightsOnOffer, DjangosGroupAdmin):  # type: ignore[misc]
    """Groups of accounts."""

    holder = "group"
