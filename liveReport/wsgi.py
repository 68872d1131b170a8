"""The WSGI entry point for granian, gunicorn or any other server."""

import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveReport.settings")


def _serving() -> WSGIHandler:
    application = get_wsgi_application()
    # Not before: what it imports wants the applications to be ready.
    from liveReport.ingest import begin_serving

    begin_serving()
    return application


application = _serving()
