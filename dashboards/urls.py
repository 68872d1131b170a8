"""The pages of the live report, below ``/admin/reports/``."""

from django.urls import path

from . import views

urlpatterns = [path("<slug:campaign>/<slug:tab>/", views.report, name="report")]
