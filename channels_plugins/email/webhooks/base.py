"""What the providers of email have in common."""

from email.utils import parseaddr

from liveReport.channels import Event, Webhook


class EmailWebhook(Webhook):
    """A provider of email: recipients are addresses, of which the domain is counted."""


def address(text: object) -> str:
    """The address of ``text``, in lower case and without a name around it; ``""`` for none."""
    found = str(text or "").strip()
    if "<" in found or " " in found:
        found = parseaddr(found)[1]
    return found.lower()


def mail(event: Event) -> Event:
    """An event with its recipient's domain among the dimensions of the types that take one."""
    domain = event.recipient.rpartition("@")[2]
    if not domain or event.type not in WITH_DOMAIN:
        return event
    return event._replace(dimensions={**event.dimensions, "domain": domain})


WITH_DOMAIN = frozenset({"sent", "deferred", "delivered", "bounced", "opened", "clicked"})
