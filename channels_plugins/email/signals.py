"""What tells a robot's open or click from a person's, and who it is likelier to be."""

from django.utils.translation import gettext_lazy as _

SIGNALS = {
    "provider": _("Flagged by the provider"),
    "prefetch": _("Fetched in advance"),
    "crawler": _("Crawler or scanner"),
    "proxy": _("Image proxy"),
    "timing": _("Too soon, or all at once"),
}
"""A closed list: what a user agent or an address gave away, never itself."""

VERDICTS = {
    "provider": "machine",
    "prefetch": "machine",
    "crawler": "machine",
    "proxy": "human",  # people who read at Gmail or Yahoo arrive by theirs
    "timing": "machine",
}
"""Unless the administrator says otherwise."""
