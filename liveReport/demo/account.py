"""The log-in of the demo: made up once, kept where only its owner can read it."""

import os
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.db.models import Q

NAME = "demo"
APPS = ("livereport", "dashboards", "django_celery_beat")
"""What the demo user may see and change. Users and their rights are not among it."""


def greeting(data_dir: Path = settings.DATA_DIR) -> list[str]:
    """Make the log-in work, and say how to use it."""
    path = data_dir / "demo-password"
    user = User.objects.filter(username=NAME).first()
    if user and not path.exists():
        return [f"log in as    {NAME} (the password was set elsewhere)"]
    password = _kept(path)
    if not (user and user.check_password(password)):
        _save(user or User(username=NAME), password)
    return [f"log in as    {NAME}", f"password     {password}"]


def _kept(path: Path) -> str:
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(9))
    return path.read_text().strip()


def _save(user: User, password: str) -> None:
    rights = Q(content_type__app_label__in=APPS)
    user.is_staff = True
    user.set_password(password)
    with transaction.atomic():
        user.save()
        user.user_permissions.set(Permission.objects.filter(rights))
