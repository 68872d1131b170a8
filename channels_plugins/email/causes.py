"""Who has to act on what stops an email: by RFC 3463 code, exclusion, or a provider's word.

The first digit of a code says little of that: a full mailbox may come as 5.2.2, and what begins
with 5.7 is a policy against the sender, for which no address is to be given up.
"""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import COMMON_EXCLUSION_CAUSES, Actor, Cause

ADDRESS = Cause(
    Actor.RECIPIENT_DATA, _("Take these addresses out, and find out where they came from.")
)
FULL = Cause(
    Actor.RECIPIENT_DATA, _("Wait: full mailboxes get emptied. Keep the addresses."), retryable=True
)
DISABLED_FOR_NOW = Cause(
    Actor.RECIPIENT_DATA,
    _("Wait, and take out only the addresses that stay disabled."),
    retryable=True,
)
SENDER = Cause(
    Actor.CONFIGURATION,
    _("Correct the sender’s address and domain. Keep the recipients’ addresses."),
)
AUTHENTICATION = Cause(
    Actor.CONFIGURATION,
    _(
        "Mend SPF, DKIM and DMARC of the sending domain. Keep the recipients’ addresses; sending "
        "again does not help before."
    ),
)
SIZE = Cause(Actor.CONTENT, _("Make the message smaller, and send it again."))
CONTENT = Cause(Actor.CONTENT, _("Change what the message says or carries."))
RECEIVER = Cause(
    Actor.PROVIDER,
    _("Wait: the receiving system is at fault, and will be tried again."),
    retryable=True,
)
PROTOCOL = Cause(
    Actor.US, _("Mend how the mail server hands messages over; its log has the dialogue.")
)
POLICY = Cause(
    Actor.US,
    _(
        "Read the receiver’s answer: it refuses us, not the address. Send less, and to people who "
        "read. Keep the addresses."
    ),
)
DEFERRED_BY_POLICY = Cause(
    Actor.US,
    _("Send more slowly to this receiver until it lets messages in again."),
    retryable=True,
)
TOO_FAST = Cause(Actor.CAPACITY, _("Send more slowly, or have the limit raised."), retryable=True)
CONNECTION = Cause(
    Actor.PROVIDER, _("Check the connection to the mail server, then send again."), retryable=True
)
AUTOMATIC = Cause(
    Actor.RECIPIENT_DATA, _("Nothing has to be mended: somebody is away, and was reached.")
)
NO_CONSENT = Cause(
    Actor.CONSENT, _("Nothing has to be mended: these people have not agreed to it.")
)
SUPPRESSED = Cause(
    Actor.RECIPIENT_DATA, _("Look at the suppression list, if these are more than it should hold.")
)
NOT_ALLOWED = Cause(
    Actor.CONFIGURATION, _("Add them to the allowed list, or end its use after the tests.")
)
MISSING_DATA = Cause(
    Actor.RECIPIENT_DATA, _("Complete these profiles, or leave them out of the audience.")
)
MISSING_FIELD = Cause(
    Actor.CONFIGURATION, _("Say in the configuration which field holds the address.")
)
MISSING_CONTENT = Cause(Actor.CONTENT, _("Make a variant for these people, too."))
UNSUBSCRIBE_LINK = Cause(Actor.CONTENT, _("Shorten the address of the unsubscribe link."))
ATTACHMENT = Cause(Actor.CONTENT, _("Put the attachment where the message looks for it."))

EXCLUSIONS = {
    "EmailNoConsent": NO_CONSENT,
    "Suppressed": SUPPRESSED,
    "EmailSuppressed": SUPPRESSED,
    "DomainSuppressed": SUPPRESSED,
    "NotAllowed": NOT_ALLOWED,
    "EmailNotAllowed": NOT_ALLOWED,
    "DomainNotAllowed": NOT_ALLOWED,
    "EmailNoSubscriberIdFoundInProfile": MISSING_DATA,
    "EmailNoAddressFoundInProfile": MISSING_DATA,
    "EmailMalformedAddress": MISSING_DATA,
    "EmailNoAddressDefinedInPreset": MISSING_FIELD,
    "EmailNoVariantDefined": MISSING_CONTENT,
    "EmailNoMessageFoundForTreatment": MISSING_CONTENT,
    "UnsubscribeLinkNotValid": UNSUBSCRIBE_LINK,
    "AttachmentResolutionFailed": ATTACHMENT,
}

BY_SUBJECT = {
    "1": ADDRESS,
    "2": ADDRESS,
    "3": RECEIVER,
    "4": RECEIVER,
    "5": PROTOCOL,
    "6": CONTENT,
    "7": POLICY,
}
"""By the second number of a code, where the third one has no entry of its own."""

STATUS_CODES = {
    **{f"5.{subject}.*": cause for subject, cause in BY_SUBJECT.items()},
    **dict.fromkeys(["4.*", "421", "450", "451", "452", "454"], RECEIVER),
    "5.1.7": SENDER,
    "5.1.8": SENDER,
    "4.2.*": DISABLED_FOR_NOW,
    "5.2.2": FULL,
    "4.2.2": FULL,
    "5.2.3": SIZE,
    "4.2.3": SIZE,
    "5.3.4": SIZE,
    "4.3.4": SIZE,
    "552": SIZE,
    "5.4.4": ADDRESS,
    "4.5.*": PROTOCOL,
    "4.6.*": CONTENT,
    "4.7.*": DEFERRED_BY_POLICY,
    # Gmail's, whose third numbers are its own: the sender is not, or wrongly, authenticated.
    **dict.fromkeys(
        [f"{kind}.7.{n}" for kind in (4, 5) for n in (20, 21, 22, 23, 24, 25, 26, 27, 29, 30, 32)],
        AUTHENTICATION,
    ),
}

OTHERS = {"Throttling": TOO_FAST, "auto-replied": AUTOMATIC}

CAUSES = {**COMMON_EXCLUSION_CAUSES, **EXCLUSIONS, **STATUS_CODES, **OTHERS}
