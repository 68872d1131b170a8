"""Names for what stops a push notification: FCM and APNs codes, exclusion names."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import COMMON_EXCLUSIONS

REASONS = {
    **COMMON_EXCLUSIONS,
    "PushNoTokenFoundInProfile": _("No device token (PushNoTokenFoundInProfile)"),
    "PushNoValidTokenFoundForApps": _("No valid token for the app (PushNoValidTokenFoundForApps)"),
    "PushMalformedProfile": _("Malformed push details (PushMalformedProfile)"),
    "PushNoConsent": _("No consent to marketing push (PushNoConsent)"),
    "PushNoApplicationDefinedInPreset": _("No app configured (PushNoApplicationDefinedInPreset)"),
    "PushNoVariantDefined": _("No variant to send (PushNoVariantDefined)"),
    "PushNoMessageFoundForTreatment": _(
        "No message for the treatment (PushNoMessageFoundForTreatment)"
    ),
    "UNREGISTERED": _("App removed or token renewed (UNREGISTERED)"),
    "Unregistered": _("App removed or token renewed (Unregistered)"),
    "ExpiredToken": _("Token expired (ExpiredToken)"),
    "SENDER_ID_MISMATCH": _("Token of another project (SENDER_ID_MISMATCH)"),
    "INVALID_ARGUMENT": _("Token or content refused (INVALID_ARGUMENT)"),
    "THIRD_PARTY_AUTH_ERROR": _("Certificate or key is wrong (THIRD_PARTY_AUTH_ERROR)"),
    "QUOTA_EXCEEDED": _("Too many messages (QUOTA_EXCEEDED)"),
    "UNAVAILABLE": _("Push service unavailable (UNAVAILABLE)"),
    "INTERNAL": _("Push service failed (INTERNAL)"),
    "BadDeviceToken": _("Token refused (BadDeviceToken)"),
    "DeviceTokenNotForTopic": _("Token of another app (DeviceTokenNotForTopic)"),
    "PayloadTooLarge": _("Content is too large (PayloadTooLarge)"),
    "TooManyRequests": _("Too many messages to the device (TooManyRequests)"),
    "ServiceUnavailable": _("Push service unavailable (ServiceUnavailable)"),
}
