"""Objects for tests. Alice is a superuser, Bob may view campaigns, Charlie is a stranger."""

from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Permission, User
from django.utils import timezone
from factory.declarations import LazyAttribute, Sequence
from factory.django import DjangoModelFactory

from liveReport.models import ApiToken, Campaign, Source


class _Campaigns(DjangoModelFactory[Campaign]):
    class Meta:
        model = Campaign

    slug = Sequence(lambda number: f"campaign-{number}")
    name = LazyAttribute(lambda campaign: campaign.slug.replace("-", " ").capitalize())


class _Users(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = Sequence(lambda number: f"user-{number}")


# Called as classes these would give models all the same, but no type says so.
CampaignFactory = _Campaigns.create
UserFactory = _Users.create


def make_source(name: str = "shop") -> Source:
    return Source.objects.ensure(name)


def make_token(source: Source, scope: str, *campaigns: Campaign, days: int = 1) -> str:
    """A new token's text, for a ``Authorization: Bearer …`` header."""
    return ApiToken.objects.issue(source, scope, campaigns=campaigns or None, days=days)[1]


def make_alice() -> User:
    return UserFactory(username="alice", is_staff=True, is_superuser=True)


def make_bob() -> User:
    bob = UserFactory(username="bob", is_staff=True)
    bob.user_permissions.set(
        Permission.objects.filter(content_type__app_label="livereport", codename__startswith="view")
    )
    return bob


def make_charlie() -> User:
    return UserFactory(username="charlie")


def event(**fields: Any) -> dict[str, Any]:
    """A valid event of the contract; times are given as ``datetime`` or text."""
    plain = {
        "id": uuid4().hex,
        "campaign": "summer",
        "channel": "email",
        "type": "sent",
        "occurred_at": timezone.now(),
        "profile": "p-1",
    }
    return plain | fields


def receipt(accepted: int, duplicates: int = 0) -> dict[str, Any]:
    """The answer to a request of which all events went to the log."""
    return {"accepted": accepted, "duplicates": duplicates, "quarantined": [], "rejected": []}
