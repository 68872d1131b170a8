"""What the tasks do beside counting."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from liveReport import tasks


@pytest.mark.django_db
def test_sessions_that_have_ended_are_deleted() -> None:
    now = timezone.now()
    for key, left in {"gone": -1, "here": 60}.items():
        expires = now + timedelta(seconds=left)
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
    tasks.prune()
    assert list(Session.objects.values_list("pk", flat=True)) == ["here"]
