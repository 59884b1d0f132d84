"""One estimator of another package on two files; it runs in an environment of its own (see peers.py).

python peer_worker.py METHOD P.npy Q.npy        # prints {"version": ..., "kl": ..., ...}, in nats
"""

import json
import sys
from importlib.metadata import version

import numpy as np

TINY = 1e-300


def infomeasure_knn(p: np.ndarray, q: np.ndarray) -> dict[str, float]:
    """Kozachenko-Leonenko entropies, by distances to the 4th neighbor."""
    import infomeasure

    return {"kl": infomeasure.kullback_leiber_divergence(p, q, approach="metric")}


def divergence_knn(p: np.ndarray, q: np.ndarray) -> dict[str, float]:
    """Wang, Kulkarni and Verdu 2009, by distances to the 5th neighbor."""
    import divergence

    return {"kl": divergence.knn_kl_divergence(p, q)}


def divergence_kde(p: np.ndarray, q: np.ndarray) -> dict[str, float]:
    """Kernel densities and quadrature, in one dimension only."""
    import divergence

    if p.shape[1] > 1:
        return {}
    p, q = p[:, 0], q[:, 0]
    return {
        "kl": divergence.relative_entropy_from_samples(p, q, discrete=False),
        "jensen_shannon": divergence.jensen_shannon_divergence_from_samples(p, q, discrete=False),
        "total_variation": divergence.total_variation_distance(p, q),
        "squared_hellinger": divergence.squared_hellinger_distance(p, q),
    }


def densratio_ulsif(p: np.ndarray, q: np.ndarray) -> dict[str, float]:
    """Least-squares fit of p/q by 100 kernels (Kanamori et al. 2009), and the plug-in on the same rows."""
    from densratio import densratio

    ratio = densratio(p, q, verbose=False).compute_density_ratio
    at_p, at_q = (np.maximum(ratio(rows), TINY) for rows in (p, q))
    return {
        "kl": float(np.mean(np.log(at_p))),
        "jensen_shannon": 0.5
        * float(np.mean(np.log(2.0 * at_p / (1.0 + at_p))) + np.mean(np.log(2.0 / (1.0 + at_q)))),
        "total_variation": 0.5 * float(np.mean(np.abs(at_q - 1.0))),
        "squared_hellinger": float(np.mean(np.square(np.sqrt(at_q) - 1.0))),
    }


METHODS = {
    "infomeasure, kNN": infomeasure_knn,
    "divergence, kNN": divergence_knn,
    "divergence, KDE": divergence_kde,
    "densratio, uLSIF": densratio_ulsif,
}


def main() -> None:
    method, p, q = sys.argv[1:]
    found = {name: float(value) for name, value in METHODS[method](np.load(p), np.load(q)).items()}
    print(json.dumps({"version": version(method.split(",")[0]), **found}))


if __name__ == "__main__":
    main()
