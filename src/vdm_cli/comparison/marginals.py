"""How far one column's law differs between two samples."""

from __future__ import annotations

import numpy as np

from vdm_cli.data.form import Form


def marginal_distance(p: np.ndarray, q: np.ndarray, form: Form) -> float:
    """A distance in [0, 1] of two samples of one column: 0 for equal ones, 1 for separate ones.

    Numbers and dates have the Kolmogorov-Smirnov distance max |F_p - F_q|, where a blank is smaller than any
    number, categories the total variation sum |p - q| / 2, where a blank is a category.  Neither is smaller
    than the difference of the shares of blanks.

    Args:
        p: Values (n,) of the first, NaN where blank; n >= 1.
        q: Values (m,) of the second, in the same coding.
        form: How both are written.
    """
    if form.kind == "category":
        return total_variation(p, q, len(form.categories))
    p, q = (np.sort(np.where(np.isnan(side), -np.inf, side)) for side in (p, q))
    places = np.concatenate([p, q])
    below_p, below_q = (np.searchsorted(side, places, side="right") / len(side) for side in (p, q))
    return float(np.max(np.abs(below_p - below_q)))


def total_variation(p: np.ndarray, q: np.ndarray, num_categories: int) -> float:
    """Half the sum of |p - q| over categories and blanks, for codes (n,) and (m,)."""
    shares = [level_shares(side, num_categories) for side in (p, q)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def level_shares(codes: np.ndarray, num_categories: int) -> np.ndarray:
    """Shares of the codes 0, 1, ... and, last, of blanks: (num_categories + 1,), of sum 1."""
    levels = np.where(np.isnan(codes), num_categories, codes).astype(np.intp)
    return np.bincount(levels, minlength=num_categories + 1) / len(codes)
