"""What the fold keeps: dedupe keys, buckets, message states, and its lease."""

from django.db import models

from .campaigns import Campaign


class SeenEvent(models.Model):
    """The first batch in which an event id of a source was met.

    ``key`` is a keyed hash of (source, id). An event counts only in that batch,
    which makes folding a batch again harmless.
    """

    key = models.BinaryField(primary_key=True, max_length=16)
    batch = models.BigIntegerField()


class Series(models.Model):
    """What is counted: one event type of a channel, whole or for one dimension value.

    ``execution`` is the start of the run in microseconds since 1970, 0 without one.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="series")
    channel = models.CharField(max_length=50)
    type = models.CharField(max_length=50)
    dimension = models.CharField(max_length=50, blank=True)
    value = models.CharField(max_length=200, blank=True)
    execution = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "channel", "type", "dimension", "value", "execution"],
                name="one_series_per_key",
            )
        ]


class Bucket(models.Model):
    """The events of one series in one step of one tier.

    ``tier`` is the step's length and ``start`` its beginning, both in seconds.
    ``sketch`` holds the distinct profiles where the channel asks for them.
    """

    pk = models.CompositePrimaryKey("series_id", "tier", "start")
    series = models.ForeignKey(Series, models.CASCADE, related_name="buckets", db_index=False)
    tier = models.PositiveIntegerField()
    start = models.BigIntegerField()
    count = models.PositiveBigIntegerField()
    sketch = models.BinaryField(null=True)


class MessageState(models.Model):
    """The latest event of a message among those that a gauge watches.

    ``key`` hashes (campaign, channel, gauge, message); ``at`` is in microseconds
    and ``rank`` the event type's place in the gauge's ``latest_of``.
    """

    key = models.BinaryField(primary_key=True, max_length=16)
    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    channel = models.CharField(max_length=50)
    gauge = models.CharField(max_length=50)
    execution = models.BigIntegerField()
    at = models.BigIntegerField()
    rank = models.PositiveSmallIntegerField()
    waiting = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(
                fields=["campaign", "channel", "gauge", "at"],
                name="waiting_messages",
                condition=models.Q(waiting=True),
            )
        ]


class FoldLease(models.Model):
    """Who folds now. The fence grows with every holder; a commit with an old one fails."""

    fence = models.PositiveBigIntegerField(default=0)
    expires_at = models.DateTimeField()
