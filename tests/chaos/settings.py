"""The product's settings, with an eye on the fold: see ``tests.chaos.apps``."""

from liveReport.settings import *  # noqa: F403

INSTALLED_APPS += ["tests.chaos"]  # noqa: F405
