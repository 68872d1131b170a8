"""The reporting core as one Django app."""

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig as DjangoStaticFilesConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class LiveReportConfig(AppConfig):
    """Discovers the channels, then checks what they declare."""

    name = "liveReport"
    label = "livereport"
    verbose_name = _("Live report")

    def ready(self) -> None:
        # Importing a plugin's ``channel`` module registers it; a failing import stops the start.
        autodiscover_modules("channel")
        from liveReport.channels import checks as _channels  # noqa: F401 (registers its checks)
        from liveReport.engines import checks as _engines  # noqa: F401 (so does this)
        from liveReport.site import checks as _deployment  # noqa: F401 (registers its checks)

        post_migrate.connect(_complete_rows_of_channels, sender=self)


class AdminConfig(DjangoAdminConfig):
    """Django's administration, with a site that guards every model in it."""

    default_site = "liveReport.site.admin_site.Site"


class StaticFilesConfig(DjangoStaticFilesConfig):
    """Leaves out of the collected files what no page of ours asks for: most of their bulk."""

    ignore_patterns = [
        *DjangoStaticFilesConfig.ignore_patterns,
        "rest_framework",
        "redoc",
        "ext",  # htmx's extensions
    ]


def _complete_rows_of_channels(apps: Apps = installed, **kwargs: object) -> None:
    """After a migration (or a flush, which passes no apps) every channel has its switch, and every
    signal its rule."""
    from liveReport.models import ChannelPlugin, VerdictRule

    for model in (ChannelPlugin, VerdictRule):
        if model._meta.model_name in apps.all_models["livereport"]:  # not in all states back
            model.objects.complete()
