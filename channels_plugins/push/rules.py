"""Up to where the rates of notifications are as they should be."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Actor, Cause, Rule

FAILURES = Cause(
    Actor.US, _("Look into the log of the sending program, then send again."), retryable=True
)
BOUNCES = Cause(
    Actor.RECIPIENT_DATA, _("Look through the reasons of the bounces before you send again.")
)

RULES = (
    Rule(metric="error_rate", warn=0.2, critical=0.5, min_sample=50, at_once=True, cause=FAILURES),
    Rule(metric="bounce_rate", warn=0.15, critical=0.3, cause=BOUNCES),
)
