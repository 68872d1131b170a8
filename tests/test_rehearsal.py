"""A rehearsal: the sheet of every provider passes, and that of a bad one does not."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from liveReport.channels import HookRequest, Webhook, providers, webhook_added
from liveReport.models import EventBatch, Source
from liveReport.site.rehearsal import rehearse
from liveReport.site.sources import Wanted, set_up
from tests.support.hooking import Pigeon

pytest_plugins = ["liveReport.site.pytest_plugin"]

PROVIDERS = sorted(name for name, found in providers().items() if found.webhook.rehearsal)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_passes(provider: str, rehearsed: Callable[[str], None]) -> None:
    rehearsed(provider)


def test_who_verifies_nothing_fails() -> None:
    plain = providers()["fcm"].webhook

    class Trusting(type(plain)):  # type: ignore[misc]
        def verify(self, request: HookRequest, credentials: Any) -> None: ...

    failed = [check.name for check in rehearse(Trusting(), "ours") if not check.passed]
    assert failed == [
        "signed by somebody else: refused",
        "unsigned: refused",
        "malformed: refused, and raises nothing",
    ]


def test_what_raises_has_failed() -> None:
    class Broken(type(providers()["fcm"].webhook)):  # type: ignore[misc]
        def events(self, item: Any) -> Any:
            raise LookupError

    failed = [check for check in rehearse(Broken(), "ours") if not check.passed]
    assert len(failed) >= 4


@pytest.mark.django_db
def test_the_command_prints_the_sheet_and_stores_nothing() -> None:
    set_up("our-twilio", "twilio", Wanted(), "key")
    out = StringIO()
    call_command("rehearse", "our-twilio", stdout=out)
    assert {line.split()[0] for line in out.getvalue().splitlines()} == {"pass"}
    assert not EventBatch.objects.exists()


@pytest.mark.django_db
def test_the_command_says_what_it_cannot_rehearse() -> None:
    Source.objects.ensure("api-only")
    for name in ("nobody", "api-only"):
        with pytest.raises(CommandError, match="No source"):
            call_command("rehearse", name)
    pigeon: type[Webhook] = Pigeon
    with webhook_added("email", pigeon):
        set_up("loft", "pigeon", Wanted())
        with pytest.raises(CommandError, match="no rehearsal"):
            call_command("rehearse", "loft")
