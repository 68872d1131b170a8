"""System checks of a deployment: ``manage.py check --deploy`` runs them."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError


@checks.register(checks.Tags.security, deploy=True)
def check_hosts(app_configs: object = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Whether the site answers by whatever name a client makes up, and links to it."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        checks.Warning(
            "ALLOWED_HOSTS has *: links in answers lead wherever a request says it came to.",
            hint="Name the hosts by which the site is reached.",
            id="livereport.W011",
        )
    ]


@checks.register(checks.Tags.database)
def check_secrets(app_configs: object = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Sources that nobody can send to, as they have no secret: with ``--database`` only."""
    if not kwargs.get("databases"):
        return []
    from liveReport.models import Source
    from liveReport.site.sources import is_ready

    try:
        sources = list(Source.objects.exclude(provider=""))
    except DatabaseError:  # not migrated yet
        return []
    return [
        checks.Warning(
            f"The source {source.name} has no secret: requests of its provider are refused.",
            hint=f"manage.py rotate_source {source.name} --secret -",
            id="livereport.W012",
        )
        for source in sources
        if not is_ready(source) and source.public_key is None
    ]
