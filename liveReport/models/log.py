"""The event log: the truth that everything else can be rebuilt from."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .access import Source


class EventBatch(models.Model):
    """The accepted events of one request, compressed (see ``liveReport.events.batch``).

    Every event ends as exactly one of: counted, ``duplicates``, ``late``. What cannot
    be folded ends as part of a ``SetAsideBatch``; the rest of its request stays, as one
    batch or several.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="batches")
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    count = models.PositiveIntegerField(_("events"))
    payload = models.BinaryField()
    folded = models.BooleanField(_("folded"), default=False)
    duplicates = models.PositiveIntegerField(_("duplicates"), default=0)
    late = models.PositiveIntegerField(_("too late for the report"), default=0)
    first_at = models.BigIntegerField(null=True, editable=False)
    """When the first of its events occurred, in microseconds; none before it is described."""
    last_at = models.BigIntegerField(null=True, editable=False)
    campaign = models.CharField(max_length=100, db_default="", editable=False)
    """The slug that all of its events name, or "": then ``BatchCampaign`` has them."""
    folded_at = models.BigIntegerField(null=True, editable=False)
    """The number of the fold that counted it, about when that was, in microseconds: each is greater
    than those before. None before it is folded, and of what the former release folded."""

    class Meta:
        verbose_name = _("event batch")
        verbose_name_plural = _("event batches")
        indexes = [
            # Whoever searches reads this alone: in the table these stand behind the payload.
            models.Index(
                fields=["campaign", "id", "first_at", "last_at"], name="batches_by_campaign"
            ),
            models.Index(fields=["id"], name="pending_batches", condition=models.Q(folded=False)),
            models.Index(fields=["received_at"], name="batches_by_time"),
            models.Index(fields=["folded_at", "id"], name="batches_by_fold"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.received_at:%Y-%m-%d %H:%M:%S} ({self.count})"


class BatchCampaign(models.Model):
    """One of the campaigns of a batch whose events are of several; the times are the batch's."""

    pk = models.CompositePrimaryKey("batch", "campaign")
    batch = models.BigIntegerField()
    campaign = models.CharField(max_length=100)
    first_at = models.BigIntegerField()
    last_at = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=["campaign", "batch", "first_at", "last_at"], name="shared_by_campaign"
            )
        ]


class Suspect(models.Model):
    """A pending batch of which an attempt to fold it has failed, or is being made.

    Its row is written before the attempt: whoever dies of a batch cannot say so afterwards.
    """

    batch = models.OneToOneField(
        EventBatch,
        models.DO_NOTHING,  # means nothing once its batch is folded or gone, and is then deleted
        db_constraint=False,
        primary_key=True,
        related_name="suspect",
    )
    origin = models.BigIntegerField()
    """The id of the batch that it was divided from; its own if it is whole."""
    attempts = models.PositiveIntegerField(default=0)
    """Those that have failed since it was divided."""
    error = models.CharField(max_length=200, blank=True)
    tried_at = models.DateTimeField()
    holder = models.PositiveBigIntegerField()
    """The fence of whoever has tried it last."""
    trying = models.BooleanField(default=False)
    """Whether nobody knows yet how that ended."""
    blamed = models.PositiveBigIntegerField(default=0)
    """The fence of whoever was last taken to have died of it; 0 for nobody."""


class SetAsideBatch(models.Model):
    """Accepted events that cannot be folded, kept until they are tried again or dropped.

    They are no part of the log: no number counts them.
    """

    source = models.ForeignKey(
        Source, models.PROTECT, related_name="set_aside", verbose_name=_("source")
    )
    batch = models.BigIntegerField(_("event batch"))
    """The id of the batch that they were part of."""
    received_at = models.DateTimeField(_("received"))
    since = models.DateTimeField(_("set aside since"), default=timezone.now)
    count = models.PositiveIntegerField(_("events"))
    error = models.CharField(_("error"), max_length=200)
    attempts = models.PositiveIntegerField(_("attempts"))
    payload = models.BinaryField()

    class Meta:
        verbose_name = _("set-aside batch")
        verbose_name_plural = _("set-aside batches")
        ordering = ("-since",)
        indexes = [models.Index(fields=["batch"], name="set_aside_by_batch")]

    def __str__(self) -> str:
        return f"{self.source} {self.received_at:%Y-%m-%d %H:%M:%S} ({self.count})"
