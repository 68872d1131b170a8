"""The quarantine: valid events that nobody can attribute yet, and how many there are."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .access import Source


class QuarantinedBatch(models.Model):
    """The events of one request for one unknown campaign, kept until it exists; or what a
    provider sent that is no event of a campaign (yet), as it came, sealed: of no campaign then.

    Rows come and go by ``liveReport.engines.quarantine`` only, which keeps the tallies below.
    """

    class Reason(models.TextChoices):
        UNKNOWN_CAMPAIGN = "unknown_campaign", _("Unknown campaign")
        NO_CAMPAIGN = "no_campaign", _("No campaign named")
        UNKNOWN_TYPE = "unknown_type", _("Unknown type of event")
        UNREADABLE = "unreadable", _("Unreadable")
        TOO_OLD = "too_old", _("Too old")
        REFUSED = "refused", _("Not as declared")

    source = models.ForeignKey(
        Source, models.PROTECT, related_name="quarantine", verbose_name=_("source")
    )
    campaign = models.CharField(_("campaign"), max_length=100)
    reason = models.CharField(
        _("reason"), max_length=30, choices=Reason.choices, default=Reason.UNKNOWN_CAMPAIGN
    )
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    count = models.PositiveIntegerField(_("events"))
    payload = models.BinaryField()

    class Meta:
        verbose_name = _("quarantined batch")
        verbose_name_plural = _("quarantined batches")
        ordering = ("-received_at",)
        indexes = [
            models.Index(fields=["campaign"], name="quarantine_by_campaign"),
            models.Index(fields=["received_at"], name="quarantine_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} ({self.count})"

    @property
    def is_raw(self) -> bool:
        """Whether it holds what a provider sent, not events."""
        return self.reason != self.Reason.UNKNOWN_CAMPAIGN


class QuarantinedCampaign(models.Model):
    """How many events of an unknown campaign a source has in quarantine. No row says none."""

    source = models.ForeignKey(
        Source, models.CASCADE, related_name="+", verbose_name=_("source"), db_index=False
    )
    campaign = models.CharField(_("campaign"), max_length=100)
    events = models.PositiveBigIntegerField(_("events"))

    class Meta:
        verbose_name = _("quarantined campaign")
        verbose_name_plural = _("quarantined campaigns")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "campaign"], name="one_tally_per_source_and_campaign"
            )
        ]

    def __str__(self) -> str:
        return f"{self.campaign} ({self.events})"


class QuarantineTally(models.Model):
    """What a source has in quarantine, and what was refused because it may not have more.

    Whoever adds to a source's quarantine, or takes from it, locks its tally first.
    """

    source = models.OneToOneField(
        Source, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("source")
    )
    events = models.PositiveBigIntegerField(_("events"), default=0)
    refused = models.PositiveBigIntegerField(_("refused"), default=0)
    refused_at = models.DateTimeField(_("last refused"), null=True)

    class Meta:
        verbose_name = _("quarantine tally")
        verbose_name_plural = _("quarantine tallies")

    def __str__(self) -> str:
        return f"{self.source} ({self.events})"
