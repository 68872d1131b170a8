"""The process that libFuzzer drives. Its arguments are libFuzzer's own."""

import os
import sys

import atheris

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

with atheris.instrument_imports(include=["channels_plugins", "liveReport"]):
    import django

    django.setup()
    from tests.fuzz.attack import attack
    from tests.fuzz.mutator import mutated

atheris.Setup(sys.argv, attack, custom_mutator=mutated)
atheris.Fuzz()
