"""The live report's pages."""
from django.http import HttpRequest, HttpResponse


def report(request: HttpRequest, campaign: str, tab: str) -> HttpResponse:
    return HttpResponse()
