"""Setting up sources whose provider sends us webhooks: campaign, mappings, topics and secrets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_urlsafe
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from liveReport.channels import USER, Secret, Webhook, digest_of, providers
from liveReport.models import Campaign, Source, SourceMapping, SourceSecret


class SourceError(Exception):
    """What a source is to be, it cannot be: the message says why."""


@dataclass(frozen=True)
class Wanted:
    """What a source is to have besides its name. Slugs of campaigns; what is empty stays as it
    is, but for mappings, which are added to those there are."""

    campaign: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    topics: Iterable[str] = ()
    origins: Iterable[str] = ()


def webhook_of(provider: str) -> Webhook:
    """How a provider's requests are understood. Raises ``SourceError``."""
    found = providers().get(provider)
    if found is None:
        raise SourceError(f"No provider {provider!r}, but {', '.join(sorted(providers()))}.")
    return found.webhook


def origin_of(url: str) -> str:
    """The origin that a browser names for pages of this address. Raises ``SourceError``."""
    try:
        parts = urlsplit(url.strip().lower())
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise SourceError(f"{url!r} is no origin.") from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise SourceError(f"{url!r} is no origin: write https://shop.example.com.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port if port != _PORTS[parts.scheme] else ''}"


_PORTS = {"https": ":443", "http": ":80"}
"""That origins leave out."""


@transaction.atomic
def set_up(name: str, provider: str, wanted: Wanted, secret: str = "") -> tuple[Source, str]:
    """The source, new or changed, and its secret if it was made here, just now.

    ``secret`` is the provider's; that of a source which exists is never changed.
    """
    webhook = webhook_of(provider)
    source, is_new = _ensured(name, provider)
    change(source, wanted)
    if webhook.secret == Secret.PUBLIC:
        _give_key(source, secret)
        return source, ""
    if not is_new:
        return source, ""
    return source, add_secret(source, webhook, secret)


def _give_key(source: Source, secret: str) -> None:
    """A public key if it has none; it stands in pages, and so stays the same."""
    if secret:
        raise SourceError(f"{source.provider} has no secret, but a key that stands in pages.")
    if not source.public_key:
        source.public_key = f"wk_{token_urlsafe(18)}"
        source.save(update_fields=["public_key"])


def _ensured(name: str, provider: str) -> tuple[Source, bool]:
    try:
        validate_slug(name)
    except ValidationError as error:
        raise SourceError(f"{name!r} is no name: use letters, digits, - and _.") from error
    found = Source.objects.filter(name=name).first()
    if found and found.provider not in ("", provider):
        raise SourceError(f"{name} is a source of {found.provider}, not of {provider}.")
    source = found or Source.objects.ensure(name)
    is_new = source.provider == ""
    source.provider = provider
    source.save(update_fields=["provider"])
    return source, is_new


def change(source: Source, wanted: Wanted) -> None:
    """Campaign, mappings, topics and origins of a source that exists."""
    if wanted.campaign:
        source.campaign = _campaigns([wanted.campaign])[wanted.campaign]
    source.topics = sorted({*source.topics, *wanted.topics})
    source.origins = sorted({*source.origins, *map(origin_of, wanted.origins)})
    source.save(update_fields=["campaign", "topics", "origins"])
    _check_texts(wanted.mapping)
    campaigns = _campaigns(wanted.mapping.values())
    for value, slug in wanted.mapping.items():
        SourceMapping.objects.update_or_create(
            source=source, value=value, defaults={"campaign": campaigns[slug]}
        )


def _check_texts(texts: Iterable[str]) -> None:
    longest = SourceMapping.LONGEST
    for text in texts:
        if not 0 < len(text) <= longest or "\0" in text:
            raise SourceError(
                f"{text[:50]!r} cannot be mapped: 1 to {longest} characters, no null."
            )


def _campaigns(slugs: Iterable[str]) -> dict[str, Campaign]:
    wanted = set(slugs)
    found = {campaign.slug: campaign for campaign in Campaign.objects.filter(slug__in=wanted)}
    if missing := wanted - set(found):
        raise SourceError(f"No such campaign: {', '.join(sorted(missing))}.")
    return found


def add_secret(source: Source, webhook: Webhook, secret: str = "") -> str:
    """Give a source a secret, besides those it has; it, if it was made here."""
    if webhook.secret.is_ours:
        if secret:
            raise SourceError(f"The secret of {source.provider} is ours: leave --secret out.")
        made = token_urlsafe(32)
        SourceSecret(source=source, digest=digest_of(made)).save()
        return made
    if secret:
        SourceSecret.of_provider(source, secret).save()
    return ""


@transaction.atomic
def rotate(source: Source, secret: str = "", grace: timedelta = timedelta(hours=24)) -> str:
    """A new secret; the former ones stay good for the grace period. It, if it was made here."""
    webhook = webhook_of(source.provider)
    if webhook.secret == Secret.PUBLIC:
        raise SourceError(f"{source.provider} has no secret: make a new source for a new key.")
    if not webhook.secret.is_ours and not secret:
        raise SourceError(f"The secret of {source.provider} is its own: hand it over.")
    ends = timezone.now() + grace
    later = Q(expires_at=None) | Q(expires_at__gt=ends)
    SourceSecret.objects.good(source).filter(later).update(expires_at=ends)
    return add_secret(source, webhook, secret)


def url_of(source: Source) -> str:
    """Where its provider, or a page or app, sends to."""
    way, name = ("beacon", source.public_key) if source.public_key else ("hook", source.name)
    return f"{settings.PUBLIC_URL}{reverse(way, args=[name])}"


def user_of(source: Source) -> str:
    """Who the provider logs in as, or nobody."""
    return USER if webhook_of(source.provider).secret == Secret.BASIC else ""


def is_ready(source: Source) -> bool:
    """Whether requests can be verified: it has a secret, or its topics, or needs none."""
    return could_verify(source, has_secret=SourceSecret.objects.good(source).exists())


def could_verify(source: Source, *, has_secret: bool) -> bool:
    """The same where somebody knows already whether it has a secret."""
    if source.public_key:
        return source.campaign_id is not None
    return has_secret or bool(source.topics)


def has_good_secret() -> Exists:
    """Whether each of several sources has one, asked together with them."""
    return Exists(SourceSecret.objects.good(OuterRef("pk")))
