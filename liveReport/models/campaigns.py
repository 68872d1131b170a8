"""Campaigns, what they use, and the channel plugins an administrator switches."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple, Protocol, Self, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.db import models, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from liveReport.channels import Channel, all_channels, find_channel

_CAMPAIGN = "SELECT * FROM livereport_campaign WHERE slug = %s"


def sees_campaigns(user: AbstractBaseUser | AnonymousUser | None) -> bool:
    """Whether a user may see reports; those who may see one see all."""
    return isinstance(user, User) and user.is_staff and user.has_perm("livereport.view_campaign")


class Limits(Protocol):
    """What an API token says of the campaigns that it is good for."""

    @property
    def all_campaigns(self) -> bool: ...

    @property
    def campaigns(self) -> Any: ...


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """Campaigns, with the one rule of who may see which."""

    _chosen = False
    """Whether these may be fewer, or other, than all rows as they are."""

    def _clone(self) -> Self:
        """What every filter, ordering, annotation begins with."""
        clone = super()._clone()  # type: ignore[misc]
        clone._chosen = True
        return cast("Self", clone)

    def visible_to(
        self, user: AbstractBaseUser | AnonymousUser | None, token: Limits | None = None
    ) -> Self:
        """The campaigns a caller may see; pages, API and exports all ask here.

        A token sees those it was issued for, staff with the right to view campaigns all.
        """
        if token is not None:
            return self.for_token(token)
        return self if sees_campaigns(user) else self.none()

    def seen_by(self, user: AbstractBaseUser | AnonymousUser, slug: str) -> "Campaign":
        """The one of these of this name, if the user may see it, or ``Campaign.DoesNotExist``.

        Asked with every poll: to build the query costs many times its answer, so among all
        campaigns a plain one looks.
        """
        if self._chosen or not sees_campaigns(user):
            return self.visible_to(user).get(slug=slug)
        for campaign in self.raw(_CAMPAIGN, [slug]):
            return campaign
        raise self.model.DoesNotExist

    def for_token(self, token: Limits) -> Self:
        """Those of these campaigns that an API token was issued for."""
        if token.all_campaigns:
            return self
        return self.filter(pk__in=token.campaigns.values("pk"))


class Campaign(models.Model):
    """One campaign. Its slug is stored with every event and never changes."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Live")
        PAUSED = "paused", _("Paused")
        ENDED = "ended", _("Ended")

    slug = models.SlugField(_("slug"), max_length=100, unique=True)
    name = models.CharField(_("name"), max_length=200)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.LIVE
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ("name", "slug")
        permissions = (("view_events", "Can list the events behind numbers"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("report", args=[self.slug, "campaign"])

    def last_event(self, channels: Iterable[str]) -> datetime | None:
        """When the latest event of some channels occurred, however long ago, if there is any."""
        found = self.channels.filter(channel__in=channels).aggregate(at=Max("last_event_at"))
        last: datetime | None = found["at"]
        return last


class CampaignChannel(models.Model):
    """A channel that a campaign uses, declared beforehand or met in its events."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="channels")
    channel = models.CharField(_("channel"), max_length=50)
    declared = models.BooleanField(_("declared"), default=False)
    first_event_at = models.DateTimeField(_("first event"), null=True, editable=False)
    last_event_at = models.DateTimeField(_("last event"), null=True, editable=False)
    version = models.PositiveBigIntegerField(default=0, editable=False)
    """Grows with every fold that touched the channel's numbers, and with every rule of its."""

    class Meta:
        verbose_name = _("channel of the campaign")
        verbose_name_plural = _("channels of the campaign")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "channel"], name="one_row_per_channel")
        ]

    def __str__(self) -> str:
        channel = find_channel(self.channel)
        return str(channel.label) if channel else self.channel


class Execution(models.Model):
    """One run of a recurring campaign that is counted apart, known from the events that name it.

    Producers may name any number: so many of a channel are counted apart as
    ``rollup.executions`` has room for, and the latest ``LISTED`` of them are offered.
    """

    LISTED = 100

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="executions", verbose_name=_("campaign")
    )
    channel = models.CharField(_("channel"), max_length=50)
    started_at = models.DateTimeField(_("execution time"))
    last_event_at = models.DateTimeField(_("last event"))

    class Meta:
        verbose_name = _("execution")
        verbose_name_plural = _("executions")
        ordering = ("-started_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "channel", "started_at"], name="one_row_per_execution"
            )
        ]

    def __str__(self) -> str:
        return self.started_at.isoformat()


class CampaignRule(models.Model):
    """A campaign's own limits of a rate, in place of those that the channel declares."""

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="rules", verbose_name=_("campaign")
    )
    channel = models.CharField(_("channel"), max_length=50)
    metric = models.CharField(_("rate"), max_length=50)
    warn = models.FloatField(_("warning from"))
    critical = models.FloatField(_("critical from"))
    min_sample = models.PositiveIntegerField(_("least sample"))
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "channel", "metric"], name="one_rule_per_rate"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} · {self.metric}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep it, and have the channel's report judged anew, in every process."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            self._renew()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Go back to what the channel declares."""
        with transaction.atomic():
            self._renew()
            return super().delete(*args, **kwargs)

    def _renew(self) -> None:
        rows = CampaignChannel.objects.filter(campaign=self.campaign_id, channel=self.channel)
        rows.update(version=models.F("version") + 1)


class Switch(NamedTuple):
    """How an administrator has set a channel."""

    enabled: bool
    position: int


def in_tab_order(switches: Mapping[str, Switch | None]) -> list[Channel]:
    """The installed channels, by their switches, without those switched off.

    A channel without a switch (just installed, not migrated yet) is on.
    """
    chosen = [
        (switch.position if switch else channel.position, channel.slug, channel)
        for channel in all_channels()
        if (switch := switches.get(channel.slug)) is None or switch.enabled
    ]
    return [channel for _position, _slug, channel in sorted(chosen, key=itemgetter(0, 1))]


class ChannelPluginManager(models.Manager["ChannelPlugin"]):
    """The switches, read anew for every request so that no process lags behind."""

    def enabled(self) -> list[Channel]:
        """The channels that are installed and switched on, in tab order."""
        rows = self.values_list("slug", "enabled", "position").order_by()
        return in_tab_order({slug: Switch(on, position) for slug, on, position in rows})

    def complete(self) -> None:
        """Give every installed channel its row."""
        known = set(self.values_list("slug", flat=True))
        self.bulk_create(
            (
                ChannelPlugin(slug=channel.slug, position=channel.position)
                for channel in all_channels()
                if channel.slug not in known
            ),
            ignore_conflicts=True,
        )


class ChannelPlugin(models.Model):
    """An installed channel, as the administrator arranges it."""

    slug = models.CharField(_("slug"), max_length=50, primary_key=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    objects = ChannelPluginManager()

    class Meta:
        verbose_name = _("channel plugin")
        verbose_name_plural = _("channel plugins")
        ordering = ("position", "slug")

    def __str__(self) -> str:
        channel = find_channel(self.slug)
        return str(channel.label) if channel else self.slug
