"""The report's page, and the changes that keep it current."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from liveReport.channels import find_channel
from liveReport.report import FIRST_TAB, Head

from . import answers, zones
from .fragments import Page, pages_of, version_of
from .layouts import Layers
from .report_request import ReportRequest, TabGone, read_only


@read_only
def entrance(request: HttpRequest, campaign: str) -> HttpResponse:
    """The report opens on its first tab."""
    return redirect(ReportRequest.of(request, campaign, "").first_tab)


@read_only
def report(request: HttpRequest, campaign: str, tab: str) -> HttpResponse:
    """One tab of a campaign's report, complete without JavaScript."""
    asked = ReportRequest.of(request, campaign, tab)
    try:
        page = Page(asked, Layers.load(asked.user, tab))
    except TabGone as gone:
        return _first_tab(request, asked, gone.elsewhere)
    context = admin.site.each_context(request) | {
        "page": page,
        "assets": answers.assets(),
        "chosen_zone": zones.chosen(request),
        "is_nav_sidebar_enabled": False,
    }
    return render(request, "dashboards/report.html", context)


@read_only
def paper(request: HttpRequest, campaign: str) -> HttpResponse:
    """Every tab of a campaign's report, one below the other, to be printed."""
    pages = list(pages_of(ReportRequest.of(request, campaign, FIRST_TAB)))
    context = admin.site.each_context(request) | {
        "pages": pages,
        "page": pages[0],
        "is_nav_sidebar_enabled": False,
    }
    return render(request, "dashboards/paper.html", context)


@read_only
def changes(request: HttpRequest, campaign: str, tab: str) -> HttpResponse:
    """What is new since the version shown: nothing (204), or the parts that differ.

    ``shown`` repeats what the page has as ``id:digest``.
    """
    asked = ReportRequest.of(request, campaign, tab)
    layers = Layers.load(asked.user, tab)
    head = asked.dividing(layers.basis).head()
    if request.GET.get("version") == version_of(head, layers):
        return _with_age(HttpResponse(status=204), head, layers)
    page = Page(asked, layers)
    changed = page.changes(request.GET.getlist("shown"))
    if not changed:
        return _with_age(HttpResponse(status=204), page.head, layers)
    response = answers.piece(
        request, "dashboards/_changes.html", {"page": page, "changes": changed}
    )
    return _with_age(response, page.head, layers)


def _first_tab(request: HttpRequest, asked: ReportRequest, address: str) -> HttpResponse:
    """A saved link to a tab that is not there (now) still leads into the report."""
    if not asked.kiosk:  # nobody is there to read it
        channel = find_channel(asked.tab)
        name = channel.label if channel else asked.tab
        messages.warning(
            request,
            _("The tab “%(tab)s” is not available now. This is the report’s first tab.")
            % {"tab": name},
        )
    return redirect(address)


def _with_age(response: HttpResponse, head: Head, layers: Layers) -> HttpResponse:
    """Even an answer without content says how old the numbers are, and whose layout it is."""
    response["X-Report-Version"] = version_of(head, layers)
    response["X-Report-Layout"] = layers.version
    response["X-Report-As-Of"] = timezone.localtime(head.as_of).isoformat()
    response["X-Report-Zone"] = timezone.get_current_timezone_name()
    response["X-Report-Lag"] = f"{head.lag_seconds:.1f}"
    return response
