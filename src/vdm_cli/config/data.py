"""Where the rows come from: a file, scikit-learn's digits, or a synthetic law with a known density."""

from __future__ import annotations

import difflib
import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from vdm_cli.config.base import Positive, Section


def _as_list(value: Any) -> Any:
    """A bare number where a list of numbers may stand."""
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_rows(value: Any) -> Any:
    """A list of bare numbers where a list of points may stand: means of 1-D components."""
    return [_as_list(item) for item in value] if isinstance(value, list | tuple) else value


Vector = Annotated[tuple[float, ...], Field(strict=False, min_length=1), BeforeValidator(_as_list)]
Points = Annotated[
    tuple[Annotated[tuple[float, ...], Field(strict=False, min_length=1)], ...],
    Field(strict=False, min_length=1),
    BeforeValidator(_as_rows),
]
Scales = Annotated[tuple[Positive, ...], Field(strict=False, min_length=1), BeforeValidator(_as_list)]
Matrix = Annotated[tuple[Annotated[tuple[float, ...], Field(strict=False)], ...], Field(strict=False)]
Share = Annotated[float, Field(gt=0, lt=0.9)]
FileName = Annotated[str, Field(min_length=1)]

TransformKind = Literal["standardize", "quantile", "range", "none"]
Value = str | bool | int | float


class SyntheticData(Section):
    """What all synthetic laws share."""

    size: Annotated[int, Field(ge=10, le=10**8)] | None = 100_000  # training rows; null: fresh ones each step
    transform: Literal["standardize", "none"] = "standardize"


class GaussianData(SyntheticData):
    """N(mean, diag(std^2)) or N(mean, covariance)."""

    kind: Literal["gaussian"]
    mean: Vector = (0.0,)
    std: Scales | None = None  # one for all dimensions or one each; 1 where neither is given
    covariance: Matrix | None = None

    @model_validator(mode="after")
    def _consistent(self) -> GaussianData:
        if self.std is not None and self.covariance is not None:
            raise ValueError("give 'std' or 'covariance', not both")
        _check_std(self.std, len(self.mean), "std")
        if self.covariance is not None:
            _check_covariance(self.covariance, len(self.mean), "covariance")
        return self


class GaussianMixtureData(SyntheticData):
    """sum_k weights_k N(means_k, stds_k^2 I) or N(means_k, covariances_k)."""

    kind: Literal["gaussian_mixture"]
    means: Points
    weights: Scales | None = None  # equal where not given; normalized to sum to one
    stds: Scales | None = None  # one a component, or one for all; 1 where neither is given
    covariances: Annotated[tuple[Matrix, ...], Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> GaussianMixtureData:
        dim = len(self.means[0])
        if any(len(mean) != dim for mean in self.means):
            raise ValueError(f"every mean must have {dim} numbers, as the first one has")
        if self.weights is not None and len(self.weights) != len(self.means):
            raise ValueError(f"{len(self.weights)} weights for {len(self.means)} means")
        if self.stds is not None and self.covariances is not None:
            raise ValueError("give 'stds' or 'covariances', not both")
        _check_std(self.stds, len(self.means), "stds")
        if self.covariances is not None:
            if len(self.covariances) != len(self.means):
                raise ValueError(f"{len(self.covariances)} covariances for {len(self.means)} means")
            for index, matrix in enumerate(self.covariances):
                _check_covariance(matrix, dim, f"covariances[{index}]")
        return self


class RingData(SyntheticData):
    """Equal Gaussian modes on a circle: mode k at angle 2 pi k / modes."""

    kind: Literal["ring"]
    modes: Annotated[int, Field(ge=1, le=10_000)] = 8
    radius: Positive = 1.0
    std: Positive = 0.01


class GridData(SyntheticData):
    """Equal Gaussian modes on a square grid centered at the origin, side x side of them."""

    kind: Literal["grid"]
    side: Annotated[int, Field(ge=1, le=100)] = 5
    spacing: Positive = 2.0
    std: Positive = 0.05


class SplitRows(Section):
    """What is held out of the training rows: a share of the file, or a file of its own."""

    validation: Share | FileName = 0.1  # chooses the checkpoint
    test: Share | FileName = 0.1  # only eval-divergence reads it

    @model_validator(mode="after")
    def _leaves_rows(self) -> SplitRows:
        shares = [part for part in (self.validation, self.test) if isinstance(part, float)]
        if sum(shares) > 0.9:
            raise ValueError("validation and test leave less than a tenth of the rows to train on")
        return self


class DigitsData(Section):
    """scikit-learn's 1,797 handwritten digits, 8x8 pixels of 0..16; no download."""

    kind: Literal["digits"]
    split: SplitRows = SplitRows()
    transform: TransformKind = "range"
    round: bool = True  # samples are whole numbers again
    clip: bool = True  # samples stay within the range of the training rows


def _as_values(value: Any) -> Any:
    """A bare value where a list of values may stand."""
    return value if isinstance(value, list | tuple) else [value]


Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
Values = Annotated[tuple[Value, ...], Field(strict=False, min_length=1), BeforeValidator(_as_values)]


class FileData(Section):
    """Rows of a file of the user's own: a table, an array, or images."""

    kind: Literal["file"] = "file"
    path: FileName  # a file or a folder of images; beside the working folder or the config file
    columns: Names | None = None  # of a table; all by default
    drop: Names | None = None  # columns of a table to leave out
    where: dict[str, Values] | None = None  # keep the rows whose column (or label) has one of these values
    weights: str | None = None  # column of non-negative weights to draw the training rows by
    condition: Names | None = None  # columns, or the label of images, that the model is given
    key: str | None = None  # which array of an .npz
    labels: FileName | None = None  # a file with one class an image, where the images have none
    split: SplitRows = SplitRows()
    transform: TransformKind | None = None  # tables: quantile; images: range; other arrays: standardize
    in_memory: bool | None = None  # false reads the rows as they are needed; by default above 512 MiB
    round: bool = True  # samples have the decimals and types of the file
    clip: bool = True  # samples stay within the range of the training rows

    @model_validator(mode="after")
    def _consistent(self) -> FileData:
        if self.columns is not None and self.drop is not None:
            raise ValueError("give 'columns' or 'drop', not both")
        if self.condition is not None and len(set(self.condition)) < len(self.condition):
            raise ValueError("'condition' names a column twice")
        return self


def _path_means_file(value: Any) -> Any:
    if not isinstance(value, dict) or "kind" in value:
        return value
    if "path" not in value:
        near = [key for key in value if difflib.get_close_matches(str(key), ["path", "kind"], n=1)]
        got = f", got {near[0]!r}" if near else ""
        raise ValueError(f"needs 'path: FILE' or 'kind: ...'{got}")
    return {"kind": "file", **value}


DataConfig = Annotated[
    Annotated[
        GaussianData | GaussianMixtureData | RingData | GridData | DigitsData | FileData,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_path_means_file),
]


def _check_std(std: tuple[float, ...] | None, count: int, name: str) -> None:
    if std is not None and len(std) not in (1, count):
        raise ValueError(f"'{name}' has {len(std)} numbers: give 1 or {count}")


def _check_covariance(matrix: tuple[tuple[float, ...], ...], dim: int, name: str) -> None:
    if len(matrix) != dim or any(len(row) != dim for row in matrix):
        raise ValueError(f"'{name}' must be {dim} x {dim}, as the mean has {dim} numbers")
    if not _is_symmetric(matrix) or not _is_positive_definite(matrix):
        raise ValueError(f"'{name}' must be symmetric and positive definite")


def _is_symmetric(matrix: tuple[tuple[float, ...], ...]) -> bool:
    pairs = ((row, column) for row in range(len(matrix)) for column in range(row))
    return all(math.isclose(matrix[i][j], matrix[j][i], rel_tol=1e-5, abs_tol=1e-8) for i, j in pairs)


def _is_positive_definite(matrix: tuple[tuple[float, ...], ...]) -> bool:
    """Whether every pivot of the Cholesky factorization is positive (NumPy would cost its import)."""
    factor: list[list[float]] = []
    for i, row in enumerate(matrix):
        factor.append([])
        for j in range(i):
            inner = math.fsum(x * y for x, y in zip(factor[i], factor[j][:j], strict=True))
            factor[i].append((row[j] - inner) / factor[j][j])
        pivot = row[i] - math.fsum(x * x for x in factor[i])
        if not pivot > 0:
            return False
        factor[i].append(math.sqrt(pivot))
    return True
