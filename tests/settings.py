"""The product's settings, but static files straight from their folders: tests collect none.

Processes that tests start have the product's own.
"""

from liveReport.settings import *  # noqa: F403
from liveReport.settings import STORAGES

WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
STORAGES |= {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
