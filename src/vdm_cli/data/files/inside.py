"""The choice of one array or tree inside a file that holds several."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from vdm_cli.errors import DataError

_LISTED = 20  # names in a message


def choose_inside(held: Sequence[str], name: str | None, path: Path, what: str) -> str:
    """Return the name of what is meant: `name`, or the only one there is.

    Args:
        held: Names of all that the file holds.
        name: What was asked for, with or without a leading slash.
        path: The file.
        what: What to call one of them in messages.

    Raises:
        DataError: If it cannot be told; the message lists what there is.
    """
    listed = ", ".join(held[:_LISTED]) + (f" and {len(held) - _LISTED} more" if len(held) > _LISTED else "")
    if not held:
        raise DataError(f"{path}: holds no {what}")
    if name is None:
        if len(held) > 1:
            raise DataError(
                f"{path}: holds {len(held)} {what}s ({listed}); choose one as {path.name}:{held[0]}"
            )
        return held[0]
    wanted = name.strip("/")
    if wanted not in held:
        near = difflib.get_close_matches(wanted, held, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise DataError(f"{path}: has no {what} '{name}'; it holds {listed}.{hint}")
    return wanted
