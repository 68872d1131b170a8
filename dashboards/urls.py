"""The pages of the live report, below ``/admin/reports/``."""

from django.urls import path

from . import exports, views

urlpatterns = [
    path("<slug:campaign>/", views.entrance, name="report-entrance"),
    path("<slug:campaign>/export.csv", exports.report_csv, name="report-csv"),
    path("<slug:campaign>/<slug:tab>/", views.report, name="report"),
    path("<slug:campaign>/<slug:tab>/changes/", views.changes, name="report-changes"),
    path("<slug:campaign>/<slug:tab>/<str:widget>.csv", exports.widget_csv, name="widget-csv"),
]
