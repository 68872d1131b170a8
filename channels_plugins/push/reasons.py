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
    "InternalServerError": _("Push service failed"),
    "ServiceUnavailable": _("Push service unavailable"),
    "Shutdown": _("Push service unavailable"),
}

REASONS = {**COMMON_EXCLUSIONS, **with_codes(EXCLUSIONS | FCM_CODES | APNS_REASONS)}
