"""Results on disk: a CSV that grows by a run at a time and is continued, and the tables made of it."""

import csv
import io
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

TABLES = Path(__file__).parent / "tables"
ROOT = Path(__file__).parents[1]


class Ledger:
    """Lines of a CSV, appended as soon as they are measured: what is there is not measured again.

    Two processes may add to one file: a line is written at once.
    """

    def __init__(self, name: str, columns: Sequence[str], fresh: bool = False) -> None:
        TABLES.mkdir(exist_ok=True)
        self.path, self.columns = TABLES / f"{name}.csv", list(columns)
        if fresh or not self.path.exists():
            self.path.write_text(",".join(self.columns) + "\n")
        if (found := self.path.read_text().split("\n", 1)[0]) != ",".join(self.columns):
            raise SystemExit(f"{self.path} has the columns {found}: run with --fresh")

    def rows(self) -> list[dict[str, str]]:
        with self.path.open(newline="") as lines:
            return list(csv.DictReader(lines))

    def done(self, *columns: str) -> set[tuple[str, ...]]:
        """What these columns hold: which runs are there."""
        return {tuple(row[column] for column in columns) for row in self.rows()}

    def add(self, rows: Iterable[dict[str, object]]) -> None:
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerows([_cell(row[column]) for column in self.columns] for row in rows)
        with self.path.open("a") as file:
            file.write(lines.getvalue())


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def number(text: str) -> float:
    """A cell; an empty one is nan."""
    return float(text) if text else float("nan")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown; numbers to four digits."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(_short(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _short(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.4g}"
    return str(value)


def publish(name: str, command: str, *parts: str) -> None:
    """Write the tables of one benchmark, with what made them, and print them."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    made = (
        f"`{command}`, {date.today()}, commit {commit or 'unknown'}, {len(os.sched_getaffinity(0))} cores "
        f"({platform.machine()}), Python {platform.python_version()}, JAX {version('jax')}, "
        f"scikit-learn {version('scikit-learn')}."
    )
    TABLES.mkdir(exist_ok=True)
    text = "\n\n".join([made, *parts]) + "\n"
    (TABLES / f"{name}.md").write_text(text)
    print(text)
