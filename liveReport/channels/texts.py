"""What people read, in whichever language."""

from django.utils.functional import Promise

Text = str | Promise
"""A label: a plain string, or one wrapped in ``gettext_lazy``."""
