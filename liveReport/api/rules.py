"""``/api/v1/campaigns/{slug}/rules/``: by which limits a campaign is judged."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from liveReport.channels.rules import mistake
from liveReport.models import ApiToken, Campaign
from liveReport.report.rules import FIELDS, Limits, keep, rules_of
from liveReport.site.auth import MayRead

from .base import ReadView
from .campaigns import visible_campaign
from .described import READING, problems
from .problems import Invalid
from .serializers import RuleChangeSerializer, RuleSerializer


class MayChangeRules(BasePermission):
    """Tokens read; to change rules is for staff who may."""

    message = _("This needs a session of the staff with the right to change rules.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return True
        is_token = isinstance(request.auth, ApiToken)
        return not is_token and request.user.has_perm("livereport.change_campaignrule")


class RuleList(ReadView):
    """The rules of the channels that a campaign uses."""

    permission_classes = (MayRead, MayChangeRules)

    @extend_schema(
        operation_id="list_rules",
        summary="Rules of a campaign",
        responses={200: RuleSerializer(many=True)} | READING | problems(404),
    )
    def get(self, request: Request, slug: str) -> Response:
        return _listed(visible_campaign(request, slug))

    @extend_schema(
        operation_id="change_rules",
        summary="Change rules of a campaign",
        request=RuleChangeSerializer(many=True),
        responses={200: RuleSerializer(many=True)} | READING | problems(400, 404),
    )
    def patch(self, request: Request, slug: str) -> Response:
        """All that is given is changed, or nothing; what is left out stays."""
        campaign = visible_campaign(request, slug)
        try:
            given = request.data
        except ParseError as error:
            raise Invalid("body", str(error.detail)) from error
        if not isinstance(given, list):
            raise Invalid("body", "It must be a list of rules.")
        with transaction.atomic():
            known = {limits.key: limits for limits in rules_of(campaign)}
            for place, one in enumerate(given):
                changed = _changed(known, one, f"[{place}]")
                known[changed.key] = changed
                keep(campaign, changed)
        return _listed(campaign)


def _listed(campaign: Campaign) -> Response:
    return Response([limits.as_json() for limits in rules_of(campaign)])


def _changed(known: Mapping[tuple[str, str], Limits], given: Any, where: str) -> Limits:
    """A rule with what is given; ``Invalid`` names what makes no sense."""
    if not isinstance(given, dict):
        raise Invalid(where, "It must be a rule: channel, metric, and what to change.")
    for field in given.keys() - {"channel", "metric", *FIELDS}:
        raise Invalid(f"{where}.{field}"[:100], "A rule has no such field.")
    limits = known.get((str(given.get("channel")), str(given.get("metric"))))
    if limits is None:
        field = "metric" if given.get("channel") in {slug for slug, _metric in known} else "channel"
        raise Invalid(f"{where}.{field}", "The campaign has no such rule.")
    values = {name: given[name] for name in FIELDS if name in given}
    for field, value in values.items():
        if not _is_of_type(field, value):
            raise Invalid(f"{where}.{field}", _TYPES[field])
    changed = replace(limits, **values)
    wrong = mistake(limits.rule, changed.warn, changed.critical, changed.min_sample)
    if wrong:
        raise Invalid(f"{where}.{wrong[0]}", str(wrong[1]))
    return changed


_TYPES = {
    "warn": "It must be a number.",
    "critical": "It must be a number.",
    "min_sample": "It must be a whole number.",
    "enabled": "It must be true or false.",
}


def _is_of_type(field: str, value: object) -> bool:
    if field == "enabled":
        return isinstance(value, bool)
    allowed = int if field == "min_sample" else int | float
    return isinstance(value, allowed) and not isinstance(value, bool)
