"""Names for what stops a letter: exclusion names, and what printers and the post report."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import COMMON_EXCLUSIONS, with_codes

EXCLUSIONS = {
    "DirectMailNoVariantDefined": _("No variant to send"),
    "DirectMailNoMessageFoundForTreatment": _("No message for the treatment"),
}

REPORTED = {
    "AddressIncomplete": _("Incomplete address"),
    "FileRejected": _("File rejected by the printer"),
    "AddresseeMoved": _("Addressee has moved"),
    "AddresseeUnknown": _("Unknown at this address"),
    "DeliveryRefused": _("Refused by the addressee"),
    "returned_to_sender": _("Returned, without a reason"),
    "rejected": _("Rejected by the printer, without a reason"),
    "failed": _("Failed at the printer, without a reason"),
}

REASONS = {**COMMON_EXCLUSIONS, **with_codes(EXCLUSIONS | REPORTED)}
