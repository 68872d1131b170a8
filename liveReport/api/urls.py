"""The URLs of the API, below ``/api/``."""

from django.urls import include, path

from .campaigns import CampaignDetail, CampaignList
from .catalogue import ChannelList, MetricList
from .docs import DocsView, SchemaView
from .index import Index
from .ingest import EventsView
from .listing import EventList
from .missing import missing
from .overview import OverviewView
from .reports import ReportHead, ReportTab, ReportWidget
from .rules import RuleList
from .sources import SourceList

v1 = [
    path("", Index.as_view(), name="index"),
    path("events/", EventsView.as_view(), name="events"),
    path("events", EventsView.as_view(schema=None)),  # as so many type it
    path("campaigns/", CampaignList.as_view(), name="campaigns"),
    path("campaigns/<slug:slug>/", CampaignDetail.as_view(), name="campaign"),
    path("campaigns/<slug:slug>/events/", EventList.as_view(), name="campaign-events"),
    path("campaigns/<slug:slug>/rules/", RuleList.as_view(), name="rules"),
    path("campaigns/<slug:slug>/report/", ReportHead.as_view(), name="report-head"),
    path("campaigns/<slug:slug>/report/<slug:tab>/", ReportTab.as_view(), name="report-tab"),
    path(
        "campaigns/<slug:slug>/report/<slug:tab>/<str:widget>/",
        ReportWidget.as_view(),
        name="report-widget",
    ),
    path("overview/", OverviewView.as_view(), name="overview"),
    path("metrics/", MetricList.as_view(), name="metrics"),
    path("channels/", ChannelList.as_view(), name="channels"),
    path("sources/", SourceList.as_view(), name="sources"),
]

urlpatterns = [
    path("v1/", include((v1, "v1"))),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
    path("<path:rest>", missing),
    path("", missing),
]
