"""What the fold keeps: event keys, buckets, message states, and its lease."""

from django.db import models

from .campaigns import Campaign


class KeyPeriod(models.Model):
    """A stretch of time in which keys of events and messages were first met.

    The one without ``closed_at`` takes new keys; its ``checksum`` is over all pages of
    events' keys. A closed one has a filter for each kind (see ``engines.keys.periods``), and
    ``checksum`` over both. They come last: what stands behind a large value in a row
    of SQLite is read through all of it.
    """

    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    events = models.PositiveBigIntegerField(default=0)
    messages = models.PositiveBigIntegerField(default=0)
    checksum = models.BigIntegerField(default=0)
    event_filter = models.BinaryField(default=b"")
    message_filter = models.BinaryField(default=b"")


class KeyPage(models.Model):
    """Some events, by the keys of their ids, and the first batch in which each was met.

    ``keys`` are keyed hashes of (source, campaign, id), sorted, eight bytes each, ``batches``
    how much the id of each one's batch is greater than ``first_batch``, in as few
    bytes as all of them need. In a ``KeyPeriod`` that takes keys a page has those of
    one chunk; in a closed one the pages divide its keys by their high bits. An event
    counts only in its batch, which makes folding a batch again harmless.
    """

    pk = models.CompositePrimaryKey("period", "page")
    period = models.BigIntegerField()
    page = models.BigIntegerField()
    first_batch = models.BigIntegerField()
    keys = models.BinaryField()
    batches = models.BinaryField()


class Series(models.Model):
    """What is counted: one event type of a channel, whole or for one dimension value.

    ``execution`` is the start of the run in microseconds since 1970, 0 without one, and
    -1 for all runs together that are not counted apart (see ``rollup.admission``).
    ``since`` is the number of the fold from which on its events are counted here: those
    before, where its value or its run had no room, are with all others'. 0 if that is not known.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="series")
    channel = models.CharField(max_length=50)
    type = models.CharField(max_length=50)
    dimension = models.CharField(max_length=50, blank=True)
    value = models.CharField(max_length=200, blank=True)
    execution = models.BigIntegerField(default=0)
    since = models.BigIntegerField(db_default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "channel", "type", "dimension", "value", "execution"],
                name="one_series_per_key",
            )
        ]
        indexes = [
            models.Index(
                fields=["campaign", "channel", "execution", "dimension", "type"],
                name="series_by_execution",
            )
        ]


class Bucket(models.Model):
    """The events of one series in one step of one tier.

    ``tier`` is the step's length and ``start`` its beginning, both in seconds.
    ``sketch`` holds the distinct profiles where the channel asks for them. The
    fold sees to it that the series exists: checking it for each row is dear.
    """

    pk = models.CompositePrimaryKey("series_id", "tier", "start")
    series = models.ForeignKey(
        Series, models.CASCADE, related_name="buckets", db_index=False, db_constraint=False
    )
    tier = models.PositiveIntegerField()
    start = models.BigIntegerField()
    count = models.PositiveBigIntegerField()
    sketch = models.BinaryField(null=True)


class MessageState(models.Model):
    """The latest event of a message among those that a gauge watches.

    ``key`` is mixed from the message's key and the gauge, and ``period`` is the
    ``KeyPeriod`` in which it was first met; ``at`` is in microseconds and ``rank``
    the event type's place in the gauge's ``latest_of``.
    """

    pk = models.CompositePrimaryKey("period", "key")
    period = models.BigIntegerField()
    key = models.BigIntegerField()
    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False, db_constraint=False)
    channel = models.CharField(max_length=50)
    gauge = models.CharField(max_length=50)
    execution = models.BigIntegerField()
    at = models.BigIntegerField()
    rank = models.PositiveSmallIntegerField()
    waiting = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(
                fields=["campaign", "channel", "gauge", "execution", "at", "waiting"],
                name="waiting_messages",
                condition=models.Q(waiting=True),
            )
        ]


class Ledger(models.Model):
    """What became of the profiles of one run (see ``counts.fates``).

    ``execution`` is that of ``Series``. Times are in microseconds since 1970: when its last
    event occurred, when the first and the last of its events were received, and since when
    what is ``kept`` of it goes back. A run that was met before its ledger was kept is not
    ``whole``; of it, and of one of which something has been forgotten, ``first_received`` is
    when it began at the latest.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="ledgers")
    channel = models.CharField(max_length=50)
    execution = models.BigIntegerField()
    whole = models.BooleanField()
    last_at = models.BigIntegerField()
    first_received = models.BigIntegerField()
    last_received = models.BigIntegerField()
    kept_since = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "channel", "execution"], name="one_ledger_per_run"
            )
        ]
        indexes = [
            models.Index(fields=["last_received"], name="ledgers_by_time"),
            models.Index(
                fields=["kept_since"], name="endless_ledgers", condition=models.Q(execution=0)
            ),
        ]


class LedgerCount(models.Model):
    """The profiles of a run that are ``targeted``, or that are not, by what became of them.

    ``impossible`` are those of whom things are said that exclude each other; ``repeats`` are
    the further messages of the others.
    """

    pk = models.CompositePrimaryKey("ledger_id", "targeted")
    ledger = models.ForeignKey(
        Ledger, models.CASCADE, related_name="counts", db_index=False, db_constraint=False
    )
    targeted = models.BooleanField()
    queued = models.BigIntegerField()
    excluded = models.BigIntegerField()
    failed = models.BigIntegerField()
    awaiting = models.BigIntegerField()
    deferred = models.BigIntegerField()
    delivered = models.BigIntegerField()
    bounced = models.BigIntegerField()
    impossible = models.BigIntegerField()
    repeats = models.BigIntegerField()


class LedgerSegment(models.Model):
    """Facts of a run (see ``counts.histories``) that were new at some time; it never changes.

    Of a profile there can be some in each of a run's segments. ``number`` is drawn, so that
    what a process remembers of a segment that was rolled back is never taken for another.
    """

    pk = models.CompositePrimaryKey("ledger_id", "number")
    ledger = models.ForeignKey(
        Ledger, models.CASCADE, related_name="segments", db_index=False, db_constraint=False
    )
    number = models.BigIntegerField()
    size = models.PositiveIntegerField()
    facts = models.BinaryField()


class FoldLease(models.Model):
    """Who folds now. The fence grows with every holder; a commit with an old one fails."""

    fence = models.PositiveBigIntegerField(default=0)
    expires_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    """Holders that came to nothing of late. Grows with each of them; each commit halves it."""
