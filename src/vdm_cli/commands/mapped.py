"""`--features` and `--noise`: rows compared through one map or channel for both sides.

What is certified of mapped rows is certified of P and Q (data processing), whatever the map, so long as it
does not depend on the rows that are compared: those that it is fitted on are set apart.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vdm_cli.commands.sides import Sides
from vdm_cli.data.dataset import Part
from vdm_cli.data.features import FeatureMap
from vdm_cli.data.layout import are_images
from vdm_cli.errors import DataError
from vdm_cli.estimation.estimate import MINIMUM_ROWS
from vdm_cli.estimation.map_name import IMAGE_COMPONENTS, MapName
from vdm_cli.estimation.result import Estimation, RowScores
from vdm_cli.estimation.way import fit_way
from vdm_cli.estimation.weights import Weights

_SHARE, _MOST = 0.2, 5_000  # rows of each side that are set apart
_FEWEST = math.ceil(MINIMUM_ROWS / (1.0 - _SHARE))
Index = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Treatment:
    """What became of the rows of both sides before they were compared.

    Attributes:
        features: What maps them, such as ``pca:20``; None where nothing does.
        noise: Added before that, in standard deviations; None where none was.
        fitted_on: Numbers of rows of P and of Q that were set apart for it.
        words: What is compared, for people: "20 principal components of rows with noise of 0.1 sd"; empty for
            rows as they are.
    """

    features: str | None = None
    noise: float | None = None
    fitted_on: tuple[int, int] = (0, 0)
    words: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its entry in the document."""
        fitted_on = {"p": self.fitted_on[0], "q": self.fitted_on[1]}
        return {"features": self.features, "noise": self.noise, "fitted_on": fitted_on}


UNTREATED = Treatment()


@dataclass(frozen=True, eq=False)
class Compared:
    """Rows of both sides as critics see them.

    Attributes:
        p: Shape (n, d).
        q: Shape (m, d).
        p_index: Which rows of the side they are, (n,), increasing.
        q_index: The same of Q.
        p_weights: Of these rows; None where all count the same.
        q_weights: The same of Q.
        treatment: How they became these.
    """

    p: npt.NDArray[Any]
    q: npt.NDArray[Any]
    p_index: Index
    q_index: Index
    p_weights: Weights | None
    q_weights: Weights | None
    treatment: Treatment

    def numbered(self, found: Estimation) -> Estimation:
        """The estimation of these rows, with scores by the rows' numbers in their side."""
        seen = found.scores
        scores = RowScores(self.p_index[seen.p_rows], seen.p, self.q_index[seen.q_rows], seen.q)
        return dataclasses.replace(found, scores=scores)


@dataclass(frozen=True, eq=False)
class Mapped:
    """What was found of images in features, beside what was found of their pixels.

    Attributes:
        treatment: From images to features.
        estimation: Of the features.
    """

    treatment: Treatment
    estimation: Estimation

    def to_json(self) -> dict[str, Any]:
        """Its entry in the document."""
        found, treatment = self.estimation.to_json(), self.treatment.to_json()
        kept = {name: found[name] for name in ("critic", "estimates", "warnings")}
        return {"map": treatment["features"], "fitted_on": treatment["fitted_on"], **kept}


def default_map(sides: Sides) -> MapName | None:
    """What images are compared by beside their pixels; None for other rows, tiny images and few of them."""
    shape, rows = sides.p.rows.shape[1:], min(len(sides.p), len(sides.q))
    if not are_images(shape) or math.prod(shape) <= IMAGE_COMPONENTS or rows < _FEWEST:
        return None
    return MapName(f"pca:{IMAGE_COMPONENTS}", components=IMAGE_COMPONENTS, at_most=True)


def compare(
    sides: Sides,
    encode: FeatureMap,
    *,
    features: MapName | None = None,
    noise: float | None = None,
    seed: int = 0,
    fit_rows: Part | None = None,
) -> Compared:
    """The rows of both sides, with noise and mapped where that is asked for.

    Noise goes to numbers and pixels, not to indicators of categories and blanks.  Labels of images stay as
    they are, beside what becomes of the images.

    Args:
        sides: P and Q.
        encode: Their rows as plain numbers.
        features: The map; None for none.
        noise: Its size in standard deviations; None for none.
        seed: Of the rows that are set apart, the noise and the decomposition.
        fit_rows: Rows that are compared nowhere, such as those a model was trained on, to fit on instead of
            setting some apart.

    Raises:
        DataError: If too few rows are left, or the map cannot be fitted, read or applied.
    """
    shape = sides.p.rows.shape[1:]
    bare = dataclasses.replace(encode, label=None)
    if features is None and noise is None:
        p_index, q_index = np.arange(len(sides.p)), np.arange(len(sides.q))
        p, q = bare(sides.p.rows), bare(sides.q.rows)
        treatment = UNTREATED
    else:
        fits = fit_rows is None and not (noise is None and features is not None and features.file is not None)
        p_apart, p_index = _set_apart(len(sides.p), "P", seed) if fits else _none_apart(len(sides.p))
        q_apart, q_index = _set_apart(len(sides.q), "Q", seed) if fits else _none_apart(len(sides.q))
        apart = np.concatenate([sides.p.rows[p_apart], sides.q.rows[q_apart]])
        if fit_rows is not None:
            apart = fit_rows.rows[: 2 * _MOST]
        numbers = bare.numbers(math.prod(shape))
        way = fit_way(
            bare(apart) if len(apart) else np.empty((0, len(numbers))),
            features,
            noise,
            shape=(len(numbers),) if encode.forms else shape,
            pixels=are_images(shape),
            numbers=numbers,
            seed=seed,
        )
        p, q = way(bare(sides.p.rows[p_index]), (seed, 0)), way(bare(sides.q.rows[q_index]), (seed, 1))
        words = _in_words(features, noise, p.shape[1], "pixels" if are_images(shape) else "rows")
        name = None if features is None else features.text
        treatment = Treatment(name, noise, (len(p_apart), len(q_apart)), words)
    if encode.label is not None:
        p, q = _with_labels(p, sides.p.take(p_index), encode), _with_labels(q, sides.q.take(q_index), encode)
    return Compared(
        p,
        q,
        p_index,
        q_index,
        _weights(sides.p_weights, p_index),
        _weights(sides.q_weights, q_index),
        treatment,
    )


def _with_labels(rows: npt.NDArray[Any], part: Part, encode: FeatureMap) -> npt.NDArray[Any]:
    """Rows (n, d) with the features of their labels beside them."""
    alone = FeatureMap((), (), encode.label)(np.empty((len(rows), 0), np.float32), part.labels)
    return np.concatenate([rows, alone], axis=1)


def _none_apart(count: int) -> tuple[Index, Index]:
    return np.empty(0, np.intp), np.arange(count)


def _set_apart(count: int, side: str, seed: int) -> tuple[Index, Index]:
    """Rows for fitting, in random order, and the others, increasing; the same ones on sides of one size."""
    apart = min(math.ceil(_SHARE * count), _MOST)
    if count - apart < MINIMUM_ROWS:
        raise DataError(
            f"{side} has {count} rows, of which {apart} are set apart to fit the map or the noise: at least "
            f"{_FEWEST} a side are needed"
        )
    order = np.random.default_rng(seed).permutation(count)
    return order[:apart], np.sort(order[apart:])


def _weights(given: Weights | None, index: Index) -> Weights | None:
    return None if given is None else Weights(given.values[index], given.maximum)


def _in_words(features: MapName | None, noise: float | None, width: int, what: str) -> str:
    """Such as "20 principal components of pixels with noise of 0.1 sd"."""
    blurred = what if noise is None else f"{what} with noise of {noise:g} sd"
    return blurred if features is None else f"{features.describe(width)} of {blurred}"


def with_proposal(found: Estimation, noise: float | None, *, mapped: bool) -> Estimation:
    """The estimation, with a warning that proposes a blur where P and Q are separated.

    That is where all divergences are saturated, or the first one: the number of rows sets their values.

    Args:
        found: What was found.
        noise: What was added, in standard deviations.
        mapped: Whether features are compared, here or elsewhere in the report.
    """
    statuses = [row.status for row in found.estimates]
    if statuses[0] != "saturated" and set(statuses) != {"saturated"}:
        return found
    blurs = [f"--noise {0.1 if noise is None else 2 * noise:g}"] + ["--features pca:K"] * (not mapped)
    told = (
        f"P and Q are separated: {' or '.join(blurs)} compare{'s' if mapped else ''} a blurred version of "
        "both, and what is certified of it holds of P and Q"
    )
    return dataclasses.replace(found, warnings=(*found.warnings, told))
