"""What a benchmark says: a figure, its floor beside it, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit`; `floor` is what the same machine does at best for the same work, in the same run, in
    the same unit, and `goal` what the project is held to. None where there is no such thing."""

    work: str
    value: float
    unit: str
    goal: float | None = None
    floor: float | None = None
    floor_name: str = ""
    less_is_better: bool = False

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return ""
        met = self.value <= self.goal if self.less_is_better else self.value >= self.goal
        return "met" if met else "missed"


@dataclass(frozen=True, slots=True)
class Section:
    """The figures of one benchmark, and in `method` how they came about."""

    title: str
    method: str
    figures: tuple[Figure, ...]


COLUMNS = ("work", "measured", "goal", "", "floor in this run", "ratio")


def rows(figures: Sequence[Figure]) -> list[tuple[str, ...]]:
    """The figures as text, one row each, in the order of `COLUMNS`."""
    return [
        (
            figure.work,
            f"{_number(figure.value)} {figure.unit}",
            "" if figure.goal is None else f"{'≤' if figure.less_is_better else '≥'} {_number(figure.goal)}",
            figure.verdict,
            "" if figure.floor is None else f"{_number(figure.floor)} ({figure.floor_name})",
            "" if not figure.floor else f"{figure.value / figure.floor:.2f}",
        )
        for figure in figures
    ]


def show(section: Section, console: Console) -> None:
    """The figures as a table in a terminal of 80 to 120 columns."""
    table = Table(title=section.title, title_justify="left", width=min(120, max(80, console.width)))
    for column in COLUMNS:
        table.add_column(column, justify="right" if column in ("measured", "goal", "ratio") else "left")
    colors = {"met": "green", "missed": "red", "": ""}
    for row, figure in zip(rows(section.figures), section.figures, strict=True):
        color = colors[figure.verdict]
        table.add_row(*row[:3], f"[{color}]{row[3]}[/]" if color else "", *row[4:])
    console.print(table)


def markdown(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows(figures)]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
