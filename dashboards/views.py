"""The report's page, and the changes that keep it current."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from liveReport.report import Head, TabReport, UnknownTab, tab_report

from .fragments import Page
from .requests import Asked, staff_page


@staff_page
def entrance(request: HttpRequest, campaign: str) -> HttpResponse:
    """The report opens on its first tab."""
    return redirect(Asked.of(request, campaign, "").campaign)


@staff_page
def report(request: HttpRequest, campaign: str, tab: str) -> HttpResponse:
    """One tab of a campaign's report, complete without JavaScript."""
    asked = Asked.of(request, campaign, tab)
    page = Page(asked, _tab_report(asked))
    context = admin.site.each_context(request) | {"page": page, "is_nav_sidebar_enabled": False}
    return render(request, "dashboards/report.html", context)


@staff_page
def changes(request: HttpRequest, campaign: str, tab: str) -> HttpResponse:
    """What is new since the version shown: nothing (204), or the parts that differ.

    ``shown`` repeats what the page has as ``id:digest``.
    """
    asked = Asked.of(request, campaign, tab)
    head = asked.head()
    if request.GET.get("version") == head.version:
        return _with_age(HttpResponse(status=204), head)
    page = Page(asked, _tab_report(asked))
    changed = page.changes(request.GET.getlist("shown"))
    if not changed:
        return _with_age(HttpResponse(status=204), page.head)
    response = render(request, "dashboards/_changes.html", {"page": page, "changes": changed})
    return _with_age(response, page.head)


def _tab_report(asked: Asked) -> TabReport:
    try:
        return tab_report(asked.campaign, asked.tab, asked.executions, asked.now)
    except UnknownTab as error:
        raise Http404 from error


def _with_age(response: HttpResponse, head: Head) -> HttpResponse:
    """Even an answer without content says how old the numbers are."""
    response["X-Report-Version"] = head.version
    response["X-Report-As-Of"] = head.as_of.isoformat()
    response["X-Report-Lag"] = f"{head.lag_seconds:.1f}"
    return response
