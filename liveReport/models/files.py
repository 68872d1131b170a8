"""Files of events that are being read, or were."""

import msgspec
from django.db import models
from django.utils.translation import gettext_lazy as _

from liveReport.events.sealing import Unsealable, unseal

from .access import Source


class EventFile(models.Model):
    """A file of a source's events: how it is written, how far it was read, and what came of it.

    ``key`` is the same for a file of the same content that is read in the same way.
    """

    source = models.ForeignKey(
        Source, models.CASCADE, related_name="files", verbose_name=_("source"), db_index=False
    )
    name = models.CharField(_("name"), max_length=200)
    key = models.CharField(max_length=64, editable=False)
    layout = models.JSONField(editable=False)
    mapping = models.JSONField(editable=False)
    created_at = models.DateTimeField(_("uploaded"), db_index=True)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    lines = models.PositiveBigIntegerField(_("lines"), default=0)
    line = models.PositiveBigIntegerField(_("read"), default=0)
    accepted = models.PositiveBigIntegerField(_("accepted"), default=0)
    duplicates = models.PositiveBigIntegerField(_("duplicates"), default=0)
    quarantined = models.PositiveBigIntegerField(_("quarantined"), default=0)
    refused = models.PositiveBigIntegerField(_("refused"), default=0)
    stopped = models.CharField(_("stopped"), max_length=300, blank=True, editable=False)
    sealed_errors = models.BinaryField(default=bytes, editable=False)

    class Meta:
        verbose_name = _("file of events")
        verbose_name_plural = _("files of events")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="one_file_per_source_and_key")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def errors(self) -> list[tuple[int, str, str]]:
        """The first lines that were refused: number, field and reason. An event's own text may
        stand in a reason, so they are sealed."""
        if not self.sealed_errors:
            return []
        try:
            plain = unseal(bytes(self.sealed_errors))
        except Unsealable:
            return []
        return msgspec.json.decode(plain, type=list[tuple[int, str, str]])

    @property
    def percent(self) -> int:
        """How much of it is read."""
        return 100 if self.finished_at else min(99, 100 * self.line // max(self.lines, 1))


class EventFilePart(models.Model):
    """A piece of a file that was uploaded, sealed; gone when all of it is read."""

    file = models.ForeignKey(EventFile, models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        verbose_name = _("part of a file")
        verbose_name_plural = _("parts of files")
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="one_part_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.file} {self.number}"
