"""``manage.py compile_translations``: .po to .mo without GNU gettext installed."""

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Compile every translation of the project, in Python alone."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for path in _sources(Path(settings.BASE_DIR)):
            polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))


def _sources(base: Path) -> list[Path]:
    folders = ("liveReport", "dashboards", "channels_plugins")
    return sorted(path for folder in folders for path in (base / folder).rglob("*.po"))
