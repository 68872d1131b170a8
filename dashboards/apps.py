"""The pages of the live report as one Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DashboardsConfig(AppConfig):
    """Pages, and the layouts that users make of them."""

    name = "dashboards"
    verbose_name = _("Dashboards")
