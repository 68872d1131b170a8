"""The product's settings, with a defect planted: see ``tests.chaos.mutants``."""

from liveReport.settings import *  # noqa: F403

INSTALLED_APPS += ["tests.chaos.mutants"]  # type: ignore[name-defined]  # noqa: F405
