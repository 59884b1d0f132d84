"""Which rows are equal, told by 64-bit hashes: in time and memory linear in the number of rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from vdm_cli.data.grid import decimals_of

Hashes = npt.NDArray[np.uint64]

_BLOCK_VALUES = 1 << 19  # values hashed at once: few enough to stay in the cache
_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(32)
_SAMPLED_VALUES = 2_000_000  # of all columns together, to tell which of them are continuous
_UNIQUE_SHARE = 0.8
_MOST_COPIES = 10  # more equal rows than these, and than this share of a sample, are a value of its law
_ATOM_SHARE = 1e-3


def hash_rows(p: np.ndarray, q: np.ndarray) -> tuple[Hashes, Hashes]:
    """Hashes (n,) and (m,) of the rows of two samples: equal rows have equal ones, blanks being equal.

    Rows are compared in the coarser of the two types, so that float32 and float64 copies are found equal.
    Two different rows among N have equal hashes with a probability of about N^2 / 2^65, 10^-6 for N = 6*10^6.

    Args:
        p: Rows of P, (n, ...).
        q: Rows of Q, (m, ...) with the same trailing shape.
    """
    floats = [side.dtype for side in (p, q) if side.dtype.kind == "f"]
    coarser = min(floats, key=lambda dtype: dtype.itemsize, default=np.dtype(np.float64))
    return _hash(p, coarser), _hash(q, coarser)


def _hash(rows: np.ndarray, dtype: np.dtype[Any]) -> Hashes:
    width = math.prod(rows.shape[1:])
    multipliers = np.random.default_rng(0).integers(2**63, size=width, dtype=np.uint64) * np.uint64(2)
    multipliers += np.uint64(1)
    hashes = np.empty(len(rows), np.uint64)
    block = max(1, _BLOCK_VALUES // width)
    for start in range(0, len(rows), block):
        values = rows[start : start + block].reshape(-1, width).astype(dtype).astype(np.float64)
        values += 0.0  # -0 is 0
        values[np.isnan(values)] = np.nan  # of all its bit patterns, one
        bits = values.view(np.uint64)
        # Mixed value by value and then combined linearly: without mixing, floats that differ in their
        # leading bits alone would leave the hash with few bits that do.
        for _ in range(2):
            bits ^= bits >> _SHIFT
            bits *= _MULTIPLIER
        bits ^= bits >> _SHIFT
        bits *= multipliers
        hashes[start : start + block] = bits.sum(axis=1)
    return hashes


def group_rows(p: np.ndarray, q: np.ndarray) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Numbers of groups, (n,) and (m,): copies of one row have one number, in both samples, others their own.

    Rows are copies where they are equal in a column that is continuous: one whose values hardly ever occur in
    two different rows.  Rows of counts and categories, and rows that occur over and over, are equal because
    their law is discrete: each is a group of its own.

    Args:
        p: Rows of P, (n, ...).
        q: Rows of Q, (m, ...) with the same trailing shape.
    """
    n, width = len(p), math.prod(p.shape[1:])
    hashes = np.concatenate(hash_rows(p, q))
    ids = np.arange(len(hashes))
    in_order = np.sort(hashes)
    repeated = np.unique(in_order[1:][in_order[1:] == in_order[:-1]])
    if not len(repeated):
        return ids[:n], ids[n:]
    places = np.flatnonzero(np.isin(hashes, repeated))
    _, first, groups, counts = np.unique(
        hashes[places], return_index=True, return_inverse=True, return_counts=True
    )

    def rows_at(index: npt.NDArray[np.intp]) -> np.ndarray:
        low = np.searchsorted(index, n)
        return np.concatenate([p[index[:low]].reshape(-1, width), q[index[low:] - n].reshape(-1, width)])

    is_first = np.ones(len(hashes), bool)
    is_first[places] = False
    is_first[places[first]] = True
    distinct = np.flatnonzero(is_first)
    sample = rows_at(distinct[:: max(1, len(distinct) * width // _SAMPLED_VALUES)])
    order = np.argsort(first)
    candidates = rows_at(places[first[order]])
    recognized = np.zeros(len(first), bool)
    for column, values in zip(sample.T, candidates.T, strict=True):
        if is_continuous(column, width):
            levels, occurrences = np.unique(column, return_counts=True)
            recognized |= ~np.isin(values, levels[occurrences > 1]) & ~np.isnan(values.astype(np.float64))
    is_copy = np.empty(len(first), bool)
    is_copy[order] = recognized
    is_copy &= counts <= max(_MOST_COPIES, _ATOM_SHARE * min(n, len(q)))
    ids[places] = np.where(is_copy[groups], places[first[groups]], ids[places])
    return ids[:n], ids[n:]


def is_continuous(column: np.ndarray, width: int) -> bool:
    """Whether the values (k,) of a column, one of each of k different rows, hardly ever occur twice.

    Where a row is a single number, `width` 1, different rows never have one value: there a column is
    continuous that lies on no decimal grid.
    """
    present = column[~np.isnan(column)] if column.dtype.kind == "f" else column
    if len(present) < 2:
        return False
    if width == 1:
        return decimals_of(present) is None
    _, counts = np.unique(present, return_counts=True)
    return int(np.sum(counts == 1)) >= _UNIQUE_SHARE * len(present)
