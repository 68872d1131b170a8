"""Who may send events and read reports: sources and their API tokens."""

from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken, AuthTokenManager

from .campaigns import Campaign


class SourceManager(models.Manager["Source"]):
    """Creates sources together with their service accounts."""

    def ensure(self, name: str) -> "Source":
        """The source of this name, created if there is none."""
        try:
            return self.get(name=name)
        except Source.DoesNotExist:
            pass
        try:
            with transaction.atomic():
                return self.create(name=name, account=_service_account(name))
        except IntegrityError:  # someone else was faster
            return self.get(name=name)


def _service_account(name: str) -> User:
    """A new user who cannot log in, never one that exists."""
    username = f"source-{name}"
    if User.objects.filter(username=username).exists():
        username = f"{username}-{get_random_string(8)}"
    return User.objects.create_user(username)


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
    provider = models.SlugField(
        _("provider"),
        max_length=50,
        blank=True,
        db_index=False,
        help_text=_("Whose webhooks come in here; none for a program that uses the API."),
    )
    campaign = models.ForeignKey(
        Campaign,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("campaign"),
        help_text=_("Whose events are that say of no campaign themselves."),
    )
    topics = models.JSONField(_("topics"), default=list, blank=True)
    origins = models.JSONField(_("origins"), default=list, blank=True)
    file_mapping = models.JSONField(default=dict, blank=True, editable=False)
    """How its files are read: see ``liveReport.ingest.files.mapping``."""
    public_key = models.CharField(
        _("public key"), max_length=60, null=True, blank=True, unique=True, editable=False
    )

    objects = SourceManager()

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


_IS_USABLE = """
SELECT 1 FROM livereport_apitoken AS token JOIN auth_user ON auth_user.id = token.user_id
WHERE digest = %s AND expiry > %s AND is_active
"""


class ApiTokenManager(AuthTokenManager):
    """Issues tokens and finds the one a request carries."""

    def issue(
        self,
        source: Source,
        scope: str,
        *,
        campaigns: Iterable[Campaign] | None = None,
        days: int = settings.TOKEN_DAYS,
        events: bool = False,
    ) -> tuple["ApiToken", str]:
        """A new token and its text, which is not stored and cannot be shown again.

        It is limited to ``campaigns``, even if there are none; ``None`` is no limit. ``events``
        says whether one that reads reports may list single events as well.
        """
        with transaction.atomic():
            token, text = self.create(  # type: ignore[no-untyped-call]
                user=source.account,
                expiry=timedelta(days=days),
                source=source,
                scope=scope,
                all_campaigns=campaigns is None,
                events=events,
            )
            token.campaigns.set(campaigns or ())
        return token, text

    def usable(self) -> models.QuerySet["ApiToken"]:
        """Tokens that have not expired, of sources that are switched on."""
        usable: models.QuerySet[ApiToken] = self.filter(
            expiry__gt=timezone.now(), user__is_active=True
        )
        return usable

    def is_usable(self, digest: str) -> bool:
        """Whether ``usable`` has a token.

        Asked with every request of a producer: to build the query costs many times its answer.
        """
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(_IS_USABLE, [digest, now])
            return cursor.fetchone() is not None


class ApiToken(AbstractAuthToken):
    """A bearer token. Only its digest is stored; it is shown once, when issued."""

    class Scope(models.TextChoices):
        INGEST = "ingest", _("Send events")
        READ = "read", _("Read reports")

    source = models.ForeignKey(
        Source, models.CASCADE, related_name="tokens", verbose_name=_("source")
    )
    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    expiry = models.DateTimeField(_("expiry"), null=True, blank=True)
    all_campaigns = models.BooleanField(
        _("all campaigns"), default=False, help_text=_("Also those that are created later.")
    )
    campaigns = models.ManyToManyField(
        Campaign,
        blank=True,
        related_name="tokens",
        verbose_name=_("campaigns"),
        help_text=_("Only these. Once they are deleted, the token is good for none."),
    )

    events = models.BooleanField(
        _("single events"),
        default=False,
        db_default=False,
        help_text=_("To read reports, and the events behind their numbers as well."),
    )

    objects: ClassVar[ApiTokenManager] = ApiTokenManager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.source} ({self.get_scope_display()}) {self.token_key}…"

    @cached_property
    def allowed(self) -> frozenset[str] | None:
        """The slugs of the campaigns it is limited to, maybe none (left); ``None`` for no limit."""
        if self.all_campaigns:
            return None
        return frozenset(self.campaigns.values_list("slug", flat=True))

    def revoke(self) -> None:
        """Refuse the token from now on; the row stays as a record."""
        self.expiry = timezone.now()
        self.save(update_fields=["expiry"])
