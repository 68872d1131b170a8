"""The event log: the truth that everything else can be rebuilt from."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .access import Source


class EventBatch(models.Model):
    """The accepted events of one request, compressed (see ``liveReport.ingest.payload``).

    Every event ends as exactly one of: counted, ``duplicates``, ``late``.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="batches")
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    count = models.PositiveIntegerField(_("events"))
    payload = models.BinaryField()
    folded = models.BooleanField(_("folded"), default=False)
    duplicates = models.PositiveIntegerField(_("duplicates"), default=0)
    late = models.PositiveIntegerField(_("too late for the report"), default=0)

    class Meta:
        verbose_name = _("event batch")
        verbose_name_plural = _("event batches")
        indexes = [
            models.Index(fields=["id"], name="pending_batches", condition=models.Q(folded=False)),
            models.Index(fields=["received_at"], name="batches_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.received_at:%Y-%m-%d %H:%M:%S} ({self.count})"
