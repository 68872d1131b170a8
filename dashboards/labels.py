"""The texts that the scripts show, in the active language."""

from django.utils.translation import gettext as _


def javascript_texts() -> dict[str, str]:
    """By the key under which the scripts ask for them."""
    return {
        "as_of": _("as of {time}"),
        "behind": _("{seconds} s behind"),
        "unreachable": _("The server has not answered since {time}. Trying again…"),
        "signed_out": _("Your session has ended. Log in again to keep this report moving."),
        "gone": _("This tab is no longer available."),
        "reload": _("Reload"),
        "time_zone": _("Times in {zone}"),
        "running": _("still counting"),
        "show_table": _("Show as table"),
        "show_chart": _("Show as chart"),
    }
