from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from vdm_cli.config.document import read_document
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.load import dump_experiment, load_experiment
from vdm_cli.config.scalars import write_float
from vdm_cli.config.shipped import shipped_names

positive = st.floats(min_value=1e-300, max_value=1e300)
number = st.floats(allow_nan=False, allow_infinity=False)
beta = st.floats(0, 1, exclude_max=True)
size = st.none() | st.integers(10, 10**8)
widths = st.lists(st.integers(1, 100_000), min_size=1, max_size=5)
awkward = st.sampled_from(
    ["no", "1e-3", "010", "0o17", "null", "12:30", "2026-01-01", "a: b", "#x", " x ", ""]
)
text = (st.text() | awkward).map(lambda end: "no such folder/" + end) | awkward.filter(bool)
share = st.floats(0.01, 0.4) | text


def section(kind: str, **options: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(kind)}, optional=options)


splits = st.fixed_dictionaries({}, optional={"validation": share, "test": share})
data = st.one_of(
    section("ring", modes=st.integers(1, 100), radius=positive, std=positive, size=size),
    section("gaussian", mean=st.lists(number, min_size=2, max_size=2), std=positive),
    section("gaussian", mean=number, covariance=st.just([[2.0]])),
    st.fixed_dictionaries({"kind": st.just("gaussian_mixture"), "means": st.lists(number, min_size=1)}),
    section("digits", split=splits, round=st.booleans()),
    st.fixed_dictionaries(
        {"path": text}, optional={"columns": st.lists(text, min_size=1), "key": text, "split": splits}
    ),
)
alpha = st.floats(-20, 20).filter(lambda value: min(abs(value), abs(value - 1)) >= 1e-3)
divergence = st.one_of(
    st.sampled_from(["kl", "gan", "jeffreys"]),
    section("alpha", alpha=alpha),
    section("skewed_jensen_shannon"),
)
annealed = st.fixed_dictionaries({"initial": positive, "final": positive})
penalty = st.fixed_dictionaries({"kind": st.sampled_from(["r1", "r2"]), "weight": positive | annealed})
optimizer = st.one_of(
    section("adam", learning_rate=positive, b1=beta, eps=positive),
    section("sgd", momentum=beta, nesterov=st.booleans(), clip_norm=positive),
)
experiments = st.fixed_dictionaries(
    {"data": data},
    optional={
        "seed": st.integers(0, 2**32 - 1),
        "name": st.sampled_from(["a", "1e3", "010", "no", "0x1F", "1.5"]),
        "divergence": divergence,
        "generator": section("mlp", hidden=widths) | section("affine"),
        "critic": section("mlp", hidden=widths, score_bound=positive) | section("constant"),
        "objective": st.fixed_dictionaries({"penalties": st.lists(penalty, max_size=3)}),
        "optimizers": st.fixed_dictionaries({}, optional={"critic": optimizer, "generator": optimizer}),
        "training": st.fixed_dictionaries({}, optional={"steps": st.integers(1, 10**9), "ema_decay": beta}),
    },
)


@given(experiments)
@example({"data": {"path": "next line \x85, separator \u2028, mark \ufeff, bell \a, tab \t and\nnew line"}})
def test_a_dumped_configuration_reads_back_equal(experiment: dict[str, Any]) -> None:
    config = ExperimentConfig.model_validate(experiment)
    written = dump_experiment(config)
    document = read_document(written.encode(), "config.yaml")
    assert not document.problems
    assert ExperimentConfig.model_validate(document.tree) == config
    assert dump_experiment(config) == written


@given(experiments)
def test_a_dumped_configuration_means_the_same_in_yaml_1_1(experiment: dict[str, Any]) -> None:
    written = dump_experiment(ExperimentConfig.model_validate(experiment))
    assert yaml.safe_load(written) == read_document(written.encode(), "config.yaml").tree


@given(number)
def test_a_written_float_is_the_same_number(value: float) -> None:
    assert float(write_float(value)) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.001, "0.001"), (1e-8, "1.0e-8"), (1e16, "1.0e+16"), (2.5e-7, "2.5e-7"), (1.0, "1.0"), (-0.0, "-0.0")],
)
def test_floats_are_written_readably(value: float, written: str) -> None:
    assert write_float(value) == written


def test_a_dump_has_the_order_of_the_schema_and_kind_first() -> None:
    written = dump_experiment(
        ExperimentConfig.model_validate({"seed": 3, "data": {"std": 0.1, "kind": "ring"}})
    )
    assert written.startswith(
        "name: run\nseed: 3\ndivergence: jensen_shannon\ndata:\n  kind: ring\n  size: 100000\n"
        "  transform: standardize\n  modes: 8\n  radius: 1.0\n  std: 0.1\n"
        "latent:\n  kind: normal\n  dim: null\n  draws: independent\n"
        "generator:\n  kind: mlp\n  categories: gumbel\n  hidden: [128, 128, 128]\n"
    )
    assert "  penalties:\n  - kind: r1\n    weight:\n      initial: 1.2\n" in written
    assert "    eps: 1.0e-8\n" in written


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_configuration_survives_its_dump(name: str, tmp_path: Path) -> None:
    config = load_experiment(name)
    (tmp_path / "other.yaml").write_text(dump_experiment(config), encoding="utf-8")
    assert load_experiment(str(tmp_path / "other.yaml")) == config
