"""Sources whose provider sends webhooks, as they are stored: what is needed to take one in."""

from datetime import datetime

import msgspec
from django.db import connection
from django.db.models import QuerySet

from liveReport.events.sealing import unseal
from liveReport.models import Source, SourceSecret, SpentToken

_SPEND = """
INSERT INTO livereport_spenttoken (source_id, token, body, spent_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (source_id, token) DO NOTHING
"""


class HookSource(msgspec.Struct, frozen=True):
    """A source that is switched on. ``secrets`` are sealed; ``campaign`` is a slug, or ``""``,
    ``mapping`` has slugs by the texts that stand for them."""

    pk: int
    name: str
    provider: str
    secrets: tuple[bytes, ...] = ()
    digests: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    campaign: str = ""
    mapping: dict[str, str] = {}

    @property
    def has_secret(self) -> bool:
        return bool(self.secrets or self.digests or self.topics)

    def opened(self) -> list[str]:
        """The provider's secrets. Raises ``Unsealable``."""
        return [unseal(secret).decode() for secret in self.secrets]


def find(name: str, now: datetime) -> HookSource | None:
    """The source of this name if it has a provider and is switched on."""
    return _read(Source.objects.filter(name=name, account__is_active=True), now)


def get(pk: int, now: datetime) -> HookSource | None:
    """The source with this id if it has a provider, switched on or not."""
    return _read(Source.objects.filter(pk=pk), now)


def _read(rows: QuerySet[Source], now: datetime) -> HookSource | None:
    source = rows.exclude(provider="").select_related("campaign").first()
    if source is None:
        return None
    secrets = list(SourceSecret.objects.good(source, now))
    mapping = source.mappings.values_list("value", "campaign__slug")
    return HookSource(
        pk=source.pk,
        name=source.name,
        provider=source.provider,
        secrets=tuple(bytes(one.sealed) for one in secrets if one.sealed),
        digests=tuple(one.digest for one in secrets if one.digest),
        topics=tuple(source.topics),
        campaign=source.campaign.slug if source.campaign else "",
        mapping=dict(mapping),
    )


def spend(source: int, token: str, body: str, now: datetime) -> bool:
    """Whether a token is good for a body: it was not spent yet, or on the very same."""
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, [source, token, body, at])
        if cursor.rowcount:
            return True
    spent = SpentToken.objects.filter(source=source, token=token).values_list("body", flat=True)
    return spent.first() == body
