"""For tests of packages that add a provider.

``pytest_plugins = ["liveReport.site.pytest_plugin"]`` brings the fixture ``rehearsed``: called with
the provider's name, it plays the sheet that ``manage.py rehearse`` prints, and fails with the lines
that do.
"""

from collections.abc import Callable

import pytest

from liveReport.channels import providers

from .rehearsal import rehearse


@pytest.fixture
def rehearsed() -> Callable[[str], None]:
    """Fails unless a provider passes its rehearsal."""

    def check(provider: str) -> None:
        failed = [
            check.name
            for check in rehearse(providers()[provider].webhook, provider)
            if not check.passed
        ]
        if failed:
            pytest.fail(f"{provider}: {'; '.join(failed)}", pytrace=False)

    return check
