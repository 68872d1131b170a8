"""The product's settings, a task that hangs, and a time limit that a test can await."""

from liveReport.settings import *  # noqa: F403

INSTALLED_APPS += ["tests.hanging"]  # noqa: F405
CELERY_TASK_TIME_LIMIT = 5
