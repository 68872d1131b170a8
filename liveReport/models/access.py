"""Who may send events and read reports: sources and their API tokens."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from .campaigns import Campaign


class Source(models.Model):
    """A program that sends events or reads reports.

    Event ids are unique within a source. Each source has a service account, a
    user without password or admin rights; switching that user off stops it.
    """

    name = models.SlugField(_("name"), max_length=100, unique=True)
    account = models.OneToOneField(
        "auth.User", models.PROTECT, related_name="source", verbose_name=_("service account")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ApiToken(AbstractAuthToken):  # type: ignore[misc]
    """A bearer token. Only its digest is stored; it is shown once, when issued."""

    class Scope(models.TextChoices):
        INGEST = "ingest", _("Send events")
        READ = "read", _("Read reports")

    source = models.ForeignKey(
        Source, models.CASCADE, related_name="tokens", verbose_name=_("source")
    )
    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices)
    campaigns = models.ManyToManyField(
        Campaign,
        blank=True,
        related_name="tokens",
        verbose_name=_("campaigns"),
        help_text=_("Only these campaigns; all of them when empty."),
    )

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.source} ({self.get_scope_display()}) {self.token_key}…"
