from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.known import KnownValue
from vdm_cli.estimation.estimate import estimate_divergences
from vdm_cli.estimation.result import Estimation


def gaussian_pair(rows: int, columns: int, shift: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """P = N(shift e_1, I) and Q = N(0, I)."""
    rng = np.random.default_rng(seed)
    p = rng.normal(size=(rows, columns))
    p[:, 0] += shift
    return p, rng.normal(size=(rows, columns))


@pytest.fixture(scope="session")
def pair() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    return gaussian_pair


@pytest.fixture(scope="session")
def shifted() -> tuple[np.ndarray, np.ndarray]:
    """Shift 1 in two columns: KL 1/2, JS .11142, TV .38292, squared Hellinger .23501."""
    return gaussian_pair(3000, 2, 1.0, seed=0)


@pytest.fixture(scope="session")
def shifted_estimation(shifted: tuple[np.ndarray, np.ndarray]) -> Estimation:
    known = {
        "kl": KnownValue(0.5),
        "total_variation": KnownValue(0.383, standard_error=0.002),
        "neyman_chi2": KnownValue(math.inf),
    }
    return estimate_divergences(*shifted, list(catalog().values()), exact=known)
