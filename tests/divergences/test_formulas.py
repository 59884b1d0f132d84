"""Every formula in text against the functions of its row, so that no text can be wrong."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit, lambertw

from vdm_cli.divergences.catalog import alpha_divergence, catalog, skewed_jensen_shannon
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.formulas import FUNCTION_MEANINGS, Formulas, inserted
from vdm_cli.divergences.links import paper_link
from vdm_cli.errors import UsageError
from vdm_cli.expressions.convex import examine

ROWS = (
    *catalog().values(),
    *(alpha_divergence(a) for a in (-1.0, 0.3, 1.5, 3.0)),
    skewed_jensen_shannon(0.8),
)
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
V = np.linspace(-8.0, 8.0, 160)  # leaves out 0, where total variation has its kink

FUNCTIONS = {
    "log": np.log,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "tanh": np.tanh,
    "sign": np.sign,
    "sigmoid": expit,
    "softplus": lambda x: np.logaddexp(0.0, x),
    "W": lambda x: lambertw(x).real,
}


def evaluated(text: str, row: FDivergence, **variables: Any) -> Any:
    names = {formulas(row).parameter: row.parameter} if row.parameter is not None else {}
    return eval(text, {"__builtins__": {}}, {**FUNCTIONS, **names, **variables})


def formulas(row: FDivergence) -> Formulas:
    assert row.formulas is not None
    return row.formulas


def same(text: Any, function: Any) -> None:
    np.testing.assert_allclose(text, np.asarray(function), rtol=1e-9, atol=1e-12)


@every_row
def test_f_in_text_is_f(row: FDivergence, float64: None) -> None:
    u = np.exp(V)
    same(evaluated(formulas(row).f, row, u=u), row.f(jnp.asarray(u)))


@every_row
def test_witness_in_text_is_the_witness(row: FDivergence, float64: None) -> None:
    text = formulas(row)
    same(evaluated(text.witness, row, v=V), row.witness(jnp.asarray(V)))
    same(evaluated(text.witness_conjugate, row, v=V), row.witness_conjugate(jnp.asarray(V)))
    same(evaluated(text.slope, row, r=np.exp(V)), row.witness(jnp.asarray(V)))


@every_row
def test_conjugate_in_text_is_the_conjugate_on_its_domain(row: FDivergence, float64: None) -> None:
    text = formulas(row)
    v = jnp.linspace(-6.0, 6.0, 120)  # at -8 the text of jeffreys has exp(2980)
    t = np.asarray(row.witness(v))
    if text.conjugate:
        same(evaluated(text.conjugate, row, t=t), row.witness_conjugate(v))
    if text.domain != "every t":
        assert all(evaluated(text.domain, row, t=each) for each in t)


@every_row
def test_domain_in_text_ends_where_the_slopes_of_f_end(row: FDivergence, float64: None) -> None:
    """The ends of T: a finite one is an end of the domain in text, an infinite one is none."""
    text, limit = formulas(row), row.score_limit
    low, high = (float(row.witness(jnp.asarray(side * limit))) for side in (-1.0, 1.0))
    domain = "True" if text.domain == "every t" else text.domain
    flat = low > -10.0
    assert bool(text.below) == flat == (not evaluated(domain, row, t=low - 1e-3))
    assert evaluated(domain, row, t=-1e9) == (not flat)
    # slopes grow without end, as log u at least, or come to a limit
    grows = high - float(row.witness(jnp.asarray(0.9 * limit))) > 1e-2
    assert evaluated(domain, row, t=1e9) == grows == evaluated(domain, row, t=high + 1e-3)


@every_row
def test_conjugate_is_flat_below_its_domain(row: FDivergence, float64: None) -> None:
    text = formulas(row)
    if text.below:
        low = float(row.witness(jnp.asarray(-row.score_limit)))
        below = np.array([low - 3.0, low - 0.1])
        same(np.full(2, evaluated(text.below, row)), row.conjugate(jnp.asarray(below)))


def test_surrogate_in_text_is_what_training_differentiates(float64: None) -> None:
    for row in ROWS:
        assert bool(formulas(row).surrogate) == (row.training_link is not None)
        if row.training_link is not None:
            same(evaluated(formulas(row).surrogate, row, v=V), row.training_link[0](jnp.asarray(V)))


@every_row
def test_paper_link_in_text_is_the_paper_link(row: FDivergence, float64: None) -> None:
    text = formulas(row).paper_link
    if text:
        same(evaluated(text, row, v=V), paper_link(row).witness(jnp.asarray(V)))
    else:
        with pytest.raises(UsageError, match="no activation"):
            paper_link(row)


@every_row
def test_pasted_f_is_an_expression_with_the_same_constants(row: FDivergence, float64: None) -> None:
    twin = examine(formulas(row).pasted_f(row.parameter))
    u = np.exp(V)
    same(evaluated(formulas(row).pasted_f(row.parameter), row, u=u), row.f(jnp.asarray(u)))
    assert twin.offset == pytest.approx(row.at_equality, abs=1e-12)
    assert twin.curvature == pytest.approx(row.curvature, rel=1e-9, nan_ok=True)
    assert twin.supremum == pytest.approx(row.supremum - row.at_equality, rel=1e-6)


@every_row
def test_texts_are_whole_and_their_functions_explained(row: FDivergence) -> None:
    text = formulas(row)
    assert text.convention.endswith(".")
    assert bool(text.paper_name) == bool(text.paper_link)
    assert bool(text.parameter) == (row.parameter is not None)
    used = {name for name in FUNCTIONS if f"{name}(" in " ".join(vars(text).values())}
    assert used - {"log", "exp", "sqrt", "abs", "tanh"} <= set(FUNCTION_MEANINGS)


def test_a_parameter_is_inserted_exactly_and_in_parentheses_where_negative() -> None:
    assert inserted("u**a + exp(a*alpha)", "a", -0.5) == "u**(-0.5) + exp((-0.5)*alpha)"
    assert eval(inserted("a", "a", 1.0 / 3.0)) == 1.0 / 3.0
    assert inserted("u", "", None) == "u"
    assert math.isclose(eval(inserted("a", "a", 1e-7)), 1e-7, rel_tol=0.0)
