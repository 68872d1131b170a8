"""Plants the defect that the environment names, in every process of the site."""

import os

from django.apps import AppConfig


class MutantsConfig(AppConfig):
    name = "tests.chaos.mutants"
    label = "chaos_mutants"

    def ready(self) -> None:
        from . import defects

        getattr(defects, os.environ["CHAOS_MUTANT"])()
