"""Pairs (P, Q) in one to a hundred dimensions, whose f-divergences are known.

python -m benchmarks.estimation.pairs        # the list, with the true values
"""

import itertools
import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.stats
from benchmarks.estimation.truth import Truth, on_atoms, on_line
from numpy.typing import NDArray

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.known import KnownValue, known_divergences
from vdm_cli.divergences.laws import Exponential, Laplace, Law, Uniform, dimension

Rows = NDArray[np.float64]
Generator = np.random.Generator
Sampler = Callable[[Generator, int], Rows]
Show = Callable[[Rows, Generator], Rows]

RHO = math.sqrt(-math.expm1(-1.0))  # .795060: half a nat of mutual information for a pair of columns
gaussian, mixture = GaussianMixture.gaussian, GaussianMixture.mixture


@dataclass(frozen=True)
class Pair:
    """Two laws, and how their draws are shown to an estimator.

    Attributes:
        name: Unique, and part of every draw's seed.
        dimension: Columns of a row as it is shown.
        p: Draws of P before `show`, (n, k).
        q: The same of Q.
        log_ratio: log p/q at such rows, (n, k) -> (n,), ``inf`` or ``-inf`` where one density is zero.
        truth: The true D_f in nats.
        show: An injective map of the rows, or noise of one law beside both: it leaves every D_f as it is.
    """

    name: str
    dimension: int
    p: Sampler
    q: Sampler
    log_ratio: Callable[[Rows], Rows]
    truth: Truth
    show: Show = lambda rows, rng: rows

    def draw(self, n: int, seed: int) -> tuple[Rows, Rows]:
        """n rows of either law, (n, dimension) each; every (pair, n, seed) has draws of its own."""
        rng = np.random.default_rng([zlib.crc32(self.name.encode()), n, seed])
        return self.show(self.p(rng, n), rng), self.show(self.q(rng, n), rng)


def sampler(law: Law) -> Sampler:
    """Independent draws of a law, by numpy."""
    if isinstance(law, Exponential):
        return lambda rng, n: rng.exponential(1.0 / law.rate, (n, 1))
    if isinstance(law, Laplace):
        return lambda rng, n: rng.laplace(law.location, law.scale, (n, 1))
    if isinstance(law, Uniform):
        return lambda rng, n: rng.uniform(law.low, law.high, (n, 1))

    def draw(rng: Generator, n: int) -> Rows:
        component = rng.choice(len(law.weights), n, p=law.weights)
        noise = rng.standard_normal((n, dimension(law)))
        for k, scale in enumerate(law.scales):
            noise[component == k] = noise[component == k] @ scale.T
        return law.means[component] + noise

    return draw


def of_laws(name: str, p: Law, q: Law, show: Show | None = None, columns: int | None = None) -> Pair:
    """A pair of laws that `vdm_cli.divergences` knows."""

    def log_ratio(rows: Rows) -> Rows:
        return p.log_density(rows) - q.log_density(rows)

    def truth(divergences: Sequence) -> dict[str, KnownValue]:
        return known_divergences(divergences, p, q)

    drawn = sampler(p), sampler(q), log_ratio, truth
    size = columns or dimension(p)
    return Pair(name, size, *drawn) if show is None else Pair(name, size, *drawn, show)


def of_densities(name: str, p, q, infinite: Sequence[str] = ()) -> Pair:
    """A pair of continuous distributions of scipy.stats on the line."""
    return Pair(
        name,
        1,
        lambda rng, n: p.rvs((n, 1), random_state=rng),
        lambda rng, n: q.rvs((n, 1), random_state=rng),
        lambda rows: p.logpdf(rows[:, 0]) - q.logpdf(rows[:, 0]),
        on_line(p.logpdf, q.logpdf, infinite),
    )


def of_counts(name: str, p, q, most: int, columns: int = 1) -> Pair:
    """Independent columns of one discrete distribution of scipy.stats on 0..most."""
    atoms = np.array(list(itertools.product(range(most + 1), repeat=columns)))
    return Pair(
        name,
        columns,
        lambda rng, n: p.rvs((n, columns), random_state=rng).astype(float),
        lambda rng, n: q.rvs((n, columns), random_state=rng).astype(float),
        lambda rows: np.sum(p.logpmf(rows) - q.logpmf(rows), axis=1),
        on_atoms(p.logpmf(atoms).sum(axis=1), q.logpmf(atoms).sum(axis=1)),
    )


def shift(distance: float, columns: int, direction: str = "diagonal") -> tuple[Law, Law]:
    """Two standard Gaussians so far apart, along the diagonal or the first axis; KL = distance^2 / 2."""
    step = np.full(columns, 1.0 / math.sqrt(columns)) if direction == "diagonal" else np.eye(columns)[0]
    return gaussian(np.zeros(columns)), gaussian(distance * step)


def correlated(columns: int) -> tuple[Law, Law]:
    """Neighboring columns correlated by .795060, or not: KL = columns / 4 (Rhodes, Xu and Gutmann 2020)."""
    pairs = np.kron(np.eye(columns // 2), [[1.0, RHO], [RHO, 1.0]])
    return gaussian(np.zeros(columns), covariance=pairs), gaussian(np.zeros(columns))


def rotated(columns: int) -> Show:
    """Columns of standard normal noise beside the rows, up to so many, and all of them rotated."""
    rotation = scipy.stats.ortho_group.rvs(columns, random_state=columns)
    return lambda rows, rng: (
        np.hstack([rows, rng.normal(size=(len(rows), columns - rows.shape[1]))]) @ rotation
    )


def warped(function: Callable[[Rows], Rows]) -> Show:
    """A monotone function of every column."""
    return lambda rows, rng: function(rows)


def _pairs() -> list[Pair]:
    squares = np.array([[x, y] for x in (-2.0, 2.0) for y in (-2.0, 2.0)])
    four, three = mixture(squares), mixture(squares[:3])
    ring, plane = (
        mixture(2.0 * GaussianMixture.ring(modes=4).means, stds=0.3),
        gaussian([0.0, 0.0], std=math.sqrt(2.09)),
    )
    paper = mixture([-1.0, 2.0], weights=[0.33, 0.67], stds=[math.sqrt(0.065), math.sqrt(2.0)])
    equal = np.full((10, 10), 0.999) + 0.001 * np.eye(10)
    cauchy, student = scipy.stats.cauchy, scipy.stats.t
    return [
        *(of_laws(f"shift-{d:g}-d{k}", *shift(d, k)) for d in (0.5, 1.0, 2.0) for k in (1, 10)),
        of_laws("shift-1-d50", *shift(1.0, 50)),
        of_laws("shift-1-d100", *shift(1.0, 100)),
        of_laws("scale-2-d1", gaussian(0.0), gaussian(0.0, std=2.0)),
        of_laws("scale-1.3-d10", gaussian(np.zeros(10)), gaussian(np.zeros(10), std=1.3)),
        *(of_laws(f"correlated-d{k}", *correlated(k)) for k in (2, 4, 20)),
        of_laws(
            "equicorrelated-d10",
            gaussian(np.zeros(10), covariance=equal),
            gaussian(np.ones(10), covariance=equal),
        ),
        of_densities("cauchy-shift-1", cauchy(0.0), cauchy(1.0)),
        of_densities("cauchy-scale-2", cauchy(0.0), cauchy(0.0, 2.0)),
        of_densities("student5-shift-1", student(5), student(5, 1.0)),
        of_densities("student3-shift-1", student(3), student(3, 1.0)),
        of_densities("student3-student5", student(3), student(5)),
        of_densities("student5-normal", student(5), scipy.stats.norm(), ("pearson_chi2",)),
        of_laws("laplace-shift-1", Laplace(0.0, 1.0), Laplace(1.0, 1.0)),
        of_laws("laplace-scale-2", Laplace(0.0, 1.0), Laplace(0.0, 2.0)),
        of_laws("exponential-1-2", Exponential(1.0), Exponential(2.0)),
        of_laws("exponential-2-1", Exponential(2.0), Exponential(1.0)),
        of_laws("uniform-within", Uniform(0.0, 1.0), Uniform(0.0, 2.0)),
        of_laws("uniform-overlapping", Uniform(0.0, 1.0), Uniform(0.5, 1.5)),
        of_laws("uniform-disjoint", Uniform(0.0, 1.0), Uniform(2.0, 3.0)),
        of_laws("mode-dropped-d2", four, three),
        of_laws("mode-added-d2", three, four),
        of_laws("mode-dropped-d10", four, three, rotated(10), 10),
        of_laws("mixture-d1", paper, gaussian(1.01, 1.8307)),
        of_laws("ring-gaussian-d2", ring, plane),
        of_counts("bernoulli-d1", scipy.stats.bernoulli(0.5), scipy.stats.bernoulli(0.3), 1),
        of_counts("bernoulli-d10", scipy.stats.bernoulli(0.5), scipy.stats.bernoulli(0.35), 1, 10),
        of_counts("poisson-3-4", scipy.stats.poisson(3.0), scipy.stats.poisson(4.0), 100),
        of_laws("sinh-shift-1-d1", *shift(1.0, 1), warped(lambda x: np.sinh(3.0 * x))),
        of_laws("exp-shift-1-d10", *shift(1.0, 10), warped(np.exp)),
        of_laws("cdf-correlated-d4", *correlated(4), warped(scipy.stats.norm.cdf)),
        of_laws(
            "rotated-scales-d10", gaussian([0.0, 0.0]), gaussian([0.0, 0.0], std=[3.0, 0.5]), rotated(10), 10
        ),
    ]


PAIRS = {pair.name: pair for pair in _pairs()}


@cache
def truths(name: str) -> dict[str, KnownValue]:
    """Every named divergence of a pair by its label, where it is known."""
    return PAIRS[name].truth(list(catalog().values()))


def main() -> None:
    labels = [row.label for row in catalog().values()]
    print("| pair | " + " | ".join(labels) + " |\n|" + "---|" * (len(labels) + 1))
    for name in PAIRS:
        known = truths(name)
        cells = (f"{known[label].value:.5g}" if label in known else "" for label in labels)
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
