"""System checks of a deployment: ``manage.py check --deploy`` runs them."""

from typing import Any

from django.conf import settings
from django.core import checks


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
