"""Who has to act on what stops a text message: carriers' codes, and exclusions."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import COMMON_EXCLUSION_CAUSES, Actor, Cause

NUMBER = Cause(
    Actor.RECIPIENT_DATA, _("Take these numbers out, and find out where they came from.")
)
LANDLINE = Cause(Actor.RECIPIENT_DATA, _("Leave out numbers that take no text messages."))
OUT_OF_REACH = Cause(
    Actor.RECIPIENT_DATA,
    _("Send again later, and keep the numbers: phones come back."),
    retryable=True,
)
STOPPED = Cause(Actor.CONSENT, _("Send these people nothing more: they do not want it."))
FILTERED = Cause(Actor.CONTENT, _("Change the wording and the links that carriers take for spam."))
CONTENT = Cause(Actor.CONTENT, _("Mend the text: its length, its characters, its parts."))
SENDER = Cause(
    Actor.CONFIGURATION, _("Have the sender registered with the carriers, then send again.")
)
ACCOUNT = Cause(Actor.CONFIGURATION, _("Put the account with the provider in order."))
REGION = Cause(Actor.CONFIGURATION, _("Enable the countries and prices that the audience needs."))
TOO_FAST = Cause(Actor.CAPACITY, _("Send more slowly, or have the limit raised."), retryable=True)
CARRIER = Cause(
    Actor.PROVIDER, _("Send again later, and ask the provider if it lasts."), retryable=True
)
ROUTE = Cause(Actor.PROVIDER, _("Ask the provider why it has no way to these numbers."))
CANCELLED = Cause(
    Actor.US, _("Find out who has cancelled the messages, then send again."), retryable=True
)
CREDIT = Cause(
    Actor.RECIPIENT_DATA, _("Nothing has to be mended: their credit is used up."), retryable=True
)
NO_CONSENT = Cause(
    Actor.CONSENT, _("Nothing has to be mended: these people have not agreed to it.")
)
MISSING_DATA = Cause(
    Actor.RECIPIENT_DATA, _("Complete these profiles, or leave them out of the audience.")
)
MISSING_SENDER = Cause(
    Actor.CONFIGURATION, _("Say in the configuration which number the messages come from.")
)
MISSING_CONTENT = Cause(Actor.CONTENT, _("Make a variant for these people, too."))

EXCLUSIONS = {
    "SMSNoConsent": NO_CONSENT,
    "SMSFromNumberNotDefinedInPreset": MISSING_SENDER,
    "SMSNoToNumberDefinedInProfile": MISSING_DATA,
    "SMSNoVariantDefined": MISSING_CONTENT,
    "SMSNoMessageFoundForTreatment": MISSING_CONTENT,
}

CARRIER_CODES = {
    "30001": TOO_FAST,
    "30002": ACCOUNT,
    "30003": OUT_OF_REACH,
    "30004": STOPPED,
    "30005": NUMBER,
    "30006": LANDLINE,
    "30007": FILTERED,
    "30008": CARRIER,
    "30009": CONTENT,
    "30010": REGION,
    "30034": SENDER,
    "21211": NUMBER,
    "21408": REGION,
    "21610": STOPPED,
    "21614": LANDLINE,
    "21635": LANDLINE,
    "20429": TOO_FAST,
    "vonage:1": CARRIER,
    "vonage:2": OUT_OF_REACH,
    "vonage:3": NUMBER,
    "vonage:4": STOPPED,
    "vonage:5": NUMBER,
    "vonage:6": FILTERED,
    "vonage:7": OUT_OF_REACH,
    "vonage:8": CARRIER,
    "vonage:10": CONTENT,
    "vonage:11": ROUTE,
    "vonage:12": ROUTE,
    "vonage:13": NO_CONSENT,
    "vonage:14": FILTERED,
    "vonage:15": CREDIT,
    "vonage:99": CARRIER,
    "sinch:402": ROUTE,
    "sinch:403": CARRIER,
    "sinch:404": CARRIER,
    "sinch:405": CONTENT,
    "sinch:406": OUT_OF_REACH,
    "sinch:407": CANCELLED,
    "sinch:408": ACCOUNT,
    "sinch:411": CONTENT,
    "sinch:412": REGION,
    "sinch:413": FILTERED,
}

NETWORK_CODES = {
    "1": NUMBER,
    "5": NUMBER,
    "6": OUT_OF_REACH,
    "9": NUMBER,
    "11": LANDLINE,
    "12": NUMBER,
    "13": NUMBER,
    "21": LANDLINE,
    "27": OUT_OF_REACH,
    "31": OUT_OF_REACH,
    "32": OUT_OF_REACH,
    "33": TOO_FAST,
    "34": CARRIER,
}
PASSED_ON = {
    f"{provider}:{code}": cause
    for provider in ("infobip", "messagebird")
    for code, cause in NETWORK_CODES.items()
}

CAUSES = {**COMMON_EXCLUSION_CAUSES, **EXCLUSIONS, **CARRIER_CODES, **PASSED_ON}
