"""What a source has whose provider sends us webhooks: secrets, and names of campaigns."""

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from liveReport.events.sealing import seal, unseal

from .access import Source
from .campaigns import Campaign


class SourceSecretManager(models.Manager["SourceSecret"]):
    """Knows which secrets are good."""

    def good(
        self, source: Source | models.OuterRef, now: datetime | None = None
    ) -> models.QuerySet["SourceSecret"]:
        """Those of a source that have not run out, newest first."""
        unexpired = models.Q(expires_at=None) | models.Q(expires_at__gt=now or timezone.now())
        return self.filter(unexpired, source=source).order_by("-pk")


class SourceSecret(models.Model):
    """A secret of a source: of one of ours the digest, of the provider's what opens it again."""

    source = models.ForeignKey(
        Source, models.CASCADE, related_name="secrets", verbose_name=_("source")
    )
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    sealed = models.BinaryField(_("sealed"), default=bytes)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    objects = SourceSecretManager()

    class Meta:
        verbose_name = _("secret")
        verbose_name_plural = _("secrets")

    def __str__(self) -> str:
        return f"{self.source} ({self.created_at:%Y-%m-%d})"

    @property
    def plain(self) -> str:
        """The provider's secret. Raises ``Unsealable``."""
        return unseal(bytes(self.sealed)).decode()

    @classmethod
    def of_provider(cls, source: Source, secret: str) -> "SourceSecret":
        """A secret that a provider has given, sealed. Not saved."""
        return cls(source=source, sealed=seal(secret.encode()))


class SourceMapping(models.Model):
    """Which campaign is meant by a text that the provider carries."""

    LONGEST = 200
    """Characters of a text."""

    source = models.ForeignKey(
        Source, models.CASCADE, related_name="mappings", verbose_name=_("source")
    )
    value = models.CharField(_("value"), max_length=LONGEST)
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="+", verbose_name=_("campaign")
    )

    class Meta:
        verbose_name = _("mapping")
        verbose_name_plural = _("mappings")
        constraints = [
            models.UniqueConstraint(fields=["source", "value"], name="one_campaign_per_value")
        ]

    def __str__(self) -> str:
        return f"{self.value} → {self.campaign}"


class SpentToken(models.Model):
    """What signed one body and may sign no other: the token's digest, and the body's."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_index=False)
    token = models.CharField(max_length=64)
    body = models.CharField(max_length=64)
    spent_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("spent token")
        verbose_name_plural = _("spent tokens")
        constraints = [
            models.UniqueConstraint(fields=["source", "token"], name="one_body_per_token")
        ]

    def __str__(self) -> str:
        return self.token


class SourceMinute(models.Model):
    """What of a source came within a minute and is not in the log, ignored or refused, and which of
    its events there are only derived from others. ``why`` is the code of a refusal."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_index=False)
    minute = models.DateTimeField(db_index=True)
    why = models.CharField(max_length=40, default="", db_default="")
    ignored = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    derived = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("minute of a source")
        verbose_name_plural = _("minutes of sources")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "minute", "why"], name="one_row_per_minute_and_why"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.minute:%H:%M}"


class RecentRequest(models.Model):
    """One of the latest requests of a source, masked, and what became of it.

    ``refused`` is the code of why it was, if it was; ``reasons`` has those, with commas between
    them, of events that wait in quarantine or were not taken.
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="recent")
    at = models.DateTimeField()
    refused = models.CharField(max_length=50, blank=True)
    reasons = models.CharField(max_length=200, blank=True)
    accepted = models.PositiveIntegerField(default=0)
    ignored = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    text = models.TextField(blank=True)

    class Meta:
        verbose_name = _("recent request")
        verbose_name_plural = _("recent requests")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.source} {self.at:%H:%M:%S}"


class SourceFeed(models.Model):
    """How many events a channel of a campaign got from a source within a minute, by when they were
    received. ``minute`` is its start, in seconds since 1970; ``sending`` of the events say what
    became of somebody who was to be reached, not what they did then.

    Written by the fold, with the numbers that rest on it.
    """

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    minute = models.BigIntegerField(db_index=True)
    source = models.ForeignKey(Source, models.CASCADE, related_name="+")
    channel = models.CharField(max_length=50)
    events = models.PositiveBigIntegerField()
    sending = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("feed of a channel")
        verbose_name_plural = _("feeds of channels")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "minute", "source", "channel"], name="one_row_per_feed_minute"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.channel} {self.minute}"


class Subscription(models.Model):
    """How far the subscription of a source to a topic is: when it was confirmed, and when and why
    that failed last. Nothing was asked for yet of a topic without a row."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="subscriptions", db_index=False)
    topic = models.CharField(max_length=300)
    confirmed_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=50, blank=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ("topic",)
        constraints = [
            models.UniqueConstraint(fields=["source", "topic"], name="one_row_per_subscription")
        ]

    def __str__(self) -> str:
        return self.topic
