"""What no page of the administration tells, whichever package its model comes from."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, reverse

from liveReport.models import ApiToken, Campaign, EventBatch, Source
from liveReport.site.admin_site import SECRETS, Guarded
from tests.support.factories import UserFactory, make_token

pytestmark = pytest.mark.django_db

ADMINS = list(admin.site._registry.values())
HOPS = 3


def names(model_admin: Any) -> str:
    return str(model_admin.opts.label_lower)


def secret_paths(model: type[Model], hops: int = HOPS) -> Iterator[str]:
    """Look-ups that lead to a secret of this model or of one that is some relations away."""
    for field in model._meta.get_fields():
        if field.name in SECRETS:
            yield field.name
        if hops and field.is_relation and field.related_model:
            for path in secret_paths(field.related_model, hops - 1):
                yield f"{field.name}__{path}"


def test_every_model_is_guarded() -> None:
    assert len(ADMINS) > 10
    assert all(isinstance(model_admin, Guarded) for model_admin in ADMINS)
    assert {ApiToken, Campaign, User} <= set(admin.site._registry)


@pytest.mark.parametrize("model_admin", ADMINS, ids=names)
def test_no_look_up_asks_about_a_secret(model_admin: Any, rf: Any, alice: User) -> None:
    request = rf.get("/")
    request.user = alice
    for path in set(secret_paths(model_admin.model)):
        for lookup in (path, f"{path}__startswith", f"{path}__isnull", f"{path}__regex"):
            assert not model_admin.lookup_allowed(lookup, "a", request), lookup


def test_there_are_secrets_to_ask_about() -> None:
    found = set(secret_paths(Campaign))
    assert {"tokens__digest", "tokens__token_key", "tokens__user__password"} <= found


def test_every_field_that_sounds_secret_is_one() -> None:
    sounds = re.compile("pass|digest|token|secret|session", re.IGNORECASE)
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if sounds.search(field.name) and not field.is_relation:
                assert field.name in SECRETS, f"{model._meta.label}.{field.name}"


def test_a_filter_does_not_reach_rows_that_point_here(
    client: Client, bob: User, campaign: Campaign, source: Source
) -> None:
    make_token(source, "read", campaign)
    token = ApiToken.objects.get()
    client.force_login(bob)
    address = reverse("admin:livereport_campaign_changelist")
    for lookup in (
        f"tokens__digest__startswith={token.digest[:2]}",
        f"tokens__digest={token.digest}",
        f"tokens={token.digest}",
        "tokens__isnull=False",
        "tokens__source__name=shop",
        "tokens__user__password__startswith=!",
    ):
        assert client.get(f"{address}?{lookup}").status_code == 400, lookup
    assert client.get(f"{address}?status__exact=live").status_code == 200


@pytest.mark.parametrize("model_admin", ADMINS, ids=names)
def test_declared_filters_work(client: Client, alice: User, model_admin: Any) -> None:
    client.force_login(alice)
    page = reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")
    text = client.get(page).content.decode()
    for query in set(re.findall(r'href="(\?[^"]+__exact=[^"]*)"', text)):
        assert client.get(page + query.replace("&amp;", "&")).status_code == 200, query


# -- Whether there is anything -------------------------------------------------------------------

OBJECT_URLS = ("change", "delete", "history")


@pytest.fixture
def there(campaign: Campaign, source: Source, alice: User) -> dict[type, Any]:
    """One row of some models, by model."""
    make_token(source, "read", campaign)
    EventBatch.objects.create(source=source, count=1, payload=b"")
    return {model: model._default_manager.first() for model in admin.site._registry}


def answers(client: Client, model_admin: Any, key: str) -> list[tuple[str, int, str]]:
    opts = model_admin.opts
    found = []
    for name in (*OBJECT_URLS, "password_change"):
        try:
            kind = f"auth_user_{name}" if name == "password_change" else None
            address = reverse(
                f"admin:{kind or f'{opts.app_label}_{opts.model_name}_{name}'}", args=[key]
            )
        except NoReverseMatch:
            continue
        for method in ("get", "post", "head"):
            answer = getattr(client, method)(address, {"post": "yes"})
            found.append((name, answer.status_code, answer.headers.get("Location", "")))
    content_type = ContentType.objects.get_for_model(opts.model).pk
    shortcut = client.get(f"/admin/r/{content_type}/{key}/")
    return [*found, ("shortcut", shortcut.status_code, "")]


@pytest.mark.parametrize("rights", [(), ("add",), ("view_session",)])
@pytest.mark.parametrize("model_admin", ADMINS, ids=names)
def test_who_may_not_look_learns_of_nothing(
    client: Client, there: dict[type, Any], model_admin: Any, rights: tuple[str, ...]
) -> None:
    dora = UserFactory(username="dora", is_staff=True)
    for right in rights:
        dora.user_permissions.add(*Permission.objects.filter(codename__startswith=right))
    client.force_login(dora)
    exists = there[model_admin.model]
    nothing = "987654321"
    if exists is not None:
        assert answers(client, model_admin, str(exists.pk)) == answers(client, model_admin, nothing)
    assert {status for _name, status, _to in answers(client, model_admin, nothing)} <= {403, 404}


def test_rows_were_there(there: dict[type, Any]) -> None:
    assert sum(found is not None for found in there.values()) > 6


def test_who_may_look_sees_the_history(client: Client, bob: User, campaign: Campaign) -> None:
    client.force_login(bob)
    page = reverse("admin:livereport_campaign_history", args=[campaign.pk])
    assert client.get(page).status_code == 200


@pytest.mark.parametrize("key", ["", "x", "\0", "9" * 5_000])
def test_an_action_on_what_is_no_key_is_refused(client: Client, alice: User, key: str) -> None:
    client.force_login(alice)
    client.raise_request_exception = False
    for model_admin in ADMINS:
        opts = model_admin.opts
        page = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
        form = {"action": "delete_selected", "_selected_action": [key]}
        assert client.post(page, form).status_code in (200, 302, 400, 403), opts.label
