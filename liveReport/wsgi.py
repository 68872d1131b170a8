"""The WSGI entry point for granian, gunicorn or any other server."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveReport.settings")


class Request(WSGIRequest):
    """A request of which any Content-Type can be read, if only in part."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except ValueError:  # a parameter says that it is in an encoding that there is not
            plain = meta["CONTENT_TYPE"].partition(";")[0]
            super()._set_content_type_params({"CONTENT_TYPE": plain})  # type: ignore[misc]


class Handler(WSGIHandler):
    """Django's, for such requests."""

    request_class = Request


def _serving() -> WSGIHandler:
    django.setup(set_prefix=False)
    application = Handler()
    # Not before: what it imports wants the applications to be ready.
    from liveReport.ingest import begin_serving

    begin_serving()
    return application


application = _serving()
