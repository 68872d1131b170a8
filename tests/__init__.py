"""The tests. What they share says as much when it fails as they do."""

import pytest

pytest.register_assert_rewrite("tests.support")
