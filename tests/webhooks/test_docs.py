"""What docs/webhooks.md says."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings

from liveReport.channels import Event, Ignored, providers, registry
from tests.webhooks.cases import posted, said_by

DOC = (Path(settings.BASE_DIR) / "docs" / "webhooks.md").read_text()


def test_every_provider_is_named() -> None:
    named = set(re.findall(r"`([a-z_]+)`", DOC[DOC.index("| email |") : DOC.index("## Secrets")]))
    assert named == set(providers())


def test_its_example_is_a_provider_of_about_forty_lines() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
    assert len(code.splitlines()) <= 45
    names: dict[str, Any] = {}
    try:
        exec(code, names)
        webhook = providers()["pigeon"].webhook
        body = b"""[{"kind": "ping"}, {"kind": "sings"}, {"kind": "returned", "code": "5.1.1",
            "at": "2026-03-04T12:00:00Z", "to": "Ada@example.com", "id": "7"}]"""
        ping, unknown, event = said_by(webhook, posted(body))
    finally:
        registry._added.pop("pigeon", None)
    assert (ping, unknown) == (Ignored("ping"), "unknown_type")
    assert isinstance(event, Event)
    assert (event.type, event.recipient) == ("bounced", "ada@example.com")
    assert event.dimensions == {"reason": "5.1.1"}
