"""One column of a typed file: what it holds, its values as float64, and float64 as its values."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute as pc

from vdm_cli.data.dates import coarsest_unit, finer_unit, from_microseconds, to_microseconds
from vdm_cli.data.files.arrow_types import FLOATS, INTEGERS, TEXTS, arrow_type, decimal_places
from vdm_cli.data.files.table import MOST_COUNTED, drop_hint, too_many_texts
from vdm_cli.data.form import MAX_CATEGORIES, Form
from vdm_cli.errors import DataError

_NANOSECOND_LIMIT = (1 << 63) // 1_000 - 1  # microseconds around 1970 that 64 bits of nanoseconds hold
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_DAY = 86_400 * _MICROSECONDS["s"]


class ArrowColumn:
    """What one column holds, learned from its pieces one after the other.

    Args:
        field: Name and type of the column.
        pandas: Name of the type that pandas gives it, or nothing.
        source: What to call the file in messages.

    Raises:
        DataError: If the type is none that a table of numbers, categories and dates may have.
    """

    def __init__(self, field: Any, pandas: str, source: str):
        self._place = f"{source}: column '{field.name}'"
        self._hint = drop_hint(field.name)
        self._form = Form(_kind(field.type, self._place, self._hint), stored=str(field.type), pandas=pandas)
        self._names: dict[str, None] = {}
        self._present = self._blank = 0

    def add(self, piece: Any) -> None:
        """Take in an Arrow array of the column."""
        blank = piece.null_count
        if self._form.stored in FLOATS:
            blank += pc.sum(pc.is_nan(piece.cast(pyarrow.float64()))).as_py() or 0
        self._blank += blank
        self._present += len(piece) - blank
        if self._form.kind == "category" and len(self._names) <= MOST_COUNTED:
            self._names.update(dict.fromkeys(_names(piece)))
        if self._form.kind == "date" and blank < len(piece):
            unit = coarsest_unit(_microseconds(piece.drop_null()))
            first = self._present == len(piece) - blank
            self._form = dataclasses.replace(
                self._form, unit=unit if first else finer_unit(unit, self._form.unit)
            )

    def form(self) -> Form:
        """The form of the whole column.

        Raises:
            DataError: If it is all blank, or has too many categories.
        """
        if not self._present:
            raise DataError(f"{self._place} is blank in all of its {self._blank} cells; {self._hint}")
        if len(self._names) > MAX_CATEGORIES:
            raise DataError(f"{self._place} {too_many_texts(len(self._names))}; {self._hint}")
        names = tuple(self._names)
        own_order = self._form.stored.startswith("dictionary")
        return dataclasses.replace(
            self._form,
            categories=names if own_order else tuple(sorted(names)),
            blank="" if self._blank else None,
        )


def encode(piece: Any, form: Form, place: str) -> np.ndarray:
    """Values (n,), float64, NaN where blank, of an Arrow array.

    Integers beyond 2^53, and times of parts of a microsecond, become the nearest that float64 holds.

    Args:
        piece: Of the type that the form has stored.
        form: How the column is written; categories that it does not name are an error.
        place: What to call the column in messages.

    Raises:
        DataError: If a number is infinite, or a category unknown.
    """
    match form.kind:
        case "category" if form.stored == "bool":
            return _floats(piece.cast(pyarrow.uint8()))
        case "category":
            codes = pc.index_in(_texts(piece), value_set=pyarrow.array(form.categories, pyarrow.string()))
            if codes.null_count > piece.null_count:
                raise DataError(f"{place} holds a text that was not there when the file was first read")
            return _floats(codes)
        case "date":
            values = np.full(len(piece), np.nan)
            present = piece.is_valid().to_numpy(zero_copy_only=False)
            values[present] = from_microseconds(_microseconds(piece.drop_null()), form.unit)
            return values
        case "number":
            values = _floats(piece)
            infinite = np.isinf(values)
            if infinite.any():
                raise DataError(
                    f"{place} holds {values[np.argmax(infinite)]} ({int(infinite.sum())} such values among "
                    f"{len(values)}); numbers must be finite"
                )
            return values


def decode(values: np.ndarray, form: Form, type_: Any) -> Any:
    """An Arrow array of values (n,) in memory, null where NaN.

    Args:
        values: Float64 on the grid of their layout.
        form: How the column is written.
        type_: The Arrow type that the array shall have.
    """
    blank = np.isnan(values)
    filled = np.where(blank, 0.0, values)
    if form.kind == "category":
        codes = filled.astype(np.int32)
        if pyarrow.types.is_boolean(type_):
            return pyarrow.array(codes == 1, mask=blank)
        names = pyarrow.array(form.categories, pyarrow.string())
        if not pyarrow.types.is_dictionary(type_):
            return names.take(pyarrow.array(codes, mask=blank)).cast(type_)
        indices = pyarrow.array(codes, mask=blank).cast(type_.index_type)
        return pyarrow.DictionaryArray.from_arrays(
            indices, names.cast(type_.value_type), ordered=type_.ordered
        )
    if form.kind == "date":
        times = to_microseconds(filled, form.unit)
        if pyarrow.types.is_date(type_):
            days = times // _DAY
            whole = days.astype(np.int32) if pyarrow.types.is_date32(type_) else days * (_DAY // 1_000)
        elif type_.unit == "ns":
            whole = np.clip(times, -_NANOSECOND_LIMIT, _NANOSECOND_LIMIT) * 1_000
        else:
            whole = times // _MICROSECONDS[type_.unit]
        return pyarrow.array(whole, mask=blank).cast(type_)
    if pyarrow.types.is_integer(type_):
        return pyarrow.array(filled.astype(type_.to_pandas_dtype()), mask=blank)
    return pyarrow.array(filled, mask=blank).cast(type_, safe=False)


def is_whole(form: Form) -> bool:
    """Whether all values of the column are whole as written."""
    return form.kind != "number" or form.stored in INTEGERS or decimal_places(form.stored) == 0


def printed_decimals(form: Form) -> int:
    """Decimals that text shows at least: those of a decimal type, and one that tells floats from integers."""
    return decimal_places(form.stored) or int(form.stored in FLOATS)


def _kind(type_: Any, place: str, hint: str) -> Any:
    """Kind of a column of this type."""
    name = str(type_)
    try:
        arrow_type(name)
    except ValueError:
        if pyarrow.types.is_null(type_):
            raise DataError(f"{place} is blank in all of its cells; {hint}") from None
        raise DataError(
            f"{place} is of type {name}; a table has numbers, texts, truth values and dates: {hint}"
        ) from None
    if name == "bool" or name in TEXTS or pyarrow.types.is_dictionary(type_):
        return "category"
    return "date" if pyarrow.types.is_temporal(type_) else "number"


def _names(piece: Any) -> list[str]:
    """Names of the categories that a piece may hold: all of a dictionary, in its order."""
    if pyarrow.types.is_boolean(piece.type):
        return ["False", "True"]
    distinct = piece.dictionary if pyarrow.types.is_dictionary(piece.type) else pc.unique(piece)
    return distinct.drop_null().cast(pyarrow.string()).to_pylist()


def _texts(piece: Any) -> Any:
    """A piece of texts, or of a dictionary, as plain texts."""
    plain = piece.dictionary_decode() if pyarrow.types.is_dictionary(piece.type) else piece
    return plain.cast(pyarrow.string())


def _floats(piece: Any) -> np.ndarray:
    """A piece of numbers as float64, null as NaN."""
    return np.array(piece.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)


def _microseconds(piece: Any) -> np.ndarray:
    """A piece of dates, none null, in microseconds since 1970, int64."""
    if pyarrow.types.is_timestamp(piece.type):
        counts = piece.cast(pyarrow.int64()).to_numpy(zero_copy_only=False)
        return counts // 1_000 if piece.type.unit == "ns" else counts * _MICROSECONDS[piece.type.unit]
    days = piece.cast(pyarrow.date32()).cast(pyarrow.int32()).to_numpy(zero_copy_only=False)
    return days.astype(np.int64) * _DAY
