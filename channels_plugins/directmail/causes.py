"""Who has to act on what stops a letter: exclusions, and what printers and the post report."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import COMMON_EXCLUSION_CAUSES, Actor, Cause

ADDRESS = Cause(Actor.RECIPIENT_DATA, _("Correct these postal addresses before the next mailing."))
FILE = Cause(Actor.CONTENT, _("Hand in a file that fits the printer’s specification."))
REFUSED = Cause(Actor.CONSENT, _("Send these people no more letters: they do not want them."))
PRINTER = Cause(
    Actor.PROVIDER, _("Ask the printer what has gone wrong, then hand in again."), retryable=True
)
MISSING_CONTENT = Cause(Actor.CONTENT, _("Make a variant for these people, too."))

CAUSES = {
    **COMMON_EXCLUSION_CAUSES,
    "DirectMailNoVariantDefined": MISSING_CONTENT,
    "DirectMailNoMessageFoundForTreatment": MISSING_CONTENT,
    "AddressIncomplete": ADDRESS,
    "FileRejected": FILE,
    "AddresseeMoved": ADDRESS,
    "AddresseeUnknown": ADDRESS,
    "DeliveryRefused": REFUSED,
    "returned_to_sender": ADDRESS,
    "rejected": PRINTER,
    "failed": PRINTER,
}
