"""The project's URLs: pages below /admin/, the API below /api/, health probes."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from liveReport.api.beacon import BeaconView, script
from liveReport.api.hooks import HookView
from liveReport.api.missing import missing
from liveReport.site import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="start")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("hooks/<slug:source>", HookView.as_view()),
    path("hooks/<slug:source>/", HookView.as_view(), name="hook"),
    path("beacon.js", script, name="beacon-script"),
    path("beacon/<slug:key>", BeaconView.as_view()),
    path("beacon/<slug:key>/", BeaconView.as_view(), name="beacon"),
    path("demo/", include("dashboards.demo")),
    path("api", missing),
    path("api/", include("liveReport.api.urls")),
    path("admin/", include("dashboards.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]

handler400 = "liveReport.site.errors.bad_request"
handler403 = "liveReport.site.errors.permission_denied"
handler404 = "liveReport.site.errors.page_not_found"
handler500 = "liveReport.site.errors.server_error"
