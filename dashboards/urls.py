"""The pages of the live report, below ``/admin/``."""

from django.urls import include, path

from . import answers, editing, exports, views, wall, zones

reports = [
    path("<slug:campaign>/", views.entrance, name="report-entrance"),
    path("<slug:campaign>/export.csv", exports.report_csv, name="report-csv"),
    path("<slug:campaign>/export.xlsx", exports.report_xlsx, name="report-xlsx"),
    path("<slug:campaign>/export.html", views.paper, name="report-paper"),
    path("<slug:campaign>/<slug:tab>/", views.report, name="report"),
    path("<slug:campaign>/<slug:tab>/changes/", views.changes, name="report-changes"),
    path("<slug:campaign>/<slug:tab>/layout/", editing.layout, name="report-layout"),
    path(
        "<slug:campaign>/<slug:tab>/layout/everyone/",
        editing.default_layout,
        name="report-default-layout",
    ),
    path("<slug:campaign>/<slug:tab>/wall/", wall.start, name="report-wall"),
    path("<slug:campaign>/<slug:tab>/widgets/<str:key>/", editing.widget, name="report-widget"),
    path(
        "<slug:campaign>/<slug:tab>/widgets/<str:key>/legend/",
        editing.legend,
        name="report-legend",
    ),
    path("<slug:campaign>/<slug:tab>/<str:widget>.csv", exports.widget_csv, name="widget-csv"),
]

urlpatterns = [
    path("reports/", include(reports)),
    path("form-token/", answers.fresh_token, name="form-token"),
    path("time-zone/", zones.choose, name="time-zone"),
]
