"""How a tab looks for one user, or for everybody who has not changed it."""

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .grid import COLUMNS, MAX_HEIGHT, MAX_ROWS, MIN_HEIGHT, MIN_WIDTH

MAX_WIDGETS = 200
"""Widgets that one layout may speak of."""

MAX_HIDDEN = 30
"""Metrics of one widget that may be switched off."""


_LAYERS = """
SELECT id, owner_id, tab, basis, saved_at FROM dashboards_layout
WHERE tab = %s AND (owner_id = %s OR owner_id IS NULL)
"""


class LayoutManager(models.Manager["Layout"]):
    """Finds what differs from the shipped layout: the organisation's, and the user's above."""

    def layers(self, user: AbstractBaseUser, tab: str) -> "models.query.RawQuerySet[Layout]":
        """The layouts that a user's tab is made of, each with its changes.

        Asked with every poll: to build the query costs many times its answer.
        """
        return self.raw(_LAYERS, [tab, user.pk]).prefetch_related("changes")

    def lock_layers(self, user: AbstractBaseUser, tab: str) -> None:
        """Let whoever else saves one of them wait until this transaction ends."""
        both = self.filter(Q(owner=user.pk) | Q(owner=None), tab=tab)
        list(both.order_by(F("owner").asc(nulls_first=True)).select_for_update())


class Layout(models.Model):
    """One tab as its owner wants it, as differences to the layer below.

    A layout without an owner is the organisation's default, which lies between
    the shipped layout and everybody's own.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="layouts",
        verbose_name=_("owner"),
    )
    tab = models.SlugField(_("tab"), max_length=50)
    basis = models.CharField(_("rates of"), max_length=10, blank=True)
    """What rates divide, one of ``BASES``; empty: as in the layer below."""
    saved_at = models.DateTimeField(_("saved"), auto_now=True)

    objects = LayoutManager()

    class Meta:
        verbose_name = _("layout")
        verbose_name_plural = _("layouts")
        ordering = ("tab", "owner")
        permissions = (("set_default_layout", "Can set the layout for everyone"),)
        constraints = (
            models.UniqueConstraint("owner", "tab", name="one_layout_for_each_owner"),
            models.UniqueConstraint("tab", condition=Q(owner=None), name="one_default_layout"),
        )

    def __str__(self) -> str:
        return f"{self.tab} · {self.owner or _('everyone')}"


def _between(field: str, least: int, most: int) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q((f"{field}__gte", least), (f"{field}__lte", most)) | Q((field, None)),
        name=f"widget_{field}_on_the_grid",
    )


class WidgetChange(models.Model):
    """What a layout changes of one widget; an empty field is as in the layer below.

    The widget need not be known: its plugin may be switched off, and come back.
    """

    layout = models.ForeignKey(Layout, models.CASCADE, related_name="changes")
    widget = models.CharField(max_length=101)
    x = models.SmallIntegerField(null=True)
    y = models.SmallIntegerField(null=True)
    w = models.SmallIntegerField(null=True)
    h = models.SmallIntegerField(null=True)
    picture = models.CharField(max_length=10, blank=True)
    shown = models.BooleanField(null=True)
    hidden = models.JSONField(null=True)
    """The keys of the metrics that are switched off, in order."""

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint("layout", "widget", name="one_change_for_each_widget"),
            _between("x", 0, COLUMNS - MIN_WIDTH),
            _between("y", 0, MAX_ROWS - 1),
            _between("w", MIN_WIDTH, COLUMNS),
            _between("h", MIN_HEIGHT, MAX_HEIGHT),
        )

    def __str__(self) -> str:
        return self.widget

    @property
    def says_something(self) -> bool:
        return bool(self.picture) or any(
            value is not None for value in (self.x, self.y, self.w, self.h, self.shown, self.hidden)
        )


class Pin(models.Model):
    """A campaign that somebody wants to see first on the start page."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    campaign = models.ForeignKey("livereport.Campaign", models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint("user", "campaign", name="one_pin_for_each_user"),)

    def __str__(self) -> str:
        return str(self.campaign)
