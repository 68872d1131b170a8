"""An empty view behind all of our middleware, and the ingest that most would write."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from .rows.views import RowsView


@csrf_exempt
@login_not_required
def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=202)


urlpatterns = [
    path("healthz", empty),
    path("empty/", empty),
    path("rows/", login_not_required(RowsView.as_view())),
]
