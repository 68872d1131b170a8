"""What a part finds: figures, goals that are met or not, and tables of its own."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A figure that ought to be at least, or at most, its target."""

    name: str
    value: float
    target: float
    at_least: bool = False
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def wanted(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {_with_unit(self.target, self.unit)}"

    @property
    def reached(self) -> str:
        return _with_unit(self.value, self.unit)


@dataclass
class Found:
    """Figures by their name, which ends in the unit; Markdown tables by their title."""

    figures: dict[str, float] = field(default_factory=dict)
    goals: list[Goal] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    failed: bool = False

    def at_least(self, name: str, value: float, target: float, unit: str = "") -> None:
        self.goals.append(Goal(name, value, target, at_least=True, unit=unit))

    def at_most(self, name: str, value: float, target: float, unit: str = "") -> None:
        self.goals.append(Goal(name, value, target, unit=unit))

    def add(self, other: "Found") -> None:
        self.figures |= other.figures
        self.goals += other.goals
        self.tables |= other.tables
        self.remarks += other.remarks
        self.failed = self.failed or other.failed

    def plain(self) -> dict[str, Any]:
        """What JSON can carry."""
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> "Found":
        goals = [Goal(**goal) for goal in plain["goals"]]
        return cls(**(plain | {"goals": goals}))


def markdown(results: dict[str, Found]) -> str:
    """Goals, figures and tables of every engine, as Markdown."""
    parts = [_goals(results), _figures(results)]
    for engine, found in results.items():
        parts += [f"{title}, {engine}:\n\n{table}" for title, table in found.tables.items()]
        parts += [f"{engine}: {remark}" for remark in found.remarks]
    return "\n\n".join(parts)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def number(value: float) -> str:
    """As many digits as mean anything."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _with_unit(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".strip()


def _goals(results: dict[str, Found]) -> str:
    goals = {goal.name: goal for found in results.values() for goal in found.goals}
    reached = [{goal.name: goal for goal in found.goals} for found in results.values()]
    rows = [
        [name, goal.wanted, *(_met(of_engine.get(name)) for of_engine in reached)]
        for name, goal in goals.items()
    ]
    return table(["goal", "", *results], rows)


def _met(goal: Goal | None) -> str:
    if goal is None:
        return "–"
    return goal.reached if goal.met else f"**{goal.reached}** missed"


def _figures(results: dict[str, Found]) -> str:
    names = dict.fromkeys(name for found in results.values() for name in found.figures)
    rows = [
        [name, *(_cell(found.figures.get(name)) for found in results.values())] for name in names
    ]
    return table(["", *results], rows)


def _cell(value: float | None) -> str:
    return "–" if value is None else number(value)
