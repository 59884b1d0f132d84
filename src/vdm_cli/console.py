"""What the user sees: the only module that uses Rich."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

BAR_WIDTH = 5  # leaves room at 80 columns for everything that a step tells
QUIET_SECONDS = 10.0  # off a terminal, at most one line of progress in this time
FITTING = "fitting critics"


class Report(Protocol):
    """Where a command tells what it is doing."""

    def note(self, text: str) -> None:
        """Say one thing."""

    def step(self, step: int, values: dict[str, float], *, important: bool) -> None:
        """Show where a run stands; an important step is shown even off a terminal.

        Values come in the order of their importance: the last ones go where the line is too short.
        """


class SilentReport:
    """Says nothing: for the Python API."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def step(self, step: int, values: dict[str, float], *, important: bool) -> None:
        """Show nothing."""


def error_console() -> Console:
    """The console of everything that is not a result."""
    return Console(stderr=True, highlight=False)


def show_error(title: str, text: str) -> None:
    """One message on standard error, under a rule where that is a terminal.

    Lines are never broken here, so that a path or a command in them can be copied.
    """
    console = error_console()
    if console.is_terminal:
        console.print(Rule(Text(title, style="bold red"), align="left", style="red"))
        console.print(Text(text), soft_wrap=True)
    else:
        console.print(Text(f"{title}: {text}"), soft_wrap=True)


def show_note(text: str) -> None:
    """One line on standard error."""
    error_console().print(Text(text), soft_wrap=True)


def show_result(text: str) -> None:
    """Text on standard output, as it is."""
    Console(highlight=False).print(Text(text), soft_wrap=True)


def table_text(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as plain text: the first column is text, the others are numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for index, header in enumerate(headers):
        table.add_column(Text(header), justify="left" if index == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))  # as it is: a name may look like markup
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def number_text(value: float | None) -> str:
    """Four digits of a number; nothing for None."""
    return "" if value is None else f"{value:.4g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.1e}"


class EstimationReport:
    """How far an evaluation is: a bar on a terminal, plain lines elsewhere; always on standard error."""

    def __init__(self, console: Console, progress: Progress | None):
        self._console = console
        self._progress = progress
        self._task = None if progress is None else progress.add_task(FITTING, total=1.0)
        self._started: tuple[float, float] | None = None
        self._last_line = time.monotonic()

    def __call__(self, share: float, text: str = FITTING) -> None:
        """Show the share of the work that is done, in [0, 1], and what is being done."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=share, description=text)
            return
        now = time.monotonic()
        if self._started is None:  # compiled by now: what comes is steadier than what was
            self._started = (now, share)
        if now - self._last_line < QUIET_SECONDS or share >= 1.0:
            return
        self._last_line = now
        seconds, done = now - self._started[0], share - self._started[1]
        eta = f"  ETA {seconds / done * (1.0 - share):.0f} s" if done > 0.0 else ""
        self._console.print(Text(f"{text}: {100 * share:.0f} %{eta}"), soft_wrap=True)


@contextmanager
def estimation_report() -> Iterator[EstimationReport]:
    """Report one evaluation or several; what takes less than `QUIET_SECONDS` off a terminal says nothing."""
    console = error_console()
    if not console.is_terminal:
        yield EstimationReport(console, None)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("ETA"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield EstimationReport(console, progress)


class TrainingReport:
    """Live progress on a terminal, plain lines elsewhere; always on standard error."""

    def __init__(self, console: Console, progress: Progress | None, total: int):
        self._console = console
        self._progress = progress
        self._task: TaskID | None = None
        if progress is not None:
            self._task = progress.add_task("training", total=total, shown="compiling")
        self._total = total
        self._started: tuple[float, int] | None = None
        self._last_line = 0.0

    def note(self, text: str) -> None:
        """Say one thing, above the live display where there is one."""
        self._console.print(Text(text), soft_wrap=True)

    def step(self, step: int, values: dict[str, float], *, important: bool) -> None:
        """Show where the run stands."""
        now = time.monotonic()
        told = [f"{name} {_short(value)}" for name, value in values.items()]
        if self._progress is not None and self._task is not None:
            room = self._console.width - 2 * len(str(self._total)) - BAR_WIDTH - len("/    ETA 0:00:00")
            while len("  ".join(told)) > room and len(told) > 1:
                told.pop()
            self._progress.update(self._task, completed=step, shown="  ".join(told))
            return
        if self._started is None:
            self._started = (now, step)
        if not important and now - self._last_line < QUIET_SECONDS:
            return
        self._last_line = now
        seconds, done = now - self._started[0], step - self._started[1]
        eta = f"  ETA {seconds / done * (self._total - step):.0f} s" if done else ""
        self._console.print(Text(f"step {step}/{self._total}  {'  '.join(told)}{eta}"), soft_wrap=True)


def _short(value: float) -> str:
    return f"{value:.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.3g}"


@contextmanager
def training_report(total: int) -> Iterator[TrainingReport]:
    """Report a run of ``total`` steps."""
    console = error_console()
    if not console.is_terminal:
        yield TrainingReport(console, None, total)
        return
    columns = (
        MofNCompleteColumn(),
        BarColumn(bar_width=BAR_WIDTH),
        TextColumn("{task.fields[shown]}", markup=False),
        TextColumn("ETA"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, refresh_per_second=4, transient=True) as progress:
        yield TrainingReport(console, progress, total)
