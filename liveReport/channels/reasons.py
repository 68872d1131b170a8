"""What reasons are called, and the exclusion reasons that any channel can meet."""

from collections.abc import Mapping

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .texts import Text


def with_codes(names: Mapping[str, Text]) -> dict[str, Text]:
    """The labels of known reasons, by code: the words first, “Mailbox is full (5.2.2)”."""
    return {code: format_lazy("{} ({})", name, code) for code, name in names.items()}


COMMON_EXCLUSIONS: Mapping[str, Text] = with_codes(
    {
        "RuntimeDispatchError": _("Could not be handed over"),
        "RuntimeRenderingError": _("Could not be rendered"),
        "NamespaceErrorForExperimentation": _("Identity does not fit the experiment"),
        "ExperimentationHoldoutExclusion": _("Held out of the experiment"),
        "ExcludedForControlRules": _("Frequency or control rule"),
    }
)
"""Their labels. Each channel adds its own."""
