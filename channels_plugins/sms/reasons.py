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
    "vonage:5": _("Number was ported to another carrier"),
    "vonage:6": _("Filtered by the carrier"),
    "vonage:7": _("Phone is out of reach"),
    "vonage:8": _("Carrier’s network failed"),
    "vonage:10": _("Message is malformed"),
    "vonage:11": _("No route to the number"),
    "vonage:12": _("No route to the number"),
    "vonage:13": _("Recipient is too young"),
    "vonage:14": _("Blocked by the carrier"),
    "vonage:15": _("Recipient’s credit is used up"),
    "vonage:99": _("Unknown error"),
    "sinch:402": _("No route to the number"),
    "sinch:403": _("Provider failed"),
    "sinch:404": _("Carrier’s network failed"),
    "sinch:405": _("Message is malformed"),
    "sinch:406": _("Expired before it could be delivered"),
    "sinch:407": _("Canceled"),
    "sinch:408": _("Refused by the provider"),
    "sinch:411": _("Message is too long"),
    "sinch:412": _("Region is not enabled"),
    "sinch:413": _("Blocked by the provider"),
}

NETWORK_CODES = {
    "1": _("Number is unknown"),
    "5": _("Number is unknown"),
    "6": _("Phone is out of reach"),
    "9": _("Number is blocked in its network"),
    "11": _("Line takes no text messages"),
    "12": _("Phone is blocked in its network"),
    "13": _("Line is barred"),
    "21": _("Line takes no text messages"),
    "27": _("Phone is out of reach"),
    "31": _("Phone was busy"),
    "32": _("Phone’s memory is full, or it failed"),
    "33": _("Too many messages wait for the phone"),
    "34": _("Carrier’s network failed"),
}
"""What mobile networks call their errors in 3GPP TS 29.002, which some providers pass on."""
PASSED_ON = {
    f"{provider}:{code}": label
    for provider in ("infobip", "messagebird")
    for code, label in NETWORK_CODES.items()
}

REASONS = {**COMMON_EXCLUSIONS, **with_codes(EXCLUSIONS | CARRIER_CODES | PASSED_ON)}
