"""Who has to act on what stops a push notification: FCM's and APNs' codes, and exclusions."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import COMMON_EXCLUSION_CAUSES, Actor, Cause

from .reasons import REFUSED_FIELDS

TOKEN = Cause(Actor.RECIPIENT_DATA, _("Remove these tokens: the app is gone, or has newer ones."))
FOREIGN_TOKEN = Cause(
    Actor.CONFIGURATION,
    _("Send to each app with its own keys, in the environment that its tokens are of."),
)
AMBIGUOUS = Cause(
    Actor.CONTENT, _("Check size and fields of the message first; give up no token for this alone.")
)
KEY = Cause(Actor.CONFIGURATION, _("Renew the certificate or the key, then send again."))
TOO_FAST = Cause(Actor.CAPACITY, _("Send more slowly, or have the limit raised."), retryable=True)
SERVICE = Cause(
    Actor.PROVIDER, _("Send again as soon as the push service asks for it."), retryable=True
)
CONTENT = Cause(Actor.CONTENT, _("Make the message smaller, and leave none of it empty."))
APP = Cause(Actor.CONFIGURATION, _("Correct the name of the app in the configuration."))
REQUEST = Cause(Actor.US, _("Mend the request that the sending program makes."))
CONNECTION = Cause(Actor.US, _("Open a new connection, then send again."), retryable=True)
NO_CONSENT = Cause(
    Actor.CONSENT, _("Nothing has to be mended: these people have not agreed to it.")
)
MISSING_DATA = Cause(
    Actor.RECIPIENT_DATA, _("Complete these profiles, or leave them out of the audience.")
)
MISSING_APP = Cause(
    Actor.CONFIGURATION, _("Say in the configuration which app the messages are for.")
)
MISSING_CONTENT = Cause(Actor.CONTENT, _("Make a variant for these people, too."))

EXCLUSIONS = {
    "PushNoTokenFoundInProfile": MISSING_DATA,
    "PushNoValidTokenFoundForApps": FOREIGN_TOKEN,
    "PushMalformedProfile": MISSING_DATA,
    "PushNoConsent": NO_CONSENT,
    "PushNoApplicationDefinedInPreset": MISSING_APP,
    "PushNoVariantDefined": MISSING_CONTENT,
    "PushNoMessageFoundForTreatment": MISSING_CONTENT,
}

FCM_CODES = {
    "UNREGISTERED": TOKEN,
    "SENDER_ID_MISMATCH": FOREIGN_TOKEN,
    "INVALID_ARGUMENT": AMBIGUOUS,
    "THIRD_PARTY_AUTH_ERROR": KEY,
    "APNS_AUTH_ERROR": KEY,
    "QUOTA_EXCEEDED": TOO_FAST,
    "UNAVAILABLE": SERVICE,
    "INTERNAL": SERVICE,
    "UNSPECIFIED_ERROR": SERVICE,
}

APNS_REASONS = {
    "Unregistered": TOKEN,
    "ExpiredToken": TOKEN,
    "BadDeviceToken": FOREIGN_TOKEN,  # one alone is a bad token; many are the wrong environment
    "DeviceTokenNotForTopic": FOREIGN_TOKEN,
    "PayloadTooLarge": CONTENT,
    "PayloadEmpty": CONTENT,
    "TooManyRequests": TOO_FAST,
    "TooManyProviderTokenUpdates": TOO_FAST,
    **dict.fromkeys(
        (
            *("BadCertificate", "BadCertificateEnvironment", "ExpiredProviderToken", "Forbidden"),
            *("InvalidProviderToken", "MissingProviderToken", "UnrelatedKeyIdInToken"),
            "BadEnvironmentKeyIdInToken",
        ),
        KEY,
    ),
    **dict.fromkeys(("BadTopic", "MissingTopic", "TopicDisallowed"), APP),
    **dict.fromkeys(REFUSED_FIELDS, REQUEST),
    "IdleTimeout": CONNECTION,
    **dict.fromkeys(("InternalServerError", "ServiceUnavailable", "Shutdown"), SERVICE),
}

CAUSES = {**COMMON_EXCLUSION_CAUSES, **EXCLUSIONS, **FCM_CODES, **APNS_REASONS}
