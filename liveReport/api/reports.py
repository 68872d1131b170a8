"""``/api/v1/campaigns/{slug}/report/…``: the report, its tabs and widgets."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from liveReport import report
from liveReport.report.export import to_csv
from liveReport.report.frames import WidgetReport

from .base import ReadView
from .campaigns import visible_campaign
from .described import EXECUTION, FORMAT, PERIOD, READING, problems
from .problems import Failed, Invalid, Missing
from .serializers import HeadSerializer, OneWidgetSerializer, TabSerializer


class ReportView(ReadView):
    """What is common to the report's resources: the campaign, the period, the runs, one ``now``."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.now = timezone.now()
        self.campaign = visible_campaign(request, kwargs["slug"])

    def period(self) -> report.Period:
        try:
            return report.Period.parse(self.request.query_params.getlist, self.now)
        except report.BadPeriod as error:
            raise Invalid(error.field, str(error)) from error

    def executions(self) -> list[datetime]:
        try:
            return report.parse_executions(self.request.query_params.getlist("execution"))
        except ValueError as error:
            raise Invalid("execution", str(error)) from error

    def tab_head(self, tab: str) -> report.Head:
        try:
            return report.tab_head(self.campaign, tab, self.now, self.period())
        except report.UnknownTab as error:
            raise Missing("tab", tab) from error


class ReportHead(ReportView):
    """The report without its numbers: window, age, tabs."""

    @extend_schema(
        operation_id="get_report",
        summary="Head of a report",
        parameters=PERIOD,
        responses={200: HeadSerializer} | READING | problems(400, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(report.report_head(self.campaign, self.now, self.period()).as_json())


class ReportTab(ReportView):
    """One tab with all of its widgets. Answers 304 while the version stands."""

    @extend_schema(
        operation_id="get_tab",
        summary="One tab of a report",
        parameters=[*PERIOD, EXECUTION],
        responses={200: TabSerializer, 304: None} | READING | problems(400, 404),
    )
    def get(self, request: Request, slug: str, tab: str) -> HttpResponse:
        executions = self.executions()
        etag = _etag(self.tab_head(tab))
        if unchanged := get_conditional_response(request._request, etag=etag):
            unchanged.headers["ETag"] = etag
            return unchanged
        found = report.tab_report(self.campaign, tab, executions, self.now, period=self.period())
        return Response(found.as_json(), headers={"ETag": _etag(found.head)})


class ReportWidget(ReportView):
    """One widget of a tab, as JSON or CSV."""

    @extend_schema(
        operation_id="get_widget",
        summary="One widget of a report",
        parameters=[*PERIOD, EXECUTION, FORMAT],
        responses={
            (200, "application/json"): OneWidgetSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
        }
        | READING
        | problems(400, 404),
    )
    def get(self, request: Request, slug: str, tab: str, widget: str) -> HttpResponse:
        wanted = request.query_params.get("format", "json")
        if wanted not in ("json", "csv"):
            raise Invalid("format", f"{wanted!r} is neither 'json' nor 'csv'.")
        head, found = self._find(tab, widget)
        if wanted == "json":
            return Response(head.as_json() | {"tab": tab} | found.as_json())
        if not found.frame:
            raise Failed
        content = to_csv(found.frame, found.names)
        return HttpResponse(content, content_type="text/csv; charset=utf-8")

    def _find(self, tab: str, widget: str) -> tuple[report.Head, WidgetReport]:
        try:
            return report.tab_widget(
                self.campaign, tab, widget, self.executions(), self.now, self.period()
            )
        except report.UnknownTab as error:
            raise Missing("tab", tab) from error
        except report.UnknownWidget as error:
            raise Missing("widget", widget) from error


def _etag(head: report.Head) -> str:
    """The version, which the labels' language is a part of."""
    return f'"{head.version}-{translation.get_language()}"'
