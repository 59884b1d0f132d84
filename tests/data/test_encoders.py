from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from vdm_cli.data.encoders import (
    Encoder,
    Levels,
    QuantileNormal,
    Standardized,
    WithBlanks,
    encoder_from_json,
    fit_encoder,
)

COUNT = 5_000


def columns() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    blanks = rng.gamma(2.0, 3.0, COUNT)
    blanks[rng.random(COUNT) < 0.1] = np.nan
    return {
        "normal": rng.normal(1e6, 2.0, COUNT),
        "heavy": rng.standard_cauchy(COUNT),
        "counts": rng.poisson(30.0, COUNT).astype(float),
        "spike": np.where(rng.random(COUNT) < 0.4, 0.0, rng.exponential(5.0, COUNT)),
        "capped": np.minimum(rng.exponential(2.0, COUNT), 3.0),
        "few": rng.integers(3, 9, COUNT).astype(float),
        "constant": np.full(COUNT, -7.5),
        "blanks": blanks,
    }


@pytest.fixture(params=[True, False], ids=["quantile", "standardize"])
def quantile(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize("name", columns())
def test_decoding_gives_back_what_was_encoded(name: str, quantile: bool) -> None:
    values = columns()[name]
    encoder = fit_encoder(values, categories=0, quantile=quantile)
    encoded = encoder.encode(values, np.random.default_rng(1)).astype(np.float32)
    assert encoded.shape == (COUNT, encoder.width)
    scale = np.nanquantile(np.abs(values - np.nanmedian(values)), 0.9) + 1e-12
    inner = np.nan_to_num(np.abs(values - np.nanmedian(values))) <= scale
    np.testing.assert_allclose(encoder.decode(encoded)[inner], values[inner], atol=1e-3 * scale)


@pytest.mark.parametrize("name", ["normal", "heavy", "counts", "spike", "capped"])
def test_quantile_encoding_is_standard_normal_whatever_the_column(name: str) -> None:
    """Also on rows that the encoder was not fitted on, and with 40 % of them tied."""
    values = columns()[name]
    rng = np.random.default_rng(2)
    order = rng.permutation(COUNT)
    encoder = fit_encoder(values[order[: COUNT // 2]], categories=0, quantile=True)
    encoded = encoder.encode(values[order[COUNT // 2 :]], rng)[:, 0]
    # both halves have sampling error: a two-sample statistic, 1 in 10^4
    assert stats.kstest(encoded, "norm").statistic < 2.2 * np.sqrt(2 / (COUNT / 2))


@pytest.mark.parametrize("name", ["counts", "spike", "capped"])
def test_normal_draws_decode_to_the_ties_of_the_column(name: str) -> None:
    values = columns()[name]
    encoder = fit_encoder(values, categories=0, quantile=True)
    decoded = encoder.decode(np.random.default_rng(3).normal(size=(COUNT, 1)))
    level, count = max(zip(*np.unique(values, return_counts=True), strict=True), key=lambda pair: pair[1])
    share = count / COUNT
    error = np.sqrt(share * (1 - share) / COUNT)
    assert np.mean(decoded == level) == pytest.approx(share, abs=5 * error)
    assert decoded.min() >= values.min()
    assert decoded.max() <= values.max()


def test_every_place_of_a_tie_decodes_to_it_exactly() -> None:
    values = np.repeat(np.arange(40.0), 25)
    encoder = fit_encoder(values, categories=0, quantile=True)
    assert isinstance(encoder, QuantileNormal)
    for seed in range(3):
        encoded = encoder.encode(values, np.random.default_rng(seed))
        np.testing.assert_array_equal(encoder.decode(encoded), values)


def test_values_beyond_the_training_range_stay_finite() -> None:
    encoder = fit_encoder(columns()["normal"], categories=0, quantile=True)
    encoded = encoder.encode(np.array([-1e300, 0.0, 1e300]), np.random.default_rng(0))
    assert np.isfinite(encoded).all()
    assert encoded[0] < -3 < 3 < encoded[2]


def test_few_valued_numbers_are_one_hot() -> None:
    encoder = fit_encoder(columns()["few"], categories=0, quantile=True)
    assert isinstance(encoder, Levels)
    np.testing.assert_array_equal(encoder.values, np.arange(3.0, 9.0))
    encoded = encoder.encode(np.array([3.0, 8.0]), np.random.default_rng(0))
    np.testing.assert_array_equal(encoded, np.eye(6)[[0, 5]])


def test_a_small_file_of_distinct_numbers_is_no_category() -> None:
    encoder = fit_encoder(np.array([1.5, 2.5, 3.25, 9.0]), categories=0, quantile=False)
    assert isinstance(encoder, Standardized)


def test_a_category_that_training_rows_lack_keeps_its_code() -> None:
    encoder = fit_encoder(np.array([0.0, 2.0, 2.0]), categories=3, quantile=True)
    encoded = encoder.encode(np.array([0.0, 1.0, 2.0]), np.random.default_rng(0))
    np.testing.assert_array_equal(encoded, np.eye(3))


def test_blanks_are_an_indicator_and_zeros() -> None:
    values = np.array([1.0, np.nan, 3.0, 4.5, np.nan, 6.0])
    encoder = fit_encoder(values, categories=0, quantile=False)
    assert isinstance(encoder, WithBlanks)
    encoded = encoder.encode(values, np.random.default_rng(0))
    blank = np.isnan(values)
    np.testing.assert_array_equal(encoded[:, -1], blank)
    np.testing.assert_array_equal(encoded[:, -2], ~blank)
    np.testing.assert_array_equal(encoded[blank, 0], 0.0)
    np.testing.assert_allclose(encoder.decode(encoded), values)


@pytest.mark.parametrize("name", columns())
def test_json_keeps_an_encoder_to_the_bit(name: str, quantile: bool) -> None:
    values = columns()[name]
    encoder: Encoder = fit_encoder(values, categories=0, quantile=quantile)
    restored = encoder_from_json(json.loads(json.dumps(encoder.to_json())))
    encoded = encoder.encode(values, np.random.default_rng(0))
    np.testing.assert_array_equal(restored.encode(values, np.random.default_rng(0)), encoded)
    np.testing.assert_array_equal(restored.decode(encoded), encoder.decode(encoded))


def test_an_unknown_kind_of_encoder_is_named() -> None:
    with pytest.raises(ValueError, match="'spline'"):
        encoder_from_json({"kind": "spline"})


def test_blanks_elsewhere_make_an_indicator_here() -> None:
    encoder = fit_encoder(np.arange(50.0), categories=0, quantile=True, blanks=True)
    assert isinstance(encoder, WithBlanks)
    encoded = encoder.encode(np.array([7.0, np.nan]), np.random.default_rng(0))
    np.testing.assert_array_equal(encoded[:, 1:], [[1, 0], [0, 1]])
