"""Templates and modules of pages: short, trusting no value, translated."""

import ast
import re
from pathlib import Path

import polib
import pytest

import dashboards

SOURCES = Path(dashboards.__file__).parent


def test_templates_stay_short() -> None:
    long = [p.name for p in SOURCES.rglob("*.html") if len(p.read_text().splitlines()) > 60]
    assert long == []


def test_templates_trust_no_value() -> None:
    for path in SOURCES.rglob("*.html"):
        assert not re.findall(r"\|\s*safe\b|={{|hx-on|js:|autoescape", path.read_text()), path


def texts_of(path: Path) -> set[str]:
    """The texts that a module or a template marks for translation."""
    source = path.read_text()
    if path.suffix == ".html":
        return set(re.findall(r'\btranslate "([^"]+)"', source))
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {
        text.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in ("_", "gettext", "gettext_lazy")
        for text in call.args
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }


@pytest.mark.parametrize("app", ["dashboards", "liveReport"])
def test_every_text_is_translated(app: str) -> None:
    folder = SOURCES.parent / app
    catalogue = polib.pofile(str(folder / "locale/fr/LC_MESSAGES/django.po"))
    assert catalogue.percent_translated() == 100
    known = {entry.msgid for entry in catalogue}
    sources = [*folder.rglob("*.py"), *folder.rglob("*.html")]
    assert set().union(*map(texts_of, sources)) - known == set()
