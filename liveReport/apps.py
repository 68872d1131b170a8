"""The reporting core as one Django app."""

from django.apps import AppConfig
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
        from liveReport.channels import checks  # noqa: F401 (registers the system checks)
