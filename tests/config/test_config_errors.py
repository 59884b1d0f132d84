from __future__ import annotations

from collections.abc import Callable

import pytest

from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.divergences.catalog import catalog

Load = Callable[..., ExperimentConfig]
Problems = Callable[..., list[str]]

TOP = "name, seed, divergence, data, latent, generator, critic, objective, optimizers, training, checkpoints"
DIVERGENCES = ", ".join([*catalog(), "wasserstein", "expression"])
DATA = "gaussian, gaussian_mixture, ring, grid, digits, file"
RING = "data: {kind: ring}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # unknown keys
        (
            RING + "trainin: {}\n",
            [f"2:1: trainin: unknown key 'trainin'; did you mean 'training'? (known: {TOP})"],
        ),
        (
            RING + "steps: 4\n",
            [f"2:1: steps: unknown key 'steps'; did you mean 'training.steps'? (known: {TOP})"],
        ),
        (
            RING + "critic:\n  hiden: [1]\n",
            [
                "3:3: critic.hiden: unknown key 'hiden'; did you mean 'hidden'? "
                "(known: kind, score_bound, hidden, activation, normalization, fourier)"
            ],
        ),
        (
            RING + "critic: {kind: constant, hidden: [1]}\n",
            [
                "2:26: critic.hidden: unknown key 'hidden' for kind 'constant'; it belongs to kind 'mlp' "
                "(known: kind, score_bound)"
            ],
        ),
        (
            RING + "divergence: {kind: kl, xyz: 1}\n",
            ["2:24: divergence.xyz: unknown key 'xyz' for kind 'kl' (known: kind)"],
        ),
        (
            RING + 'training: {"\\0": 1}\n',
            [
                r"2:12: training.\x00: unknown key '\x00' (known: steps, batch_size, critic_steps, updates, "
                "ema_decay, num_seeds, log_every, precision)"
            ],
        ),
        # unknown names
        (
            RING + "generator: {kind: mpl}\n",
            [
                "2:19: generator.kind: unknown kind 'mpl'; did you mean 'mlp'? "
                "(allowed: affine, mlp, conv, residual)"
            ],
        ),
        (
            RING + "generator: {kind: null}\n",
            ["2:19: generator.kind: must be one of: affine, mlp, conv, residual; got nothing (null)"],
        ),
        (
            "data: {path: x.csv, where: {class: [g, {a: 1}]}}\n",
            [
                "1:40: data.where.class.1: must be text or true or false or a whole number or a number, "
                "got a mapping"
            ],
        ),
        (
            "data: {path: x.csv, where: 3}\n",
            [
                "1:28: data.where: must be a mapping of names to a list of values or null, got 3",
            ],
        ),
        (
            RING + "divergence: kll\n",
            [
                f"2:13: divergence: unknown divergence 'kll'; did you mean 'kl'? (allowed: {DIVERGENCES}; "
                "or a convex f of u, such as 'u*log(u)')"
            ],
        ),
        (
            RING + "latent: {kind: gauss}\n",
            ["2:16: latent.kind: unknown kind 'gauss' (allowed: normal, uniform)"],
        ),
        (
            RING + "training: {updates: Alternate}\n",
            [
                "2:21: training.updates: unknown updates 'Alternate'; did you mean 'alternating'? "
                "(allowed: alternating, simultaneous)"
            ],
        ),
        (
            RING + "training: {updates: 3}\n",
            ["2:21: training.updates: must be one of: alternating, simultaneous; got 3"],
        ),
        # wrong types
        ("data: {kind: ring, modes: abc}\n", ["1:27: data.modes: must be a whole number, got 'abc' (text)"]),
        (
            "data: {kind: ring, modes: 12:30}\n",
            ["1:27: data.modes: must be a whole number, got '12:30' (text)"],
        ),
        (
            "data: {kind: ring, modes: 1e1}\n",
            ["1:27: data.modes: must be a whole number, got 10.0 (write 10)"],
        ),
        (
            "data: {kind: ring, modes: true}\n",
            ["1:27: data.modes: must be a whole number, got true (a truth value)"],
        ),
        ("data: {kind: ring, std: true}\n", ["1:25: data.std: must be a number, got true (a truth value)"]),
        ("data: {kind: ring, std: '1'}\n", ["1:25: data.std: must be a number, got '1' (text)"]),
        ("data: {kind: ring, std: [1]}\n", ["1:25: data.std: must be a number, got a list"]),
        (
            "data: {kind: ring, size: a}\n",
            ["1:26: data.size: must be a whole number or null, got 'a' (text)"],
        ),
        ("data: {kind: digits, round: yes}\n", ["1:29: data.round: must be true or false, got 'yes' (text)"]),
        (
            "data: {path: 3}\n",
            ["1:14: data.path: must be text, got 3 (put text that looks like this in quotes)"],
        ),
        (
            "data: {path: a.csv, columns: a}\n",
            ["1:30: data.columns: must be a list of texts or null, got 'a' (text)"],
        ),
        ("data: {kind: gaussian, mean: a}\n", ["1:30: data.mean: must be a list of numbers, got 'a' (text)"]),
        (RING + "seed: no\n", ["2:7: seed: must be a whole number, got 'no' (text)"]),
        (
            RING + "critic: mlp\n",
            [
                "2:9: critic: must be a mapping with a kind (constant, affine, mlp, conv, residual), "
                "got 'mlp' (text)"
            ],
        ),
        (
            RING + "latent:\n",
            [
                "2:8: latent: must be a mapping (kind, dim, draws), got nothing (null); "
                "leave the key out for its default"
            ],
        ),
        (
            RING + "checkpoints: [1]\n",
            ["2:14: checkpoints: must be a mapping (every, keep, patience), got a list"],
        ),
        # ranges
        (RING + "training: {steps: -3}\n", ["2:19: training.steps: must be at least 1, got -3"]),
        (RING + "training: {ema_decay: 1}\n", ["2:23: training.ema_decay: must be less than 1, got 1"]),
        ("data: {kind: ring, std: -3}\n", ["1:25: data.std: must be greater than 0, got -3"]),
        ("data: {kind: ring, std: .nan}\n", ["1:25: data.std: must be a finite number, got nan"]),
        ("data: {kind: ring, std: 1e999}\n", ["1:25: data.std: must be a finite number, got inf"]),
        (RING + "seed: 4294967296\n", ["2:7: seed: must be less than 4294967296, got 4294967296"]),
        (RING + "critic: {hidden: []}\n", ["2:18: critic.hidden: must have at least 1 item, got none"]),
        (RING + "name: ''\n", ["2:7: name: must not be empty"]),
        (RING + f"name: {'a' * 101}\n", ["2:7: name: must have at most 100 characters, got 101"]),
        (
            RING + "name: a/b\n",
            ["2:7: name: must be letters, digits and . _ + = - only, a letter or digit first; got 'a/b'"],
        ),
        # missing
        (
            "seed: 1\n",
            [f"1:1: data: missing key 'data'; it must be a mapping with a kind ({DATA})"],
        ),
        (
            "data:\n  kind: gaussian_mixture\n",
            [
                "2:3: data.means: missing key 'means' for kind 'gaussian_mixture'; "
                "it must be a list of lists of numbers"
            ],
        ),
        ("data: {}\n", ["1:7: data: needs 'path: FILE' or 'kind: ...'"]),
        ("data: {pth: a}\n", ["1:7: data: needs 'path: FILE' or 'kind: ...', got 'pth'"]),
        (
            RING + "divergence: {alpha: 0.5}\n",
            [f"2:13: divergence: missing key 'kind' (allowed: {DIVERGENCES})"],
        ),
        # the schema's own rules
        (
            RING + "divergence: {kind: alpha, alpha: 1}\n",
            [
                "2:34: divergence.alpha: alpha near 0 is 'reverse_kl' and alpha near 1 is 'kl': "
                "name those instead"
            ],
        ),
        (
            "data: {kind: gaussian, std: 1, covariance: [[1]]}\n",
            ["1:7: data: give 'std' or 'covariance', not both"],
        ),
        (
            "data: {kind: gaussian, mean: [0, 0], covariance: [[1, 2], [2, 1]]}\n",
            ["1:7: data: 'covariance' must be symmetric and positive definite"],
        ),
        (
            "data: {kind: gaussian, mean: [0, 0], covariance: [[1, 0.5], [0.1, 1]]}\n",
            ["1:7: data: 'covariance' must be symmetric and positive definite"],
        ),
        # one message where a value may be of several types
        (
            RING + "objective: {penalties: [{kind: r1, weight: a}]}\n",
            [
                "2:44: objective.penalties.0.weight: must be a number or a mapping "
                "(initial, final, schedule), got 'a' (text)"
            ],
        ),
        (
            RING + "objective: {penalties: [{kind: r1, weight: -1}]}\n",
            ["2:44: objective.penalties.0.weight: must be at least 0, got -1"],
        ),
        (
            RING + "objective: {penalties: [{kind: r1, weight: {initial: -1, fin: 2}}]}\n",
            [
                "2:44: objective.penalties.0.weight.final: missing key 'final'; it must be a number",
                "2:54: objective.penalties.0.weight.initial: must be greater than 0, got -1",
                "2:58: objective.penalties.0.weight.fin: unknown key 'fin'; did you mean 'final'? "
                "(known: initial, final, schedule)",
            ],
        ),
        (
            "data: {path: a.csv, split: {validation: 0.95, test: [1]}}\n",
            [
                "1:41: data.split.validation: must be less than 0.9, got 0.95",
                "1:53: data.split.test: must be a number or text, got a list",
            ],
        ),
        ("data: {path: a.csv, split: {test: ''}}\n", ["1:35: data.split.test: must not be empty"]),
        # items of lists, without derived noise
        (
            RING + "generator: {hidden: [a, 8.0, true, 0]}\n",
            [
                "2:22: generator.hidden.0: must be a whole number, got 'a' (text)",
                "2:25: generator.hidden.1: must be a whole number, got 8.0 (write 8)",
                "2:30: generator.hidden.2: must be a whole number, got true (a truth value)",
                "2:36: generator.hidden.3: must be at least 1, got 0",
            ],
        ),
        (
            "data: {kind: gaussian_mixture, means: [1, a, [], [1, b]]}\n",
            [
                "1:43: data.means.1: must be a list of numbers, got 'a' (text)",
                "1:46: data.means.2: must have at least 1 item, got none",
                "1:54: data.means.3.1: must be a number, got 'b' (text)",
            ],
        ),
        ("data: {kind: gaussian, std: -1}\n", ["1:29: data.std: must be greater than 0, got -1"]),
        # problems of the YAML and of the schema together, in order of their places
        (
            "data: {kind: ring, std: !foo 1, modes: a}\nseed: -1\nseed: 2\n1: x\n",
            [
                "1:25: tag '!foo' is not allowed; write plain YAML",
                "1:40: data.modes: must be a whole number, got 'a' (text)",
                "2:7: seed: must be at least 0, got -1",
                "3:1: key 'seed' appears twice (first on line 2)",
                "4:1: a key must be text, got '1'",
            ],
        ),
    ],
)
def test_a_bad_file_is_told_exactly(problems: Problems, text: str, expected: list[str]) -> None:
    assert problems(text) == [f"x.yaml:{line}" for line in expected]


def test_a_very_bad_file_is_told_in_a_hundred_lines(problems: Problems) -> None:
    told = problems(RING + "".join(f"zz{i}: 1\n" for i in range(500)))
    assert len(told) == 101
    assert told[-1] == "... and 400 more problems"


def test_no_message_speaks_pydantic(problems: Problems) -> None:
    sections = ["latent", "generator", "critic", "objective", "optimizers", "training", "checkpoints"]
    for value in ("1", "a", "[1]", "null", "{kind: 1}", "true"):
        for line in problems(f"data: {value}\n" + "".join(f"{name}: {value}\n" for name in sections)):
            for word in (
                "Input",
                "valid",
                "extra",
                "dictionary",
                "tuple",
                "constrained",
                "union",
                "instance",
            ):
                assert word not in line


def test_kinds_and_the_name_have_defaults(load: Load) -> None:
    config = load(
        "data: {path: a.csv}\ngenerator: {hidden: [3]}\ncritic: {hidden: [4]}\n"
        "optimizers: {critic: {b1: 0.5}, generator: {b1: 0.5}}\n"
    )
    assert config.name == "x"
    assert config.data.kind == "file"
    assert config.generator.kind == config.critic.kind == "mlp"
    assert config.optimizers.critic.kind == config.optimizers.generator.kind == "adam"


def test_the_generators_learning_rate_does_not_depend_on_its_other_options(load: Load) -> None:
    absent, given = load(RING), load(RING + "optimizers: {generator: {b1: 0.0}}\n")
    assert absent.optimizers == given.optimizers


def test_a_positive_definite_covariance_is_accepted(load: Load) -> None:
    load("data: {kind: gaussian, mean: [0, 0, 0], covariance: [[2, 1, 0], [1, 2, 1], [0, 1, 2]]}\n")
