"""What every response and every log-in share."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def not_stored(get_response: GetResponse) -> GetResponse:
    """Middleware: no cache keeps a response, unless the view says something else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope"),
            *("magnetometer", "microphone", "midi", "payment", "usb"),
        )
    ),
}
"""What no page of ours needs, and no page of others may have from us."""


def isolated(get_response: GetResponse) -> GetResponse:
    """Middleware: other sites neither embed nor open what is ours, and we use no device."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in ISOLATION.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


def client_ip(request: HttpRequest) -> str:
    """The address of whoever talks to us, or to the one proxy in front of us.

    The proxy appends the address it saw: what stands left of it may be forged.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if settings.BEHIND_PROXY and forwarded:
        return str(forwarded).rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))
