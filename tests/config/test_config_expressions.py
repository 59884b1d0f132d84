"""A user's own f in a configuration: read, checked, written back, and refused with its place."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vdm_cli.config.divergence import ExpressionDivergence
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.load import dump_experiment, short_overrides

Load = Callable[..., ExperimentConfig]
Problems = Callable[..., list[str]]
RING = "data: {kind: ring}\n"
ALPHA = "(u**a - 1 - a*(u-1))/(a*(a-1))"
NO_DIVERGENCE = "and the divergence of such an f is 0 for every pair of laws"


@pytest.mark.parametrize(
    ("text", "overrides", "f", "parameters"),
    [
        ("divergence: u*log(u)\n", [], "u*log(u)", {}),
        ("divergence: -log(u)\n", [], "-log(u)", {}),
        ("divergence: {kind: expression, f: u*log(u)}\n", [], "u*log(u)", {}),
        (f"divergence: {{kind: expression, f: {ALPHA}, a: 0.7}}\n", [], ALPHA, {"a": 0.7}),
        (f"divergence: {{f: {ALPHA}, a: 2, kind: expression}}\n", [], ALPHA, {"a": 2.0}),
        ("divergence: kl\n", ["divergence=u*log(u)"], "u*log(u)", {}),
        (f"divergence: {{kind: expression, f: {ALPHA}, a: 0.7}}\n", ["divergence=-log(u)"], "-log(u)", {}),
        ("", [f"divergence={{kind: expression, f: {ALPHA}, a: 0.5}}"], ALPHA, {"a": 0.5}),
        (f"divergence: {{kind: expression, f: {ALPHA}, a: 0.7}}\n", ["divergence.a=0.3"], ALPHA, {"a": 0.3}),
        (
            "divergence: u*log(u)\n",
            [f"divergence.f={ALPHA}", "divergence.a=0.3"],
            ALPHA,
            {"a": 0.3},
        ),
        (
            "",
            ["divergence.kind=expression", "divergence.f=a*u*log(u)", "divergence.a=3"],
            "a*u*log(u)",
            {"a": 3.0},
        ),
        (
            "seed: &f 3\ndivergence: {kind: expression, f: 'c*u*log(u)', c: *f}\n",
            [],
            "c*u*log(u)",
            {"c": 3.0},
        ),
        ("divergence: >-\n  u * log(u)\n  - log(u)\n", [], "u * log(u) - log(u)", {}),
    ],
)
def test_an_expression_stands_wherever_a_divergence_is_named(
    load: Load, text: str, overrides: list[str], f: str, parameters: dict[str, float]
) -> None:
    divergence = load(RING + text, *overrides).divergence
    assert isinstance(divergence, ExpressionDivergence)
    assert (divergence.f, divergence.parameters) == (f, parameters)


@pytest.mark.parametrize(
    "divergence",
    [
        "u*log(u)",
        '"\\tu * log( u )\\n"',
        f"{{kind: expression, f: '{ALPHA}', a: 0.7}}",
        f"{{kind: expression, f: '{ALPHA}', a: 1.0e-1}}",
        "{kind: expression, f: b*u*log(u) - c*log(u), c: 3, b: 0.1}",
        "'u*log(u)" + "    + 1e-3*(u - 1)**2" * 20 + "'",
    ],
)
def test_the_resolved_config_reproduces_the_run(load: Load, divergence: str) -> None:
    config = load(f"{RING}divergence: {divergence}\n")
    text = dump_experiment(config)
    assert load(text) == config
    assert load(text).divergence.parameters == config.divergence.parameters
    assert yaml.safe_load(text)["divergence"]["kind"] == "expression"


@given(st.floats(0.05, 0.95), st.integers(0, 9))
def test_a_parameter_keeps_all_its_digits(a: float, blanks: int) -> None:
    data = {"data": {"kind": "ring"}}
    divergence = {"kind": "expression", "f": " " * blanks + "a*u*log(u)", "a": a}
    config = ExperimentConfig.model_validate(data | {"divergence": divergence})
    again = ExperimentConfig.model_validate(yaml.safe_load(dump_experiment(config)) | data)
    assert again.divergence == config.divergence


@pytest.mark.parametrize(
    ("divergence", "expected"),
    [
        # what the issue lists, as the whole value
        (
            "\"__import__('os').system('id')\"",
            "there is no function __import__; there are log, exp, sqrt, abs, minimum, maximum "
            "(character 1 of '__import__('os').system('id')')",
        ),
        ('"u.__class__"', "(character 2 of 'u.__class__')"),
        ('"lambda: 0"', "':' stands where an operator should (character 7 of 'lambda: 0')"),
        ('"u**u**u**9"', "an exponent must not contain u"),
        ('"9**9**9**9"', "an exponent must be a number between -64 and 64"),
        ('"' + "(" * 10_000 + "u" + ")" * 10_000 + '"', "it has 20,001 characters, and 1,000 are allowed"),
        ("(" * 300 + "u" + ")" * 300, "it is nested more than 40 deep (character 41 of '...(((("),
        ('"log(-u)"', "it has no finite value or slope at u = 1e-06"),
        ('"-u**2"', "it is not convex: "),
        ('"-abs(u-1)"', "it is not convex: its slope falls from 1 to -1 at u = 1"),
        ('"minimum(u,1)"', "it is not convex: its slope falls from 1 to 0 at u = 1"),
        ('"1/0"', "(character 2 of '1/0')"),
        ('"v"', "'v' is neither the variable u nor a parameter with a value; if it is a parameter, write {"),
        ('"5"', f"it does not depend on u, {NO_DIVERGENCE}"),
        ("u", f"it is affine: its slope is 1 everywhere from u = 1e-06 to 1e+06, {NO_DIVERGENCE}"),
        ('""', "it is empty; write a convex function of u, such as u*log(u)"),
        ('"ｕ*ｌｏｇ(ｕ)"', "FULLWIDTH LATIN SMALL LETTER U (U+FF55) stands where"),
        ('"nan"', "'nan' is neither the variable u nor a parameter with a value"),
        # more of the kind
        ("ｋｌ", "FULLWIDTH LATIN SMALL LETTER K (U+FF4B) stands where"),
        ('"u*log(u)\\0"', r"(character 9 of 'u*log(u)\x00')"),
        ('"u\\u00a0*log(u)"', r"(character 2 of 'u\xa0*log(u)')"),
        ('"−log(u)"', "MINUS SIGN (U+2212) stands where a number, a name or ( should; write -"),
        ("u²", "SUPERSCRIPT TWO (U+00B2) stands where an operator should; write **2"),
        ("u^2", "'^' stands where an operator should; write **"),
        ("u*ln(u)", "there is no function ln: write log (character 3 of 'u*ln(u)')"),
        ("max(u,1)", "there is no function max: write maximum"),
        ("2u", "a product needs *"),
        ("1e999*u", "a number must"),
        ('"log(u"', "it ends where"),
        ("u*log(u))", "')' stands where an operator should"),
        ("log()", "log takes one argument, and 0 stand here"),
        ('"log(u,u)"', "log takes one argument, and 2 stand here"),
        ("0*u", f"it is affine: its slope is 0 everywhere from u = 1e-06 to 1e+06, {NO_DIVERGENCE}"),
        ("u*log(u) - a", "'a' is neither the variable u nor a parameter with a value; if it is a parameter"),
        ("inf", "'inf' is neither the variable u nor a parameter with a value"),
        ("exp(exp(u))", "it has no finite value or slope at u = "),
        ("maximum(u - 2.7; 0)", "';' stands where"),
        # piecewise linear
        (
            '"maximum(u - 2.7, 0)"',
            "evaluated (vdm eval-divergence --expression), not trained; total_variation",
        ),
        ("abs(u - 1)", "f is piecewise linear, so that a critic has no gradient to follow"),
        # no text at all
        ("5", "must be text or a mapping with a kind (kl, "),
        (".nan", "must be text or a mapping with a kind (kl, "),
        ("true", "must be text or a mapping with a kind (kl, "),
        ("null", "must be text or a mapping with a kind (kl, "),
        ("[u*log(u)]", "must be text or a mapping with a kind (kl, "),
        # names that are none
        ("klu", "unknown divergence 'klu'; did you mean 'kl'? (allowed: kl, "),
        ("reverse-kl", "unknown divergence 'reverse-kl'; did you mean 'reverse_kl'? (allowed: kl, "),
        ("alpha:0.5", "unknown divergence 'alpha:0.5'; did you mean 'alpha'? (allowed: kl, "),
        ("Total Variation", "unknown divergence 'Total Variation'"),
        ("lambda", "or a convex f of u, such as 'u*log(u)')"),
        ("expression", "missing key 'f' for kind 'expression'; it must be text"),
    ],
)
def test_a_text_that_is_no_divergence_is_one_problem_with_its_place(
    problems: Problems, divergence: str, expected: str
) -> None:
    [line] = problems(f"{RING}divergence: {divergence}\n")
    assert line.startswith("x.yaml:2:13: divergence: ")
    assert expected in line
    assert len(line) < 600


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("f: u**2 - v", "2:35: divergence.f: 'v' is neither the variable u nor a parameter with a value"),
        ("f: 5", "2:35: divergence.f: must be text, got 5"),
        ("f: [u]", "2:35: divergence.f: must be text, got a list"),
        ("f: null", "2:35: divergence.f: must be text, got nothing (null)"),
        ("f: true", "2:35: divergence.f: must be text, got true (a truth value)"),
        ("f: {f: u}", "2:35: divergence.f: must be text, got a mapping"),
        ("a: 3", "2:13: divergence.f: missing key 'f' for kind 'expression'; it must be text"),
        ("f: nan", "2:35: divergence.f: 'nan' is neither the variable u nor a parameter with a value"),
        ("f: u, u: 2", "2:41: divergence.u: u is the variable of f: choose another name for the parameter"),
        ("f: u, log: 2", "2:43: divergence.log: log is a function of f: choose another name"),
        ("f: u*log(u), a: 2", "2:48: divergence.a: f does not contain a: no parameter stands in it"),
        ("f: b*u*log(u), b: 1, a: 2", "2:56: divergence.a: f does not contain a: the parameters in it are b"),
        ("f: b*u*log(u), b: x", "2:50: divergence.b: must be a number, got 'x' (text)"),
        ("f: b*u*log(u), b: '1'", "2:50: divergence.b: must be a number, got '1' (text)"),
        ("f: b*u*log(u), b: 1e999", "2:50: divergence.b: must be a finite number, got inf"),
        ("f: b*u*log(u), b: .nan", "2:50: divergence.b: must be a finite number, got nan"),
        ("f: b*u*log(u), b: true", "2:50: divergence.b: must be a number, got true (a truth value)"),
        ("f: b*u*log(u), b: [1]", "2:50: divergence.b: must be a number, got a list"),
        ("f: b*u*log(u), b: null", "2:50: divergence.b: must be a number, got nothing (null)"),
        ("f: b*u*log(u), b: -1", "2:35: divergence.f: it is not convex"),
        ("f: b*u*log(u), b: 0", "2:35: divergence.f: it is affine: its slope is 0 everywhere"),
        (
            "f: maximum(u - 2.7, 0)",  # YAML ends the text at the comma
            "2:54: divergence.0): '0)' is no name of a parameter; if it is a part of f, put f in quotes",
        ),
        ("f: u*log(u), ｂ: 2", "divergence.ｂ: 'ｂ' is no name of a parameter"),
    ],
)
def test_a_bad_key_of_an_expression_is_one_problem_with_its_place(
    problems: Problems, keys: str, expected: str
) -> None:
    [line] = problems(f"{RING}divergence: {{kind: expression, {keys}}}\n")
    assert line.startswith("x.yaml:")
    assert expected in line


def test_the_text_around_a_far_fault_is_shown(problems: Problems) -> None:
    [line] = problems(f"{RING}divergence: {'u*log(u) + ' * 40}x + {' + '.join(['u'] * 40)}\n")
    assert line.endswith("(character 441 of '...log(u) + u*log(u) + x + u + u + u + u + ...')")


@pytest.mark.parametrize("filler", ["u", "u ", "\\t"])
def test_a_megabyte_of_text_is_refused_without_repeating_it(problems: Problems, filler: str) -> None:
    text = filler * (1_000_000 // len(filler.encode()))
    [line] = problems(f'{RING}divergence: "{text}"\n')
    assert line.startswith("x.yaml:2:13: ")
    assert len(line) < 600
    [line] = problems(RING, f'divergence="{text}"')
    assert line.startswith("--set divergence=")
    assert len(line) < 800


def test_an_expression_is_told_together_with_all_other_problems(problems: Problems) -> None:
    text = RING + "divergence: {kind: expression, f: u*log(u, b: x}\nseed: -1\ncritic: {hiden: [3]}\n"
    found = problems(text, "training.steps=0")
    assert [line.split(": ")[1] for line in found] == [
        "divergence.f",
        "divergence.b",
        "seed",
        "critic.hiden",
        "training.steps",
    ]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["divergence=u*ln(u)"], "--set divergence=u*ln(u): divergence: there is no function ln: write log"),
        (["divergence=- log(u)"], "--set divergence=- log(u): divergence: must be text or a mapping"),
        (["divergence=*u"], "--set divergence=*u: not valid YAML: found undefined alias 'u'"),
        (
            ["divergence=u*log(u)", "divergence.a=3"],
            "--set divergence.a=3: divergence.a: f does not contain a",
        ),
        (["divergence.a=1"], "x.yaml:2:35: divergence.f: it has no finite value or slope"),
        (
            ["divergence.a.b=1"],
            "--set divergence.a.b=1: divergence.a is 0.7, so nothing can be set inside it",
        ),
        (["divergence={kind: expression}"], "--set divergence={kind: expression}: divergence.f: missing key"),
    ],
)
def test_an_override_of_an_expression_is_blamed(
    problems: Problems, overrides: list[str], expected: str
) -> None:
    [line] = problems(f"{RING}divergence: {{kind: expression, f: '{ALPHA}', a: 0.7}}\n", *overrides)
    assert line.startswith(expected)


def test_a_parameter_from_the_command_line_is_named_where_it_spoils_f(problems: Problems) -> None:
    [line] = problems(f"{RING}divergence: {{kind: expression, f: a*u*log(u), a: 1}}\n", "divergence.a=-1")
    assert line.startswith("x.yaml:2:35: divergence.f: it is not convex")
    assert line.endswith("; after --set divergence.a=-1")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("divergence.a=0.3", "+divergence.a=0.3"),
        ("divergence=u/(u+1)**2", "+divergence=u-u+1-2-"),
        ("divergence=" + "u*log(u)+" * 30 + "u", "+divergence=u-log-u-+u-log-u-+u-log-u-+u-log-u-+u-"),
        ("divergence={kind: expression, f: u/2*log(u)}", "+divergence=kind-expression-f-u-2-log-u-"),
    ],
)
def test_a_variant_by_an_expression_has_a_short_name_of_a_folder(override: str, expected: str) -> None:
    short = short_overrides([override])
    assert short.startswith(expected)
    assert len(short) <= 60
    assert set(short) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+=-")


def test_variants_by_expressions_that_differ_in_signs_do_not_collide() -> None:
    texts = ["u*log(u)", "u/log(u)", "u+log(u)", "u-log(u)", "u**log(u)", "u log u", "u-log-u", "(u*log(u))"]
    assert len({short_overrides([f"divergence={text}"]) for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("divergence", "loaded"),
    [("kl", {"jax": False, "flint": False}), ("u*log(u)", {"jax": False, "flint": True})],
)
def test_flint_is_loaded_only_for_an_expression_and_jax_never(
    load: Load, divergence: str, loaded: dict[str, bool]
) -> None:
    load(f"{RING}divergence: {divergence}\n")
    script = (
        "import sys\nfrom vdm_cli.config.load import load_experiment\nload_experiment('x.yaml')\n"
        f"assert {{name: name in sys.modules for name in {list(loaded)}}} == {loaded}"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
