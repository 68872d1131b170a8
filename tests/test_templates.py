"""Templates of pages: short, trusting no value."""

import re
from pathlib import Path

import dashboards

SOURCES = Path(dashboards.__file__).parent


def test_templates_stay_short() -> None:
    long = [p.name for p in SOURCES.rglob("*.html") if len(p.read_text().splitlines()) > 60]
    assert long == []


def test_templates_trust_no_value() -> None:
    for path in SOURCES.rglob("*.html"):
        assert not re.findall(r"\|\s*safe\b|={{|hx-on|js:|autoescape", path.read_text()), path
