"""Up to where the rates of email are as they should be.

Of complaints Gmail and Yahoo say 0.1 and 0.3 % (support.google.com/a/answer/14229414), of hard
bounces Amazon reviews at 5 and pauses at 10 %; both divide by other totals than we can, which is
why a campaign can have other limits.
"""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Actor, Cause, Rule

FAILURES = Cause(
    Actor.US, _("Look into the log of the sending program, then send again."), retryable=True
)
COMPLAINTS = Cause(
    Actor.CONSENT,
    _("Stop the send, and check who has agreed to it, and how they can leave it."),
)
LEAVING = Cause(Actor.CONSENT, _("Check to whom this goes, how often, and what it promises."))
BOUNCES = Cause(
    Actor.RECIPIENT_DATA, _("Look through the reasons of the bounces before you send again.")
)

RULES = (
    Rule(metric="error_rate", warn=0.2, critical=0.5, min_sample=50, at_once=True, cause=FAILURES),
    Rule(metric="complaint_rate", warn=0.001, critical=0.003, cause=COMPLAINTS),
    Rule(metric="hard_bounce_rate", warn=0.05, critical=0.1, cause=BOUNCES),
    Rule(metric="bounce_rate", warn=0.1, critical=0.2, cause=BOUNCES),
    Rule(metric="unsubscribe_rate", warn=0.01, critical=0.03, cause=LEAVING),
)
