"""The French of every catalogue: complete, set as French is, one text for one thing."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils.translation.template import templatize

BASE = Path(settings.BASE_DIR)
CATALOGUES = sorted(
    path
    for folder in ("liveReport", "dashboards", "channels_plugins")
    for path in (BASE / folder).rglob("locale/fr/LC_MESSAGES/django.po")
)
MARKS = ("_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy")
LITERAL = re.compile(r"""u('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")""")
NARROW = "\u202f"

WRONG = {
    "a straight quote or apostrophe": re.compile("['\"]"),
    "no narrow no-break space before a mark": re.compile(
        rf"(?<!^)(?<!{NARROW})(?:[;?!»]|:(?![/\d]))|(?<![%{NARROW}])%%?(?=[\s.,)]|$)"
    ),
    "no narrow no-break space after «": re.compile(f"«(?!{NARROW})"),
    "a space that may break, or two": re.compile(r"\d \d|\d (?:heures|minutes|secondes)\b|\s\s"),
    "three dots for an ellipsis": re.compile(r"\.\.\."),
}

apps = pytest.mark.parametrize(
    "path", CATALOGUES, ids=lambda path: path.relative_to(BASE).parts[-5]
)


def french_of(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) or [entry.msgstr]


def texts_of(path: Path) -> set[str]:
    """The texts that a module or a template marks for translation."""
    source = path.read_text()
    if path.suffix == ".html":
        return set(map(ast.literal_eval, LITERAL.findall(templatize(source))))
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {
        text.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in MARKS
        for text in call.args
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }


@apps
def test_every_text_is_there(path: Path) -> None:
    catalogue = polib.pofile(str(path))
    assert [entry.msgid for entry in catalogue if entry.fuzzy or not all(french_of(entry))] == []
    assert catalogue.obsolete_entries() == []
    known = {text for entry in catalogue for text in (entry.msgid, entry.msgid_plural)}
    folder = path.parents[3]
    sources = [*folder.rglob("*.py"), *folder.rglob("*.html")]
    assert set().union(*map(texts_of, sources)) - known == set()


@apps
def test_it_is_set_as_french_is(path: Path) -> None:
    found = [
        f"{french}: {name}"
        for entry in polib.pofile(str(path))
        for french in french_of(entry)
        for name, wrong in WRONG.items()
        if wrong.search(french)
    ]
    assert found == []


def test_one_text_is_one_text_in_every_catalogue() -> None:
    """All catalogues are read into one: of two texts for the same words only one would be seen."""
    told = defaultdict(set)
    for path in CATALOGUES:
        for entry in polib.pofile(str(path)):
            told[entry.msgid].add(tuple(french_of(entry)))
    assert {words: texts for words, texts in told.items() if len(texts) > 1} == {}


@pytest.mark.parametrize(
    ("french", "is_wrong"),
    [
        ("« Autres » :", True),
        ("«\u202fAutres\u202f»\u202f: 3\u202f%", False),
        ("l'adresse", True),
        ("l’adresse, à 10:30", False),
        ("au moins 24 heures", True),
        ("%(number)s %%", True),
        ("%(number)s\u202f%%", False),
        ("Prêt ?", True),
    ],
)
def test_what_is_wrong_is_found(french: str, is_wrong: bool) -> None:
    assert any(wrong.search(french) for wrong in WRONG.values()) == is_wrong
