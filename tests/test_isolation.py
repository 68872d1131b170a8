"""No test leaves anything behind for another, nor takes away what it needs."""

import pytest
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask


@pytest.mark.django_db(transaction=True)
def test_what_is_seeded_is_there_after_tables_were_emptied() -> None:
    call_command("flush", interactive=False, verbosity=0)
    shown = PeriodicTask.objects.order_by("name").values_list("name", "expire_seconds")
    tasks = ("livereport.files", "livereport.prune", "livereport.tick", "livereport.verdicts")
    assert list(shown) == [(task, None) for task in tasks]
