"""The table of the baseline."""

from typing import ClassVar

from django.db import models


class RowEvent(models.Model):
    """One event; its id is unique, as repeats must not count."""

    id = models.CharField(max_length=100, primary_key=True)
    campaign = models.CharField(max_length=100)
    channel = models.CharField(max_length=50)
    type = models.CharField(max_length=50)
    occurred_at = models.DateTimeField()
    profile = models.CharField(max_length=200)
    message = models.CharField(max_length=200, blank=True)
    domain = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=50, blank=True)

    objects: ClassVar[models.Manager["RowEvent"]] = models.Manager()

    class Meta:
        app_label = "rows"
