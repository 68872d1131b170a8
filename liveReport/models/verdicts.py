"""The rules by which what events do not say is derived from what they say."""

from collections.abc import Iterator

from django.db import models
from django.utils.translation import gettext_lazy as _

from liveReport.channels import Channel, Text, all_channels, find_channel


class VerdictRuleManager(models.Manager["VerdictRule"]):
    """The rules, of which there is one for each signal of each channel that takes any."""

    def complete(self) -> None:
        """Give every signal its row."""
        known = set(self.values_list("channel", "signal"))
        self.bulk_create(
            (
                VerdictRule(channel=channel, signal=signal)
                for channel, signal in _declared()
                if (channel, signal) not in known
            ),
            ignore_conflicts=True,
        )


class VerdictRule(models.Model):
    """What a signal of a channel means: as drafted, and as adopted. Empty: as declared."""

    channel = models.CharField(_("channel"), max_length=50)
    signal = models.CharField(_("signal"), max_length=200)
    verdict = models.CharField(_("verdict"), max_length=200, blank=True)
    adopted = models.CharField(_("in force"), max_length=200, blank=True, editable=False)

    objects = VerdictRuleManager()

    class Meta:
        verbose_name = _("rule for verdicts")
        verbose_name_plural = _("rules for verdicts")
        ordering = ("channel", "signal")
        constraints = [
            models.UniqueConstraint(fields=["channel", "signal"], name="one_rule_per_signal")
        ]

    def __str__(self) -> str:
        return f"{self.channel_label}: {self.signal_label}"

    @property
    def channel_label(self) -> Text:
        """What people call the channel."""
        found = self._channel
        return found.label if found else self.channel

    @property
    def signal_label(self) -> Text:
        """What people call the signal."""
        found = self._channel
        evidence = found.dimension_by_key.get(found.evidence) if found else None
        return evidence.label_of(self.signal) if evidence else self.signal

    @property
    def declared(self) -> str:
        """What the channel derives from it by itself; "" if it does not know it any more."""
        found = self._channel
        return found.derived.rules.get(self.signal, "") if found and found.derived else ""

    @property
    def choices(self) -> list[tuple[str, Text]]:
        """What it can mean, each with its name."""
        found = self._channel
        return list(found.derived.choices.items()) if found and found.derived else []

    def label_of(self, verdict: str) -> Text:
        """What people call a verdict; the declared one's name if it is empty."""
        return dict(self.choices).get(verdict or self.declared, verdict or "—")

    @property
    def _channel(self) -> Channel | None:
        return find_channel(self.channel)


class Adoption(models.Model):
    """The latest draft that somebody wanted in force, and what has become of that: one row.

    ``draft`` names it. ``changed`` is how many numbers were others by it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Being adopted")
        DONE = "done", _("Adopted")
        OUTDATED = "outdated", _("Changed meanwhile")
        FAILED = "failed", _("Failed")

    draft = models.CharField(max_length=16)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    asked_at = models.DateTimeField()

    class Meta:
        verbose_name = _("adoption of rules")
        verbose_name_plural = _("adoptions of rules")

    def __str__(self) -> str:
        return f"{self.draft}: {self.get_state_display()}"


def _declared() -> Iterator[tuple[str, str]]:
    for channel in all_channels():
        for signal in channel.derived.rules if channel.derived else ():
            yield channel.slug, signal
