"""The one synthetic law of the tool: a finite mixture of Gaussians, with its density."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """sum_k w_k N(m_k, L_k L_k^T) in R^d: draws on the device, the exact density in float64 on the host.

    Attributes:
        weights: w, shape (k,): positive, and they sum to one.
        means: m, shape (k, d).
        scales: L, lower Cholesky factors of the covariances, shape (k, d, d).

    Raises:
        ValueError: If the shapes disagree, a number is not finite, a weight is not positive, the weights
            do not sum to one, or a factor is not lower triangular with a positive diagonal.
    """

    weights: Float64Array
    means: Float64Array
    scales: Float64Array

    def __post_init__(self) -> None:
        shapes = self.weights.shape, self.means.shape, self.scales.shape
        count, dim = self.means.shape if self.means.ndim == 2 else (0, 0)
        if min(count, dim) < 1 or shapes != ((count,), (count, dim), (count, dim, dim)):
            raise ValueError(f"weights, means and scales must be (k,), (k, d) and (k, d, d), got {shapes}")
        if not all(np.isfinite(array).all() for array in (self.weights, self.means, self.scales)):
            raise ValueError("weights, means and scales must be finite")
        if self.weights.min() <= 0.0 or not math.isclose(self.weights.sum(), 1.0, rel_tol=1e-9):
            raise ValueError(f"weights must be positive and sum to one, got {self.weights}")
        if np.triu(self.scales, 1).any() or np.diagonal(self.scales, axis1=1, axis2=2).min() <= 0.0:
            raise ValueError("every scale must be lower triangular with a positive diagonal")

    @classmethod
    def gaussian(
        cls,
        mean: ArrayLike,
        std: ArrayLike | None = None,
        covariance: ArrayLike | None = None,
    ) -> GaussianMixture:
        """N(mean, diag(std^2)) or N(mean, covariance).

        Args:
            mean: Shape (d,); a bare number in one dimension.
            std: One number for every dimension or one each; 1 where neither it nor `covariance` is given.
            covariance: Shape (d, d), symmetric and positive definite.

        Raises:
            ValueError: If both are given, or either does not fit the mean.
        """
        center = np.atleast_1d(np.asarray(mean, np.float64))
        if covariance is not None:
            if std is not None:
                raise ValueError("give std or covariance, not both")
            scale = _cholesky(covariance, center.size)
        else:
            scale = np.diag(_spread(1.0 if std is None else std, center.size, "std"))
        return cls(np.ones(1), center[None], scale[None])

    @classmethod
    def mixture(
        cls,
        means: ArrayLike,
        weights: ArrayLike | None = None,
        stds: ArrayLike | None = None,
        covariances: Sequence[ArrayLike] | NDArray[np.float64] | None = None,
    ) -> GaussianMixture:
        """sum_k weights_k N(means_k, stds_k^2 I) or N(means_k, covariances_k).

        Args:
            means: Shape (k, d); a list of k numbers in one dimension.
            weights: Shape (k,), positive, normalized here; equal where not given.
            stds: One number for every component or one each; 1 where neither it nor `covariances` is given.
            covariances: k symmetric positive definite matrices (d, d).

        Raises:
            ValueError: If both are given, or anything does not fit the means.
        """
        centers = np.asarray(means, np.float64)
        centers = centers[:, None] if centers.ndim == 1 else centers
        if centers.ndim != 2:
            raise ValueError(f"means must have shape (k, d), got {centers.shape}")
        count, dim = centers.shape
        share = np.ones(count) if weights is None else np.asarray(weights, np.float64)
        if share.shape != (count,) or share.min() <= 0.0:
            raise ValueError(f"weights must be {count} positive numbers, one for each mean")
        if covariances is not None:
            if stds is not None:
                raise ValueError("give stds or covariances, not both")
            if len(covariances) != count:
                raise ValueError(f"{len(covariances)} covariances for {count} means")
            scales = np.stack([_cholesky(matrix, dim) for matrix in covariances])
        else:
            scales = _spread(1.0 if stds is None else stds, count, "stds")[:, None, None] * np.eye(dim)
        return cls(share / share.sum(), centers, scales)

    @classmethod
    def ring(cls, modes: int = 8, radius: float = 1.0, std: float = 0.01) -> GaussianMixture:
        """Equal modes on a circle in the plane: mode k at angle 2 pi k / modes."""
        angles = 2.0 * np.pi * np.arange(modes) / modes
        return cls.mixture(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), stds=std)

    @classmethod
    def grid(cls, side: int = 5, spacing: float = 2.0, std: float = 0.05) -> GaussianMixture:
        """Equal modes, side x side of them `spacing` apart, on a square centered at the origin."""
        ticks = spacing * (np.arange(side) - 0.5 * (side - 1))
        return cls.mixture(
            np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2), stds=std
        )

    @property
    def dim(self) -> int:
        """d, the numbers in a row."""
        return int(self.means.shape[1])

    @property
    def mean(self) -> Float64Array:
        """Mean of the whole law, shape (d,)."""
        return np.asarray(self.weights @ self.means)

    @property
    def covariance(self) -> Float64Array:
        """Covariance of the whole law, within and between components, shape (d, d)."""
        centered = self.means - self.mean
        within = np.einsum("k,kij,klj->il", self.weights, self.scales, self.scales)
        return np.asarray(within + (self.weights[:, None] * centered).T @ centered)

    def sample(self, key: jax.Array, n: int) -> jax.Array:
        """n independent draws, shape (n, d), float32; pure, and jittable for a fixed n."""
        index_key, noise_key = jax.random.split(key)
        noise = jax.random.normal(noise_key, (n, self.dim), jnp.float32)
        means, scales = jnp.asarray(self.means, jnp.float32), jnp.asarray(self.scales, jnp.float32)
        if len(self.weights) == 1:
            return jnp.asarray(means + jnp.matmul(noise, scales[0].T, precision="highest"))
        weights = jnp.asarray(self.weights, jnp.float32)
        index = jax.random.choice(index_key, len(self.weights), (n,), p=weights)
        if not np.tril(self.scales, -1).any():  # n x d numbers to gather instead of n x d x d
            spread = jnp.diagonal(scales, axis1=1, axis2=2)[index] * noise
        else:
            spread = jnp.einsum("nij,nj->ni", scales[index], noise, precision="highest")
        return jnp.asarray(means[index] + spread)

    def log_density(self, x: ArrayLike) -> Float64Array:
        """log of the density at each row of x: (n, d) -> (n,), float64, in nats."""
        rows = np.asarray(x, np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.dim:
            raise ValueError(f"x must have shape (n, {self.dim}), got {rows.shape}")
        factors = np.linalg.inv(self.scales)
        log_peaks = np.log(self.weights) - 0.5 * self.dim * math.log(2.0 * math.pi)
        log_peaks += np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        out = np.empty(len(rows))
        step = max(1, 2**18 // self.means.size)  # rows at a time: one block of z stays in the cache
        for start in range(0, len(rows), step):
            z = (rows[start : start + step] - self.means[:, None]) @ np.swapaxes(factors, 1, 2)
            logs = log_peaks[:, None] - 0.5 * np.einsum("kni,kni->kn", z, z)
            highest = logs.max(axis=0)
            out[start : start + step] = highest + np.log(np.exp(logs - highest).sum(axis=0))
        return out


def _spread(value: ArrayLike, count: int, name: str) -> Float64Array:
    """One positive number for all or one each, as `count` of them."""
    array = np.atleast_1d(np.asarray(value, np.float64))
    if array.ndim != 1 or array.size not in (1, count) or not array.min() > 0.0:
        raise ValueError(f"{name} must be 1 or {count} positive numbers, got {array.tolist()}")
    return np.array(np.broadcast_to(array, (count,)))


def _cholesky(covariance: ArrayLike, dim: int) -> Float64Array:
    matrix = np.asarray(covariance, np.float64)
    if matrix.shape != (dim, dim) or not np.allclose(matrix, matrix.T):
        raise ValueError(f"a covariance must be a symmetric {dim} x {dim} matrix, got shape {matrix.shape}")
    try:
        return np.asarray(np.linalg.cholesky(matrix), np.float64)
    except np.linalg.LinAlgError as error:
        raise ValueError("a covariance must be positive definite") from error
