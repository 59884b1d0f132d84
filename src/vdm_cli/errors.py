"""Every failure a user can cause, and the exit code that the command line gives it."""

from __future__ import annotations

from collections.abc import Sequence


class VdmError(Exception):
    """An expected failure: its text says what, where and how to mend it; it is shown without a traceback."""

    exit_code = 1
    title = "Error"


class UsageError(VdmError):
    """A command line that cannot be carried out as given."""

    exit_code = 2
    title = "Usage error"


class ConfigError(VdmError):
    """A configuration with one or more problems, all of them reported at once.

    Args:
        problems: One line each: ``place: path: reason``.
    """

    exit_code = 2
    title = "Configuration error"

    def __init__(self, problems: Sequence[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class DataError(VdmError):
    """A data file that cannot be read as rows of finite numbers, or cannot be written."""

    title = "Data error"


class CheckpointError(VdmError):
    """A run directory or checkpoint that is missing, damaged or of another kind."""

    title = "Checkpoint error"


class DamagedCheckpointError(CheckpointError):
    """One step of a run that cannot be read as it was written; an earlier one may be intact."""


class NonFiniteError(VdmError):
    """Training met a value that is not finite."""

    title = "Training stopped"


class Interrupted(VdmError):
    """Training was asked to stop, and its state was saved."""

    exit_code = 130
    title = "Interrupted"
