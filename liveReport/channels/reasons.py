"""Exclusion reasons that any channel can meet. Each channel adds its own."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from .declarations import Text

COMMON_EXCLUSIONS: Mapping[str, Text] = {
    "RuntimeDispatchError": _("Could not be handed over (RuntimeDispatchError)"),
    "RuntimeRenderingError": _("Could not be rendered (RuntimeRenderingError)"),
    "NamespaceErrorForExperimentation": _(
        "Identity does not fit the experiment (NamespaceErrorForExperimentation)"
    ),
    "ExperimentationHoldoutExclusion": _(
        "Held out of the experiment (ExperimentationHoldoutExclusion)"
    ),
    "ExcludedForControlRules": _("Frequency or control rule (ExcludedForControlRules)"),
}
