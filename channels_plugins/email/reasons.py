"""Names for what stops an email, by RFC 3463 code, name of an exclusion or of an error."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import COMMON_EXCLUSIONS, with_codes

EXCLUSIONS = {
    "EmailNoConsent": _("No consent to marketing email"),
    "Suppressed": _("On the suppression list"),
    "EmailSuppressed": _("Address on the suppression list"),
    "DomainSuppressed": _("Domain on the suppression list"),
    "NotAllowed": _("Not on the allowed list"),
    "EmailNotAllowed": _("Address not on the allowed list"),
    "DomainNotAllowed": _("Domain not on the allowed list"),
    "EmailNoSubscriberIdFoundInProfile": _("No subscriber id in the profile"),
    "EmailNoAddressFoundInProfile": _("No address in the profile"),
    "EmailNoAddressDefinedInPreset": _("No address field configured"),
    "EmailNoVariantDefined": _("No variant to send"),
    "EmailNoMessageFoundForTreatment": _("No message for the treatment"),
    "EmailMalformedAddress": _("Malformed address"),
    "UnsubscribeLinkNotValid": _("Unusable unsubscribe link"),
    "AttachmentResolutionFailed": _("Attachment not found"),
}

STATUS_CODES = {
    "5.1.0": _("Address refused"),
    "5.1.1": _("Mailbox does not exist"),
    "5.1.2": _("Domain does not exist"),
    "5.1.3": _("Malformed address"),
    "5.1.6": _("Mailbox has moved"),
    "5.1.7": _("Our sender address is malformed"),
    "5.1.8": _("Our sender domain is refused"),
    "5.2.1": _("Mailbox is disabled"),
    "4.2.1": _("Mailbox is disabled for now"),
    "5.2.2": _("Mailbox is full"),
    "4.2.2": _("Mailbox is full for now"),
    "5.2.3": _("Message is too long"),
    "4.3.1": _("Receiving system is full"),
    "4.3.2": _("Receiving system accepts nothing now"),
    "5.3.4": _("Message is too big"),
    "4.4.1": _("No answer from the receiving server"),
    "4.4.2": _("Connection broke off"),
    "5.4.4": _("No route to the domain"),
    "4.4.5": _("Receiving system is congested"),
    "4.4.7": _("Delivery time ran out"),
    "5.6.0": _("Content refused"),
    "4.7.0": _("Deferred by the recipient's policy"),
    "4.7.1": _("Deferred by the recipient's policy"),
    "5.7.1": _("Refused by the recipient's policy"),
    "5.7.26": _("Sender is not authenticated"),
}

OTHERS = {
    "Throttling": _("Our sending rate was exceeded"),
    "auto-replied": _("Automatic answer, such as out of office"),
}

REASONS = {**COMMON_EXCLUSIONS, **with_codes(EXCLUSIONS | STATUS_CODES | OTHERS)}
