"""The administration: campaigns, access, the event log, channel plugins."""

import axes.admin  # noqa: F401 (registers what is unregistered here)
from axes.models import AccessFailureLog, AccessLog
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from . import (
    access,
    accounts,
    campaigns,
    files,
    log,
    plugins,
    quarantine,
    schedule,
    set_aside,
    sources,
    verdicts,
)

__all__ = [
    "access",
    "accounts",
    "campaigns",
    "files",
    "log",
    "plugins",
    "quarantine",
    "schedule",
    "set_aside",
    "sources",
    "verdicts",
]

# Neither is written; the failed log-ins that lock somebody out stay.
admin.site.unregister([AccessFailureLog, AccessLog])
admin.site.site_title = _("liveReport")
admin.site.site_header = _("Campaign live reports")
admin.site.index_title = _("Administration")
admin.site.site_url = None
