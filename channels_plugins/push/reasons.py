"""Names for what stops a push notification: FCM and APNs codes, exclusion names."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import COMMON_EXCLUSIONS, with_codes

EXCLUSIONS = {
    "PushNoTokenFoundInProfile": _("No device token"),
    "PushNoValidTokenFoundForApps": _("No valid token for the app"),
    "PushMalformedProfile": _("Malformed push details"),
    "PushNoConsent": _("No consent to marketing push"),
    "PushNoApplicationDefinedInPreset": _("No app configured"),
    "PushNoVariantDefined": _("No variant to send"),
    "PushNoMessageFoundForTreatment": _("No message for the treatment"),
}

FCM_CODES = {
    "UNREGISTERED": _("App removed or token renewed"),
    "SENDER_ID_MISMATCH": _("Token of another project"),
    "INVALID_ARGUMENT": _("Token or content refused"),
    "THIRD_PARTY_AUTH_ERROR": _("Certificate or key is wrong"),
    "APNS_AUTH_ERROR": _("Certificate or key is wrong"),
    "QUOTA_EXCEEDED": _("Our sending rate was exceeded"),
    "UNAVAILABLE": _("Push service unavailable"),
    "INTERNAL": _("Push service failed"),
    "UNSPECIFIED_ERROR": _("Unknown error"),
}

REFUSED_FIELDS = (
    *("BadCollapseId", "BadExpirationDate", "BadMessageId", "BadPath", "BadPriority"),
    *("DuplicateHeaders", "InvalidPushType", "MethodNotAllowed", "MissingDeviceToken"),
)
"""What APNs says where a header of the sender's is wrong."""
APNS_REASONS = {
    "Unregistered": _("App removed or token renewed"),
    "ExpiredToken": _("Token expired"),
    "BadDeviceToken": _("Token refused"),
    "DeviceTokenNotForTopic": _("Token of another app"),
    "PayloadTooLarge": _("Content is too large"),
    "PayloadEmpty": _("Content is empty"),
    "TooManyRequests": _("Too many messages to the device"),
    "BadCertificate": _("Certificate or key is wrong"),
    "BadCertificateEnvironment": _("Certificate or key is wrong"),
    "ExpiredProviderToken": _("Certificate or key is wrong"),
    "InvalidProviderToken": _("Certificate or key is wrong"),
    "MissingProviderToken": _("Certificate or key is wrong"),
    "UnrelatedKeyIdInToken": _("Certificate or key is wrong"),
    "BadEnvironmentKeyIdInToken": _("Certificate or key is wrong"),
    "Forbidden": _("Certificate or key is wrong"),
    "TooManyProviderTokenUpdates": _("Our sending rate was exceeded"),
    "BadTopic": _("App’s name is wrong"),
    "MissingTopic": _("App’s name is wrong"),
    "TopicDisallowed": _("Pushes to the app are not allowed"),
    **dict.fromkeys(REFUSED_FIELDS, _("Our request is malformed")),
    "IdleTimeout": _("Our connection was idle for too long"),
    "InternalServerError": _("Push service failed"),
    "ServiceUnavailable": _("Push service unavailable"),
    "Shutdown": _("Push service unavailable"),
}

REASONS = {**COMMON_EXCLUSIONS, **with_codes(EXCLUSIONS | FCM_CODES | APNS_REASONS)}
