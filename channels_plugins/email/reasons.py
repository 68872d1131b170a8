"""Names for what stops an email, by RFC 3463 code or exclusion name."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import COMMON_EXCLUSIONS

EXCLUSIONS = {
    **COMMON_EXCLUSIONS,
    "EmailNoConsent": _("No consent to marketing email (EmailNoConsent)"),
    "Suppressed": _("Suppressed (Suppressed)"),
    "EmailSuppressed": _("Address suppressed (EmailSuppressed)"),
    "DomainSuppressed": _("Domain suppressed (DomainSuppressed)"),
    "NotAllowed": _("Not on the allowed list (NotAllowed)"),
    "EmailNotAllowed": _("Address not on the allowed list (EmailNotAllowed)"),
    "DomainNotAllowed": _("Domain not on the allowed list (DomainNotAllowed)"),
    "EmailNoSubscriberIdFoundInProfile": _(
        "No subscriber number (EmailNoSubscriberIdFoundInProfile)"
    ),
    "EmailNoAddressFoundInProfile": _("No address in the profile (EmailNoAddressFoundInProfile)"),
    "EmailNoAddressDefinedInPreset": _(
        "No address field configured (EmailNoAddressDefinedInPreset)"
    ),
    "EmailNoVariantDefined": _("No variant to send (EmailNoVariantDefined)"),
    "EmailNoMessageFoundForTreatment": _(
        "No message for the treatment (EmailNoMessageFoundForTreatment)"
    ),
    "EmailMalformedAddress": _("Malformed address (EmailMalformedAddress)"),
    "UnsubscribeLinkNotValid": _("Unusable unsubscribe link (UnsubscribeLinkNotValid)"),
    "AttachmentResolutionFailed": _("Attachment not found (AttachmentResolutionFailed)"),
}

STATUS_CODES = {
    "5.1.0": _("5.1.0 · Address refused"),
    "5.1.1": _("5.1.1 · Mailbox does not exist"),
    "5.1.2": _("5.1.2 · Domain does not exist"),
    "5.1.3": _("5.1.3 · Address is malformed"),
    "5.1.6": _("5.1.6 · Mailbox has moved"),
    "5.1.7": _("5.1.7 · Our sender address is malformed"),
    "5.1.8": _("5.1.8 · Our sender domain is refused"),
    "5.2.1": _("5.2.1 · Mailbox is disabled"),
    "4.2.1": _("4.2.1 · Mailbox is disabled for now"),
    "5.2.2": _("5.2.2 · Mailbox is full"),
    "4.2.2": _("4.2.2 · Mailbox is full"),
    "5.2.3": _("5.2.3 · Message is too long"),
    "4.3.1": _("4.3.1 · Receiving system is full"),
    "4.3.2": _("4.3.2 · Receiving system accepts nothing now"),
    "5.3.4": _("5.3.4 · Message is too big"),
    "4.4.1": _("4.4.1 · No answer from the host"),
    "4.4.2": _("4.4.2 · Connection broke off"),
    "5.4.4": _("5.4.4 · No route to the domain"),
    "4.4.5": _("4.4.5 · Receiving system is congested"),
    "4.4.7": _("4.4.7 · Delivery time ran out"),
    "5.6.0": _("5.6.0 · Content refused"),
    "4.7.0": _("4.7.0 · Deferred by policy"),
    "4.7.1": _("4.7.1 · Deferred by policy"),
    "5.7.1": _("5.7.1 · Refused by policy"),
    "5.7.26": _("5.7.26 · Sender not authenticated"),
}

REASONS = {**EXCLUSIONS, **STATUS_CODES}
