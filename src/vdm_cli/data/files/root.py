"""ROOT, the format of particle physics: the flat branches of a tree are columns (extra ``root``)."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vdm_cli.data.files.compressed import check_expansion
from vdm_cli.data.files.inside import choose_inside
from vdm_cli.data.files.parquet import as_table
from vdm_cli.data.files.table import Table, choose_columns
from vdm_cli.errors import DataError

if TYPE_CHECKING:
    import uproot

_LISTED = 8  # branches named in a message
_TREES = ("TTree", "TNtuple*", "ROOT::RNTuple")
_WIDTHS = {
    "bool": 1,
    **{f"{sign}int{8 * width}_t": width for sign in ("", "u") for width in (1, 2, 4, 8)},
    "float": 4,
    "double": 8,
    "Float16_t": 4,
    "Double32_t": 8,
}


def read_root(
    path: Path,
    source: str,
    name: str | None = None,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
) -> Table:
    """Read the branches of a tree that hold one number an entry; NaN is blank, truth values are categories.

    Args:
        path: The file.
        source: What to call it in messages.
        name: Path of the tree inside the file; may be left out where there is only one.
        columns: Names of the branches to keep, in this order; None keeps all.
        drop: Names of the branches to leave out.

    Raises:
        DataError: If uproot is not installed, the tree cannot be told, or a branch that is wanted does not
            hold one number an entry.
    """
    with _open_tree(path, source, name) as (tree, place, branches):
        names = [branch.name for branch in branches]
        chosen = [branches[index] for index in choose_columns(names, place, columns, drop)]
        _check(chosen, tree.num_entries, path, place)
        arrays = [branch.array(library="np") for branch in chosen]
    if any(array.shape != (tree.num_entries,) for array in arrays):
        raise DataError(f"{place}: is damaged: a branch has not the {tree.num_entries} entries of its tree")
    return _table(arrays, [branch.name for branch in chosen], place)


def read_root_names(path: Path, source: str, name: str | None = None) -> tuple[str, ...]:
    """The names of a tree's branches.

    Raises:
        DataError: If uproot is not installed, or the tree cannot be told.
    """
    with _open_tree(path, source, name) as (_, _, branches):
        return tuple(branch.name for branch in branches)


@contextlib.contextmanager
def _open_tree(path: Path, source: str, name: str | None) -> Iterator[tuple[Any, str, Sequence[Any]]]:
    """Open the tree that is meant; yield it, what to call it, and its branches."""
    try:
        import cramjam
        import uproot
    except ImportError as error:
        raise DataError(
            f"{source}: reading ROOT files needs the package uproot; "
            "install it with: pip install 'vdm-cli[root]'"
        ) from error
    damage = (  # what uproot raises at damaged files, found by damaging some
        OSError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        AssertionError,
        RuntimeError,
        StopIteration,
        struct.error,
        zlib.error,
        cramjam.DecompressionError,
        uproot.deserialization.DeserializationError,
    )
    try:
        with uproot.open(path) as file:
            tree = _find(file, path, name)
            place = f"{path}:{tree.object_path.strip('/').partition(';')[0]}"
            yield tree, place, tree.branches if isinstance(tree, uproot.TTree) else tree.fields
    except damage as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise DataError(f"{source}: is not a ROOT file, or is damaged: {reason[:120]}") from error


def _find(file: uproot.ReadOnlyDirectory, path: Path, name: str | None) -> Any:
    """The tree, or RNTuple, that is meant."""
    # a tree saved several times has one name, which means the last of them
    held = dict.fromkeys(file.keys(filter_classname=_TREES, cycle=False))
    return file[choose_inside(list(held), name, path, "tree")]


def _check(branches: Sequence[Any], count: int, path: Path, place: str) -> None:
    """Refuse branches that are no columns of numbers, and more of them than the file can hold."""
    widths = {branch.name: _WIDTHS.get(branch.typename.removeprefix("std::")) for branch in branches}
    bad = [name for name, width in widths.items() if width is None]
    good = [name for name, width in widths.items() if width is not None]
    if bad:
        remedy = f"choose others with data.columns: [{_listed(good)}]" if good else "it has no other branches"
        raise DataError(
            f"{place}: {_listed(bad)} {'hold' if len(bad) > 1 else 'holds'} no single number an entry (list, "
            f"text or object); {remedy}"
        )
    if count < 1:
        raise DataError(f"{place}: has no entries")
    size = count * sum(width or 0 for width in widths.values())
    check_expansion(size, path.stat().st_size, place)


def _table(arrays: Sequence[np.ndarray], names: Sequence[str], place: str) -> Table:
    """The columns as those of a parquet file with the same types are read."""
    import pyarrow

    from vdm_cli.data.files.arrow_columns import ArrowColumn, encode

    values = np.empty((len(arrays[0]), len(arrays)))
    forms = []
    for index, (array, name) in enumerate(zip(arrays, names, strict=True)):
        piece = pyarrow.array(array)
        column = ArrowColumn(pyarrow.field(name, piece.type), "", place)
        column.add(piece)
        forms.append(column.form())
        values[:, index] = encode(piece, forms[-1], f"{place}: column '{name}'")
    return as_table(values, names, forms)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
