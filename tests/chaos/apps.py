"""Looks into every process of the site, and plants the defect that ``CHAOS_MUTANT`` names."""

import os

from django.apps import AppConfig


class ChaosConfig(AppConfig):
    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from . import poison, witness
        from .mutants import defects

        witness.plant()
        poison.plant()
        if mutant := os.environ.get("CHAOS_MUTANT"):
            getattr(defects, mutant)()
