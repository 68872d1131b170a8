"""What is checked before a commit is what `make lint` checks."""

import re
from pathlib import Path

import yaml

BASE = Path(__file__).parent.parent
PREFIXES = r"^(\$\(BIN\)/|\$\(NPM\)|bash -c 'PATH=\"\$PATH:\.venv/bin\" npm|\.venv/bin/)"


def gate(command: str) -> str:
    """A command without where its program is and which files it is given."""
    return re.sub(PREFIXES, "", command).removesuffix("'").removesuffix("$(TEMPLATES)").strip()


def test_the_hooks_are_the_gates() -> None:
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (BASE / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    gates = [gate(line.strip("\t@")) for line in recipe[1].splitlines()]
    (local,) = yaml.safe_load((BASE / ".pre-commit-config.yaml").read_text())["repos"]
    assert [gate(hook["entry"]) for hook in local["hooks"]] == gates
    assert {hook["language"] for hook in local["hooks"]} == {"system"}
