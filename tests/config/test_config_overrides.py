from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.load import short_overrides

Load = Callable[..., ExperimentConfig]
Problems = Callable[..., list[str]]
RING = "data: {kind: ring}\n"


@pytest.mark.parametrize(
    ("text", "overrides", "read", "value"),
    [
        (RING, ["training.steps=7"], lambda c: c.training.steps, 7),
        (RING, ["training.steps=7", "training.steps=8"], lambda c: c.training.steps, 8),
        (RING, ["data.std=1e-3"], lambda c: c.data.std, 0.001),
        (RING, ["seed=010"], lambda c: c.seed, 10),
        (RING, ["name=no"], lambda c: c.name, "no"),
        (RING, ["data.size="], lambda c: c.data.size, None),
        (RING, ["generator.hidden=[8, 8]"], lambda c: c.generator.hidden, (8, 8)),
        (RING, ["generator.hidden.1=8"], lambda c: c.generator.hidden, (128, 8, 128)),
        (
            RING + "divergence: {kind: alpha, alpha: 0.3}\n",
            ["divergence=kl"],
            lambda c: c.divergence.kind,
            "kl",
        ),
        (RING, ["divergence={kind: alpha, alpha: 0.3}"], lambda c: c.divergence.alpha, 0.3),
        (
            RING + "divergence: kl\n",
            ["divergence.kind=alpha", "divergence.alpha=0.3"],
            lambda c: c.divergence.alpha,
            0.3,
        ),
        (RING + "critic: {score_bound: 3}\n", ["critic.kind=constant"], lambda c: c.critic.score_bound, 3.0),
        (RING + "critic:\n", ["critic.score_bound=3"], lambda c: c.critic.score_bound, 3.0),
        ("data: {path: a.csv}\n", ["data.split.test=0.2"], lambda c: c.data.split.test, 0.2),
        ("seed: 1\n", ["data.path=a=b.csv"], lambda c: c.data.path, "a=b.csv"),
        (
            RING + "objective: {penalties: [{kind: r1, weight: 1}]}\n",
            ["objective.penalties.0.weight=0.2"],
            lambda c: c.objective.penalties[0].weight,
            0.2,
        ),
        (
            RING,
            ["objective.penalties.1.weight=0.2"],
            lambda c: [each.weight for each in c.objective.penalties][1:],
            [0.2],
        ),
        (RING, ["optimizers.critic.b1=0.5"], lambda c: c.optimizers.critic.learning_rate, 2e-3),
        (RING, ["optimizers.critic.kind=sgd"], lambda c: c.optimizers.critic.learning_rate, 2e-3),
    ],
)
def test_an_override_changes_just_what_it_names(
    load: Load, text: str, overrides: list[str], read: Callable[[Any], object], value: object
) -> None:
    assert read(load(text, *overrides)) == value


@pytest.mark.parametrize(
    ("text", "overrides", "expected"),
    [
        (
            RING,
            ["training.steps=-3"],
            ["--set training.steps=-3: training.steps: must be at least 1, got -3"],
        ),
        (RING, ["foo"], ["--set foo: must be KEY=VALUE, such as training.steps=1000"]),
        (RING, ["=3"], ["--set =3: the key is empty"]),
        (RING, ["a..b=3"], ["--set a..b=3: the key 'a..b' has an empty part"]),
        (RING, [".=3"], ["--set .=3: the key '.' has an empty part"]),
        (RING, ["a" + ".a" * 99 + "=3"], ["--set " + "a." * 58 + "a...: the key has more than 64 parts"]),
        (
            RING,
            ["name=[1"],
            [
                "--set name=[1: not valid YAML: expected ',' or ']', but got '<stream end>' "
                "(while parsing a flow sequence that starts on line 1)"
            ],
        ),
        (
            RING,
            ["data.std=!!python/x 3"],
            ["--set data.std=!!python/x 3: tag '!!python/x' is not allowed; write plain YAML"],
        ),
        (
            RING,
            ["seed=\udcff"],
            [r"--set seed=\udcff: the character U+DCFF is not allowed in YAML"],
        ),
        (
            RING,
            ["latent={dim: 1, dim: 2}"],
            ["--set latent={dim: 1, dim: 2}: key 'dim' appears twice (first on line 1)"],
        ),
        (
            RING,
            ["latent={dim: 0}"],
            ["--set latent={dim: 0}: latent.dim: must be at least 1, got 0"],
        ),
        (
            RING,
            ["objective.penalties.7.weight=1"],
            ["--set objective.penalties.7.weight=1: objective.penalties has 2 items, 0 to 1: no item 7"],
        ),
        (
            RING,
            ["generator.hidden=[8]", "generator.hidden.first=1"],
            [
                "--set generator.hidden.first=1: generator.hidden is a list, so 'first' must be a number "
                "such as 0"
            ],
        ),
        (
            RING + "seed: 1\n",
            ["seed.x=3"],
            ["--set seed.x=3: seed is 1, so nothing can be set inside it"],
        ),
        (
            RING + "critic: {hidden: [3]}\n",
            ["critic.kind=constant"],
            [
                "x.yaml:2:10: critic.hidden: unknown key 'hidden' for kind 'constant'; it belongs to kind "
                "'mlp' (known: kind, score_bound); after --set critic.kind=constant"
            ],
        ),
        (
            RING,
            ["data.kind=gaussian_mixture"],
            [
                "x.yaml:1:7: data.means: missing key 'means' for kind 'gaussian_mixture'; it must be "
                "a list of lists of numbers; after --set data.kind=gaussian_mixture"
            ],
        ),
        (
            "data: {kind: gaussian, std: 1}\n",
            ["data.covariance=[[1]]"],
            ["x.yaml:1:7: data: give 'std' or 'covariance', not both; after --set data.covariance=[[1]]"],
        ),
        (
            RING + "seed: a\n",
            ["training.steps=b", "foo", "training.batch_size=c"],
            [
                "x.yaml:2:7: seed: must be a whole number, got 'a' (text)",
                "--set training.steps=b: training.steps: must be a whole number, got 'b' (text)",
                "--set foo: must be KEY=VALUE, such as training.steps=1000",
                "--set training.batch_size=c: training.batch_size: must be a whole number, got 'c' (text)",
            ],
        ),
    ],
)
def test_a_bad_override_is_named(
    problems: Problems, text: str, overrides: list[str], expected: list[str]
) -> None:
    assert problems(text, *overrides) == expected


def test_an_override_mends_what_was_wrong_in_the_file(load: Load) -> None:
    assert load(RING + "seed: a\ntraining: {steps: -1}\n", "seed=2", "training={steps: 3}").seed == 2


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], ""),
        (["divergence=kl", "training.steps=500"], "+divergence=kl+steps=500"),
        (["name=mine", "seed=3"], "+seed=3"),
        (["critic.kind=constant"], "+critic.kind=constant"),
        (["optimizers.critic.learning_rate=1e-3"], "+critic.learning_rate=1e-3"),
        (["objective.penalties.0.weight=0.2"], "+penalties.0.weight=0.2"),
    ],
)
def test_a_short_form_is_the_least_that_tells_the_options(overrides: list[str], expected: str) -> None:
    assert short_overrides(overrides) == expected


@pytest.mark.parametrize(
    ("overrides", "start"),
    [
        (["divergence={kind: alpha, alpha: 0.5}"], "+divergence=kind-alpha-alpha-0.5-"),
        (["critic.hidden=[64, 64]"], "+critic.hidden=64-64-"),
        (["data.path=a/b.csv"], "+path=a-b.csv-"),
        (["steps=5"], "+steps=5-"),
        ([f"data.path={'x' * 200}"], "+path=xxxx"),
    ],
)
def test_a_short_form_that_cannot_tell_all_ends_in_a_hash(overrides: list[str], start: str) -> None:
    short = short_overrides(overrides)
    assert short.startswith(start)
    assert re.search(r"-[0-9a-f]{8}$", short)
    assert len(short) <= 60


keys = st.sampled_from(
    [
        "training.steps",
        "steps",
        "critic.hidden",
        "generator.hidden",
        "hidden",
        "seed",
        "data.path",
        "critic",
        "optimizers.critic",
        "objective.penalties.0.weight",
        "objective.penalties.1.weight",
        "weight",
    ]
)
options = st.builds("{}={}".format, keys, st.text("a1+=- /{", max_size=4))


@given(st.lists(st.lists(options, max_size=3), min_size=2, max_size=20, unique_by=tuple))
def test_different_options_have_different_short_forms_fit_for_a_name(variants: list[list[str]]) -> None:
    shorts = [short_overrides(each) for each in variants]
    assert len(set(shorts)) == len(shorts)
    assert all(re.fullmatch(r"[A-Za-z0-9._+=-]{0,60}", each) for each in shorts)
