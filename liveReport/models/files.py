"""Files of events: how far each has been taken in, and what became of its lines."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .access import Source


class EventFile(models.Model):
    """A CSV file of a source. The same bytes are the same file, whatever it is called.

    ``records`` says how far it has been taken in, and ``position`` how many bytes that is, about.
    ``errors`` are the first refusals: the number of a line, a field, a reason. ``mapping`` is what
    it is read by, as the source remembers it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Not imported yet")
        WAITING = "waiting", _("Being imported")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Failed")

    source = models.ForeignKey(
        Source, models.CASCADE, related_name="files", verbose_name=_("source"), db_index=False
    )
    name = models.CharField(_("file"), max_length=200)
    checksum = models.CharField(_("checksum"), max_length=64)
    size = models.PositiveBigIntegerField(_("bytes"))
    encoding = models.CharField(_("encoding"), max_length=40)
    mapping = models.JSONField(_("mapping"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    records = models.PositiveBigIntegerField(_("lines read"), default=0)
    position = models.PositiveBigIntegerField(_("bytes read"), default=0)
    accepted = models.PositiveBigIntegerField(_("accepted"), default=0)
    duplicates = models.PositiveBigIntegerField(_("repeats"), default=0)
    quarantined = models.PositiveBigIntegerField(_("in quarantine"), default=0)
    ignored = models.PositiveBigIntegerField(_("ignored"), default=0)
    refused = models.PositiveBigIntegerField(_("refused"), default=0)
    late = models.PositiveBigIntegerField(_("too old"), default=0)
    errors = models.JSONField(_("errors"), default=list)
    failure = models.CharField(_("failure"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    changed_at = models.DateTimeField(_("last change"), auto_now=True, db_index=True)

    class Meta:
        verbose_name = _("file of events")
        verbose_name_plural = _("files of events")
        ordering = ("-changed_at",)
        constraints = [
            models.UniqueConstraint(fields=["source", "checksum"], name="one_row_per_file")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def percent(self) -> int:
        """How much of it has been read."""
        if self.state == self.State.DONE:
            return 100
        return min(self.position * 100 // self.size, 100) if self.size else 0


class EventFilePart(models.Model):
    """A part of an uploaded file, compressed and sealed, until the file has been taken in."""

    file = models.ForeignKey(EventFile, models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        verbose_name = _("part of a file")
        verbose_name_plural = _("parts of files")
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="one_row_per_part")]

    def __str__(self) -> str:
        return f"{self.file} ({self.number})"
