"""Names for what stops a text message: carrier codes and exclusion names."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import COMMON_EXCLUSIONS

REASONS = {
    **COMMON_EXCLUSIONS,
    "SMSNoConsent": _("No consent to marketing SMS (SMSNoConsent)"),
    "SMSFromNumberNotDefinedInPreset": _(
        "No sender number configured (SMSFromNumberNotDefinedInPreset)"
    ),
    "SMSNoToNumberDefinedInProfile": _(
        "No phone number in the profile (SMSNoToNumberDefinedInProfile)"
    ),
    "SMSNoVariantDefined": _("No variant to send (SMSNoVariantDefined)"),
    "SMSNoMessageFoundForTreatment": _(
        "No message for the treatment (SMSNoMessageFoundForTreatment)"
    ),
    "30001": _("30001 · Queue is full"),
    "30002": _("30002 · Account is suspended"),
    "30003": _("30003 · Phone is out of reach"),
    "30004": _("30004 · Recipient blocks messages"),
    "30005": _("30005 · Number is unknown"),
    "30006": _("30006 · Landline or carrier out of reach"),
    "30007": _("30007 · Filtered by the carrier"),
    "30008": _("30008 · Unknown error"),
    "30009": _("30009 · A part is missing"),
    "30010": _("30010 · Dearer than allowed"),
    "30034": _("30034 · Sender is not registered"),
    "21211": _("21211 · Number is invalid"),
    "21408": _("21408 · Region is not enabled"),
    "21610": _("21610 · Recipient replied STOP"),
    "21614": _("21614 · Not a mobile number"),
    "21635": _("21635 · Landline"),
    "20429": _("20429 · Sent too fast"),
}
