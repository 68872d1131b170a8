"""The Celery application. Tasks live in ``liveReport.tasks``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveReport.settings")

app = Celery("liveReport")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
