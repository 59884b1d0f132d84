"""Mode coverage, where the modes are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.two_sample.measure import Line, Measure, missing

Floats = npt.NDArray[np.float64]

RADIUS = 3.0  # standard deviations within which a row is of high quality
SCORES = ("covered", "high_quality", "reverse_kl", "sd_ratio")  # the fields of `ModeScores`
_PERFECT_ROWS = 200_000  # drawn altogether, to tell what a perfect sampler scores
_PERFECT_SAMPLES = 20


@dataclass(frozen=True)
class ModeScores:
    """How rows fall on known modes.

    Attributes:
        covered: Modes with at least one high-quality row: the nearest mode less than 3 sd away.
        high_quality: Share of such rows.
        reverse_kl: KL of their histogram over modes from the modes' weights, in nats; None without any.
        sd_ratio: Their root-mean-square distance from the mode over the mode's sd, per coordinate; below
            what a perfect sampler scores, modes have shrunk.  None without any.
    """

    covered: int
    high_quality: float
    reverse_kl: float | None
    sd_ratio: float | None


def modes(q: npt.NDArray[np.generic], law: GaussianMixture, rng: np.random.Generator) -> Measure:
    """Modes of the law that Q covers, and how well: metrics of VEEGAN (Srivastava et al. 2017) and PacGAN.

    Beside stands the mean of samples of as many rows drawn from the law itself: in two dimensions 98.9 % of
    high quality, a reverse KL of about (modes - 1) / (2 rows) and an sd ratio of .974.

    Args:
        q: Rows (m, d) in the law's units.
        law: Its components are the modes; a full covariance measures by Mahalanobis distance.
        rng: Of the rows drawn from the law.
    """
    rows, count = (0, len(q)), len(law.weights)
    if count < 2:
        return missing("modes", "the law has one mode", rows)
    found = mode_scores(q, law)
    equal = perfect_scores(law, len(q), rng)
    words = (
        f"modes: covered, of {count}",
        "modes: share of rows within 3 sd of one",
        "modes: reverse KL of their histogram",
        "modes: their sd over the mode's",
    )
    lines = tuple(
        Line(what, getattr(found, name), equal[name]) for what, name in zip(words, SCORES, strict=True)
    )
    return Measure(
        "modes",
        found.covered,
        rows,
        lines=lines,
        details={
            "of": count,
            "high_quality": found.high_quality,
            "reverse_kl": found.reverse_kl,
            "sd_ratio": found.sd_ratio,
            "perfect": equal,
        },
    )


def mode_scores(rows: npt.NDArray[np.generic], law: GaussianMixture) -> ModeScores:
    """Score rows (m, d), m >= 1, against the components of a law."""
    place, nearest = _nearest(rows, law)
    good = nearest < RADIUS**2
    hits = np.bincount(place[good], minlength=len(law.weights))
    if not good.any():
        return ModeScores(0, 0.0, None, None)
    share = hits / hits.sum()
    seen = share > 0.0
    reverse_kl = float(np.sum(share[seen] * np.log(share[seen] / law.weights[seen])))
    sd_ratio = float(np.sqrt(nearest[good].mean() / law.dim))
    return ModeScores(int(seen.sum()), float(good.mean()), reverse_kl, sd_ratio)


def perfect_scores(law: GaussianMixture, count: int, rng: np.random.Generator) -> dict[str, float | None]:
    """What ``count`` rows of the law itself score in the mean: the ceiling and the floor of each score."""
    draws = max(1, min(_PERFECT_SAMPLES, _PERFECT_ROWS // count))
    perfect = [mode_scores(_drawn(law, count, rng), law) for _ in range(draws)]
    return {name: _mean([getattr(each, name) for each in perfect]) for name in SCORES}


def has_separate_modes(law: GaussianMixture) -> bool:
    """Whether there are several components and no row is of high quality for two of them."""
    widest = float(np.linalg.norm(law.scales, ord=2, axis=(1, 2)).max())
    apart = KDTree(law.means).query_pairs(2.0 * RADIUS * widest)
    return len(law.weights) > 1 and not apart


def _nearest(rows: npt.NDArray[np.generic], law: GaussianMixture) -> tuple[npt.NDArray[np.intp], Floats]:
    """Each row's nearest component, (m,), and its squared distance in standard deviations, (m,)."""
    values = rows.astype(np.float64)
    place = np.zeros(len(rows), np.intp)
    nearest = np.full(len(rows), np.inf)
    for index, (mean, scale) in enumerate(zip(law.means, law.scales, strict=True)):
        z = (values - mean) @ np.linalg.inv(scale).T
        squared = np.einsum("ij,ij->i", z, z)
        closer = squared < nearest
        place[closer], nearest[closer] = index, squared[closer]
    return place, nearest


def _drawn(law: GaussianMixture, count: int, rng: np.random.Generator) -> Floats:
    """Rows (count, d) of the law."""
    index = rng.choice(len(law.weights), count, p=law.weights)
    noise = rng.normal(size=(count, law.dim))
    return np.asarray(law.means[index] + np.einsum("nij,nj->ni", law.scales[index], noise))


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
