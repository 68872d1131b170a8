"""Names for what stops a text message: carrier codes and exclusion names."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import COMMON_EXCLUSIONS, with_codes

EXCLUSIONS = {
    "SMSNoConsent": _("No consent to marketing SMS"),
    "SMSFromNumberNotDefinedInPreset": _("No sender number configured"),
    "SMSNoToNumberDefinedInProfile": _("No phone number in the profile"),
    "SMSNoVariantDefined": _("No variant to send"),
    "SMSNoMessageFoundForTreatment": _("No message for the treatment"),
}

CARRIER_CODES = {
    "30001": _("Queue is full"),
    "30002": _("Account is suspended"),
    "30003": _("Phone is out of reach"),
    "30004": _("Recipient blocks messages"),
    "30005": _("Number is unknown"),
    "30006": _("Landline or carrier out of reach"),
    "30007": _("Filtered by the carrier"),
    "30008": _("Unknown error"),
    "30009": _("A part of the message is missing"),
    "30010": _("Price above the limit"),
    "30034": _("Sender is not registered"),
    "21211": _("Number is invalid"),
    "21408": _("Region is not enabled"),
    "21610": _("Recipient replied STOP"),
    "21614": _("Not a mobile number"),
    "21635": _("Landline"),
    "20429": _("Our sending rate was exceeded"),
    "vonage:1": _("Unknown error"),
    "vonage:2": _("Phone is out of reach"),
    "vonage:3": _("Number is unknown"),
    "vonage:4": _("Recipient blocks messages"),
    "vonage:6": _("Filtered by the carrier"),
    "vonage:7": _("Phone is out of reach"),
}

REASONS = {**COMMON_EXCLUSIONS, **with_codes(EXCLUSIONS | CARRIER_CODES)}
