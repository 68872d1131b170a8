"""Pages and apps themselves: ``beacon.js``, and whatever posts as it does.

It speaks our own words, to an address of its own, and signs nothing.
"""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Secret, SetUp, Webhook


class Beacon(Webhook):
    """A script on the sender's own pages; apps post the same, and name their channel."""

    provider = "beacon"
    label = _("Beacon (own pages and apps)")
    secret = Secret.PUBLIC
    set_up = SetUp(
        where=_(
            "In the HTML of your pages: "
            "<script async src=https://…/beacon.js data-lr-key=wk_…></script>, with the "
            "address of this site and the key that the URL ends with."
        ),
        events=_("Name what is to be counted: data-lr-element, in the HTML of each element."),
        keys=_("Say who is there, if you know: data-lr-profile, in the script or in html."),
    )
    others = ("inapp",)
