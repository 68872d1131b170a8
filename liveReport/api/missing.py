"""Whatever is asked for below ``/api/`` that is not there: told as a problem, whoever asks how.

It comes last among the URLs. So no request is redirected to an address with a slash that
would lose its body on the way.
"""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from liveReport.site.errors import PROBLEM_JSON, problem

READING = ("GET", "HEAD")
_SAID = 100
"""Characters of an address that is not there."""


@csrf_exempt
@login_not_required
def missing(request: HttpRequest, rest: str = "") -> HttpResponse:
    """404, which says if it is only for want of a slash; who reads is sent there."""
    with_slash = f"{request.path_info}/"
    if rest.endswith("/") or resolve(with_slash).func is missing:
        detail = _("There is nothing at %(address)s. See %(index)s for what there is.")
        places = {"address": request.path[:_SAID], "index": reverse("v1:index")}
        return _not_found("not_found", detail % places)
    if request.method in READING:
        return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
    detail = _("The address ends in a slash: %(address)s. Nothing was done.")
    return _not_found("missing_slash", detail % {"address": f"{request.path}/"})


def _not_found(code: str, detail: str) -> HttpResponse:
    return JsonResponse(problem(404, code, detail), status=404, content_type=PROBLEM_JSON)
