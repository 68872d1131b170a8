"""The pages of the live report, below ``/admin/``."""

from django.urls import include, path

from . import answers, editing, exports, listing, start, views, wall, zones

reports = [
    path("", start.start, name="start"),
    path("<slug:campaign>/", views.entrance, name="report-entrance"),
    path("<slug:campaign>/export.csv", exports.report_csv, name="report-csv"),
    path("<slug:campaign>/export.xlsx", exports.report_xlsx, name="report-xlsx"),
    path("<slug:campaign>/events.html", listing.events, name="report-events"),
    path("<slug:campaign>/export.html", views.paper, name="report-paper"),
    path("<slug:campaign>/<slug:tab>/", views.report, name="report"),
    path("<slug:campaign>/<slug:tab>/changes/", views.changes, name="report-changes"),
    path("<slug:campaign>/<slug:tab>/basis/", editing.basis, name="report-basis"),
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

# Not below reports/: what stands there may be the name of a campaign.
campaigns = [
    path("changes/", start.changes, name="start-changes"),
    path("pin/", start.pin, name="start-pin"),
    path("switch/", start.switcher, name="switcher"),
    path("wall/", start.start_wall, name="start-wall"),
]

urlpatterns = [
    path("reports/", include(reports)),
    path("campaigns/", include(campaigns)),
    path("form-token/", answers.fresh_token, name="form-token"),
    path("time-zone/", zones.choose, name="time-zone"),
]
