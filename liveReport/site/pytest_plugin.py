"""For tests of packages that add a provider.

With ``pytest_plugins = ["liveReport.site.pytest_plugin"]``, a test that takes ``rehearsed`` and calls it with the provider's name has the sheet that
``manage.py rehearse`` prints, and fails with the lines that do.
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
