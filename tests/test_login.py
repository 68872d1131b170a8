"""Logging in, what ends it, and which passwords are taken."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from liveReport.models import Campaign, Source
from tests.support.factories import UserFactory
from tests.support.routes import url

pytestmark = pytest.mark.django_db


# -- Log-in ------------------------------------------------------------------------------


def _log_in(client: Client, password: str, **extra: Any) -> Any:
    data = {"username": "alice", "password": password}
    return client.post("/admin/login/?next=/admin/", data, **extra)


@pytest.fixture
def password(alice: User) -> str:
    alice.set_password("a long enough secret")
    alice.save()
    return "a long enough secret"


def test_five_wrong_passwords_lock_the_name(client: Client, password: str) -> None:
    for _ in range(4):
        assert _log_in(client, "guess").status_code == 200
    locked = _log_in(client, "guess")
    assert locked.status_code == 429
    assert locked.headers["Retry-After"] == "900"
    assert "<style" not in locked.content.decode()
    assert _log_in(client, password).status_code == 429
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert _log_in(client, password, **elsewhere).status_code == 302


@pytest.mark.parametrize("asked", ["?next=/admin/", ""], ids=["the index", "nothing"])
def test_a_log_in_leads_to_the_campaigns(client: Client, password: str, asked: str) -> None:
    """The log-in page of the administration sends ``next`` whether or not anybody asked for it."""
    data = {"username": "alice", "password": password, "next": "/admin/"}
    response = client.post(f"/admin/login/{asked}", data)
    assert response.headers["Location"] == "/admin/reports/"
    assert client.get("/admin/login/").headers["Location"] == "/admin/reports/"
    assert client.get("/").headers["Location"] == "/admin/reports/"
    assert client.get("/admin/").status_code == 200


def test_a_log_in_on_the_way_elsewhere_leads_there(client: Client, password: str) -> None:
    elsewhere = "/admin/livereport/campaign/"
    data = {"username": "alice", "password": password, "next": elsewhere}
    response = client.post(f"/admin/login/?next={elsewhere}", data)
    assert response.headers["Location"] == elsewhere


def test_who_may_see_no_report_begins_with_the_administration(
    client: Client, charlie: User
) -> None:
    charlie.is_staff = True
    charlie.set_password("a long enough secret")
    charlie.save()
    data = {"username": "charlie", "password": "a long enough secret", "next": "/admin/"}
    assert client.post("/admin/login/", data).headers["Location"] == "/admin/"


def test_a_right_password_clears_the_count(client: Client, password: str) -> None:
    for _ in range(3):
        for _ in range(3):
            _log_in(client, "guess")
        assert _log_in(client, password).status_code == 302


def test_a_forged_address_does_not_open_the_lock(
    client: Client, password: str, settings: Any
) -> None:
    settings.BEHIND_PROXY = True
    for number in range(6):
        forged = {"HTTP_X_FORWARDED_FOR": f"10.0.0.{number}, 192.0.2.7"}
        last = _log_in(client, "guess", **forged)
    assert last.status_code == 429


def test_switching_a_user_off_ends_the_session(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/admin/").status_code == 200
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get("/admin/").status_code == 302


def _leaves_the_group(viewer: User) -> None:
    viewer.groups.clear()


def _group_may_less(viewer: User) -> None:
    viewer.groups.get().permissions.clear()


def _is_no_staff(viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(is_staff=False)


def _is_switched_off(viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(is_active=False)


def _gets_another_password(viewer: User) -> None:
    viewer.set_password("another-password")
    viewer.save()


def _is_deleted(viewer: User) -> None:
    viewer.delete()


def _is_logged_out(viewer: User) -> None:
    Session.objects.all().delete()


def _session_expires(viewer: User) -> None:
    Session.objects.update(expire_date=timezone.now())


@pytest.fixture
def viewer(client: Client, db: None) -> User:
    """Somebody who may see campaigns by a group, and is logged in."""
    viewers = Group.objects.create(name="viewers")
    viewers.permissions.set(Permission.objects.filter(codename="view_campaign"))
    viewer: User = UserFactory(username="viola", is_staff=True)
    viewer.groups.add(viewers)
    client.force_login(viewer)
    return viewer


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (_leaves_the_group, 404),
        (_group_may_less, 404),
        (_is_no_staff, 302),
        (_is_switched_off, 302),
        (_gets_another_password, 302),
        (_is_deleted, 302),
        (_is_logged_out, 302),
        (_session_expires, 302),
    ],
)
def test_what_a_poll_relies_on_is_read_anew(
    client: Client, campaign: Campaign, viewer: User, change: Callable[[User], None], status: int
) -> None:
    poll = url("admin/reports/{campaign}/{tab}/changes/")
    assert client.get(poll).status_code == 200
    change(viewer)
    assert client.get(poll).status_code == status


def test_a_user_may_what_django_says(viewer: User, bob: User, charlie: User, alice: User) -> None:
    viewer.user_permissions.set(Permission.objects.filter(codename="add_campaign"))
    for user in (viewer, bob, charlie, alice):
        anew = User.objects.get(pk=user.pk)
        assert user.get_all_permissions() == ModelBackend().get_all_permissions(anew)
    assert viewer.get_all_permissions() == {"livereport.view_campaign", "livereport.add_campaign"}
    assert viewer.get_all_permissions(obj=viewer) == set()
    assert AnonymousUser().get_all_permissions() == set()


def test_a_service_account_cannot_log_in(source: Source) -> None:
    assert not source.account.has_usable_password()
    assert not source.account.is_staff


# -- Passwords ---------------------------------------------------------------------------

OBVIOUS = [
    *("Summer26", "livereport", "Summer2026!", "2026Summer!!", "LiveReport2026", "live-report-1"),
    *("campaign-report", "demo-admin-1", "1234567890", "qwertyuiop", "short-9-x"),
]


@pytest.mark.parametrize("password", OBVIOUS)
def test_an_obvious_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize(
    "password",
    ["a long enough secret", "k7&-91!4xq?0", "correct horse battery", "mW3-qk_9Zr0b"],
)
def test_a_good_password_is_taken(password: str) -> None:
    validate_password(password)
