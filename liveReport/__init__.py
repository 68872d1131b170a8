"""liveReport: the last 24 hours of a campaign, exact, fresh and explainable."""

from .celery import app as celery_app

__all__ = ["celery_app"]
