"""``/api/v1/campaigns/``: what one may see, and what it consists of."""

from django.db import models
from django.db.models import Max, Prefetch, Q, QuerySet
from django.db.models.functions import RowNumber
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from liveReport.models import ApiToken, Campaign, CampaignChannel, ChannelPlugin, Execution
from liveReport.models.campaigns import CampaignQuerySet
from liveReport.report.window import Window

from .base import ReadView
from .described import READING, problems
from .problems import Missing
from .serializers import CampaignSerializer


def visible_campaigns(request: Request) -> CampaignQuerySet:
    """The campaigns that whoever calls may see."""
    token = request.auth if isinstance(request.auth, ApiToken) else None
    return Campaign.objects.visible_to(request.user, token)


def visible_campaign(request: Request, slug: str) -> Campaign:
    """One of them. One that is hidden is as missing as one that is not there."""
    try:
        return visible_campaigns(request).get(slug=slug)
    except Campaign.DoesNotExist as error:
        raise Missing("campaign", slug) from error


class CampaignView(ReadView, GenericAPIView[Campaign]):
    """Campaigns with the channels they use and their latest runs of the last 24 hours."""

    serializer_class = CampaignSerializer
    lookup_field = "slug"
    queryset = Campaign.objects.none()

    def get_queryset(self) -> QuerySet[Campaign]:
        enabled = [channel.slug for channel in ChannelPlugin.objects.enabled()]
        recent = Execution.objects.filter(
            channel__in=enabled, last_event_at__gte=Window.at(timezone.now()).start
        )
        rank = models.Window(RowNumber(), ["campaign", "channel"], "-started_at")
        listed = recent.alias(rank=rank).filter(rank__lte=Execution.LISTED)
        channels = CampaignChannel.objects.filter(channel__in=enabled).order_by("channel")
        last = Max("channels__last_event_at", filter=Q(channels__channel__in=enabled))
        return (
            visible_campaigns(self.request)
            .annotate(last_event_at=last)
            .order_by("name", "slug")
            .prefetch_related(Prefetch("channels", channels), Prefetch("executions", listed))
        )


class CampaignList(ListModelMixin, CampaignView):
    """The campaigns the caller may see."""

    @extend_schema(
        operation_id="list_campaigns",
        summary="List campaigns",
        responses={200: CampaignSerializer(many=True)} | READING | problems(400, 404),
    )
    def get(self, request: Request) -> Response:
        return self.list(request)


class CampaignDetail(RetrieveModelMixin, CampaignView):
    """One campaign."""

    @extend_schema(
        operation_id="get_campaign",
        summary="Get one campaign",
        responses={200: CampaignSerializer} | READING | problems(404),
    )
    def get(self, request: Request, slug: str) -> Response:
        try:
            return self.retrieve(request)
        except Http404 as error:
            raise Missing("campaign", slug) from error
