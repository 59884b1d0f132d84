"""Rows that repeat, within a sample or from one to the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vdm_cli.data.row_identity import Hashes, group_rows, hash_rows
from vdm_cli.errors import DataError

_OVER_AND_OVER = 0.1  # as many different rows, in proportion, as the other sample has


@dataclass(frozen=True)
class RowCensus:
    """How often the rows of two samples are equal.

    Attributes:
        n: Rows of P.
        m: Rows of Q.
        p_different: How many of those of P are different.
        q_different: The same of Q.
        p_shared: Rows of P that are in Q too.
        q_shared: Rows of Q that are in P too.
        pairs: Pairs of equal rows within P, within Q, and between the two.
        same: Whether Q holds the rows of P, as often, in any order.
    """

    n: int
    m: int
    p_different: int
    q_different: int
    p_shared: int
    q_shared: int
    pairs: tuple[int, int, int]
    same: bool

    @property
    def all_different(self) -> bool:
        """Whether no two rows are equal."""
        return self.p_different == self.n and self.q_different == self.m and not self.p_shared

    @property
    def copied(self) -> bool:
        """Whether P and Q share more rows than independent samples of any two laws would.

        A pair of rows is equal with probability sum p^2 within P, sum q^2 within Q and sum p q between them,
        and 2 n m sum p q <= n^2 sum p^2 + m^2 sum q^2: of all equal pairs at most half lie between, but for
        chance, whatever the laws.  Three standard errors and two thirds of the pairs are no chance.
        """
        between, total = self.pairs[2], sum(self.pairs)
        return between > 2 * total / 3 and between - 0.5 * total > 1.5 * math.sqrt(total)


def count_rows(p: np.ndarray, q: np.ndarray) -> RowCensus:
    """Count equal rows of P, (n, ...), and Q, (m, ...)."""
    hashes = hash_rows(p, q)
    (one, p_counts), (other, q_counts) = (np.unique(side, return_counts=True) for side in hashes)
    _, in_p, in_q = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    between = p_counts[in_p].astype(np.float64) @ q_counts[in_q].astype(np.float64)
    return RowCensus(
        n=len(p),
        m=len(q),
        p_different=len(one),
        q_different=len(other),
        p_shared=int(p_counts[in_p].sum()),
        q_shared=int(q_counts[in_q].sum()),
        pairs=(_pairs(p_counts), _pairs(q_counts), int(between)),
        same=_equal(one, other) and np.array_equal(p_counts, q_counts),
    )


def _pairs(counts: np.ndarray) -> int:
    return int(np.sum(counts * (counts - 1)) // 2)


def _equal(one: Hashes, other: Hashes) -> bool:
    return len(one) == len(other) and bool(np.all(one == other))


def rows_told(p: np.ndarray, q: np.ndarray, drawn: str = "") -> list[str]:
    """What a reader must know of equal rows in P, (n, ...), and Q, (m, ...): one sentence each.

    Args:
        p: Rows of P.
        q: Rows of Q.
        drawn: The sides, of "PQ", whose rows were drawn by this program, so that equal ones are no copies: in
            one dimension some of 10,000 numbers of 32 bits are equal.

    Raises:
        DataError: If both hold the same rows, copied, or each holds one row over and over.
    """
    found = count_rows(p, q)
    if found.p_different == found.q_different == 1:
        raise DataError(
            f"all {found.n} rows of P are one row, and so are all {found.m} of Q: there is nothing to measure"
        )
    told = [
        f"the {rows} rows of {side} are {'one row' if different == 1 else f'{different} different ones'}, "
        "over and over: if they were copied, and not drawn so, no certificate holds"
        for side, rows, different, other in (
            ("P", found.n, found.p_different, found.q_different / found.m),
            ("Q", found.m, found.q_different, found.p_different / found.n),
        )
        if different == 1 or different / rows < _OVER_AND_OVER * other
    ]
    if found.all_different:
        return told
    groups = group_rows(p, q)
    shared = found.p_shared if found.copied else _in_both(*groups)
    if found.same and 2 * shared > found.n:
        raise DataError(
            f"P and Q hold the same {found.n} rows: samples that are copies of each other say nothing of how "
            "different two laws are; give rows that were drawn apart"
        )
    if shared:
        told.append(
            f"{_share(shared, found.n)} of P are in Q too, which chance does not explain: if they were "
            "copied from one to the other, the samples are not independent and no certificate holds; remove "
            "them from one file"
        )
    for side, ids in zip("PQ", groups, strict=True):
        repeats = len(ids) - _different(ids)
        if repeats and side not in drawn:
            told.append(
                f"{_share(repeats, len(ids))} of {side} repeat another of its rows to the last digit: if "
                "they were copied, and not drawn so, the samples are not independent and no certificate "
                "holds; keep one of each"
            )
    return told


def _different(ids: np.ndarray) -> int:
    return 1 + int(np.count_nonzero(np.diff(np.sort(ids, kind="stable"))))


def _in_both(p: np.ndarray, q: np.ndarray) -> int:
    """How many of the ids of P are among those of Q."""
    return int(np.count_nonzero(np.isin(p, q, kind="table")))


def _share(rows: int, of: int) -> str:
    return f"{rows} row{'s' * (rows > 1)} ({100 * rows / of:.2g} %)"
