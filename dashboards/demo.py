"""``/demo/shop/``: a page of a site that counts its visitors, while the demo runs."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from liveReport.demo.shop import open_shop

PAGES = ("home", "coats", "basket")
"""Of the shop. All come at once: its script shows one or another."""


@login_not_required
@require_safe
def shop(request: HttpRequest) -> HttpResponse:
    """The page; 404 while no demo runs."""
    source = open_shop()
    if source is None:
        raise Http404
    asked = request.GET.get("page", "")
    context = {"source": source, "page": asked if asked in PAGES else PAGES[0]}
    return render(request, "dashboards/shop.html", context)


urlpatterns = [path("shop/", shop, name="demo-shop")]
