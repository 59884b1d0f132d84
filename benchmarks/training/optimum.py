r"""D* = min over (mu, sigma) of D_f(P || N(mu, sigma^2)), for every named f.

P is a mixture in one dimension: 0.33 N(-1, .065) + 0.67 N(2, 2) (variances), which f-GAN's Table 2 is of and
does not print (Nowozin et al. 2016), or a second one.

Run:  python -m benchmarks.training.optimum       a few seconds on one core; no randomness
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.exact import exact_divergence

MIXTURES = {
    "f-gan": GaussianMixture.mixture([-1.0, 2.0], weights=[0.33, 0.67], stds=[0.065**0.5, 2.0**0.5]),
    "second": GaussianMixture.mixture([-1.5, 1.0], weights=[0.4, 0.6], stds=[0.5, 1.5]),
}


def best_gaussian_fit(divergence: FDivergence, p: GaussianMixture) -> tuple[float, float, float]:
    """(mu, sigma, D) of the Gaussian Q that minimizes D_f(P || Q), P in one dimension.

    A local search from the mean and deviation of P, in the logarithm of sigma; a divergence that is
    infinite somewhere is a wall for it.
    """

    def value(parameters: np.ndarray) -> float:
        mean, log_std = (float(number) for number in parameters)
        exact = exact_divergence(divergence, p, GaussianMixture.gaussian(mean, math.exp(log_std)))
        if exact is None:
            raise ArithmeticError(f"no quadrature at mu = {mean}, sigma = {math.exp(log_std)}")
        return exact

    start = np.array([p.mean[0], 0.5 * math.log(p.covariance[0, 0])])
    simplex = start + np.array([[0.0, 0.0], [0.1, 0.0], [0.0, -0.1]])
    found = minimize(
        value,
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-14, "initial_simplex": simplex},
    )
    return float(found.x[0]), math.exp(float(found.x[1])), float(found.fun)


def main() -> None:
    print(f"{'mixture':10s} {'divergence':24s} {'mu*':>8s} {'sigma*':>8s} {'D*':>9s}")
    for mixture, law in MIXTURES.items():
        for divergence in catalog().values():
            mean, std, value = best_gaussian_fit(divergence, law)
            print(f"{mixture:10s} {divergence.label:24s} {mean:8.4f} {std:8.4f} {value:9.5f}")


if __name__ == "__main__":
    main()
