"""A user's own f on the command line: trained, evaluated, written back; refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from cli_harness import Outcome, Tree, Vdm
from scipy.stats import norm

ALPHA = "(u**a - 1 - a*(u-1))/(a*(a-1))"
HOCKEY_STICK = "maximum(u - 2.7, 0)"
ROWS, SHIFT = 800, 2.0


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """P = N(2, 1) and Q = N(0, 1)."""
    folder, rng = tmp_path_factory.mktemp("outputs"), np.random.default_rng(0)
    np.save(folder / "p.npy", rng.normal(SHIFT, 1.0, (ROWS, 1)))
    np.save(folder / "q.npy", rng.normal(0.0, 1.0, (ROWS, 1)))
    return folder / "p.npy", folder / "q.npy"


@pytest.fixture(scope="session")
def evaluated(vdm: Vdm, outputs: tuple[Path, Path]) -> dict[str, Any]:
    p, q = outputs
    asked = ["--expression", "u*log(u)", "--expression", HOCKEY_STICK, "--expression", "u*log(u) + 1/2"]
    asked += ["--divergence", "squared_hellinger", "--divergence", "-log(u)", "--divergence", "kl"]
    done = vdm("eval-divergence", "--p", p, "--q", q, *asked, "--expression", "u*log(u)", "--format", "json")
    assert (done.code, done.err) == (0, "")
    return dict(json.loads(done.out))


def test_named_ones_come_first_then_expressions_by_their_text_and_each_once(
    evaluated: dict[str, Any],
) -> None:
    named, written = ["squared_hellinger", "-log(u)", "kl"], ["u*log(u)", HOCKEY_STICK, "u*log(u) + 1/2"]
    assert [row["divergence"] for row in evaluated["estimates"]] == named + written


def test_a_twin_of_a_named_divergence_has_its_numbers(evaluated: dict[str, Any]) -> None:
    rows = {row["divergence"]: row for row in evaluated["estimates"]}
    for key in ("estimate", "standard_error", "certified_lower"):
        assert rows["u*log(u)"][key] == pytest.approx(rows["kl"][key], rel=1e-6)
        assert rows["u*log(u) + 1/2"][key] == pytest.approx(rows["kl"][key], rel=1e-6)
    assert rows["u*log(u)"]["supremum"] is None


def test_a_constant_of_f_is_said_to_be_subtracted(evaluated: dict[str, Any]) -> None:
    assert "u*log(u) + 1/2: f(1) = 0.5 was subtracted, so that D is 0 where P = Q" in evaluated["warnings"]
    assert not any(text.startswith("u*log(u):") for text in evaluated["warnings"])


def test_the_hockey_stick_bounds_delta_from_below(evaluated: dict[str, Any]) -> None:
    epsilon = np.log(2.7)
    delta = norm.cdf(SHIFT / 2 - epsilon / SHIFT) - 2.7 * norm.cdf(-SHIFT / 2 - epsilon / SHIFT)
    row = next(row for row in evaluated["estimates"] if row["divergence"] == HOCKEY_STICK)
    assert 0.4 * delta < row["certified_lower"] < delta
    assert row["certified_lower"] < row["estimate"] < delta + 3 * row["standard_error"]
    assert row["supremum"] == pytest.approx(1.0)


def test_the_table_of_a_long_expression_fits_80_columns(vdm: Vdm, outputs: tuple[Path, Path]) -> None:
    p, q = outputs
    text = "0.5*u*log(u) - 0.5*(u+1)*log((u+1)/2)"
    done = vdm("eval-divergence", "--p", p, "--q", q, "--expression", text)
    assert done.code == 0, done.err
    assert f"\n{text[:22]}... " in done.out
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.fixture(scope="module")
def trained(vdm: Vdm, config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    own = f"--set=divergence={{kind: expression, f: '{ALPHA} + 1', a: 0.7}}"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("expressions"))
        done = vdm("train", "--config", config, own, "--set=training.steps=20")
        [run] = Path("runs").resolve().iterdir()
    assert done.code == 0, done.err
    assert "f(1) = 1 is subtracted from f" in done.err
    return run


def test_a_run_of_an_expression_has_a_short_name(trained: Path) -> None:
    assert trained.name.startswith("tiny+divergence=kind-expression-f-u-a-")
    assert len(trained.name) < 80


def test_the_config_of_a_run_reproduces_it(vdm: Vdm, trained: Path, tmp_path: Path) -> None:
    written = yaml.safe_load((trained / "config.yaml").read_text())["divergence"]
    assert written == {"kind": "expression", "f": f"{ALPHA} + 1", "a": 0.7}
    done = vdm("train", "--config", trained / "config.yaml", "--run-dir", tmp_path / "again")
    assert done.code == 0, done.err

    def values(run: Path) -> list[dict[str, Any]]:
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        return [{key: value for key, value in row.items() if "second" not in key} for row in rows]

    assert values(trained) == values(tmp_path / "again")
    assert values(trained)[-1]["step"] == 20


def test_a_dry_run_shows_the_expression_and_its_parameters(vdm: Vdm, config: Path) -> None:
    own = f"--set=divergence={{kind: expression, f: '{ALPHA}', a: 0.7}}"
    done = vdm("train", "--config", config, own, "--set", "divergence.a=0.3", "--dry-run")
    assert done.code == 0, done.err
    assert yaml.safe_load(done.out)["divergence"] == {"kind": "expression", "f": ALPHA, "a": 0.3}


BAD: dict[str, tuple[str, str]] = {
    "code": ("__import__('os').system('touch owned')", "there is no function __import__"),
    "attribute": ("u.__class__", "\n  u.__class__\n   ^"),
    "lambda": ("lambda: 0", "':' stands where an operator should"),
    "power of u": ("u**u**u**9", "an exponent must not contain u"),
    "tower": ("9**9**9**9", "an exponent must be a number between -64 and 64"),
    "10,000 parentheses": ("(" * 10_000 + "u" + ")" * 10_000, "it has 20,001 characters"),
    "a megabyte": ("u+" * 500_000, "it has 1,000,000 characters, and 1,000 are allowed"),
    "a megabyte of letters": ("u" * 1_000_000, "1,000"),
    "log of a negative": ("log(-u)", "it has no finite value or slope at u = 1e-06"),
    "concave": ("-u**2", "it is not convex"),
    "concave kink": ("-abs(u-1)", "it is not convex: its slope falls from 1 to -1 at u = 1"),
    "minimum": ("minimum(u,1)", "it is not convex: its slope falls from 1 to 0 at u = 1"),
    "division by zero": ("1/0", "\n  1/0\n   ^"),
    "another variable": ("v", "'v' is neither the variable u nor a parameter with a value"),
    "a number": ("5", "it does not depend on u"),
    "affine": ("u", "it is affine"),
    "empty": ("", "it is empty; write a convex function of u, such as u*log(u)"),
    "blanks": (" \t\n", "it is empty"),
    "full-width": ("ｕ*ｌｏｇ(ｕ)", "FULLWIDTH LATIN SMALL LETTER U (U+FF55)"),
    "nan": ("nan", "'nan' is neither the variable u nor a parameter with a value"),
    "a control character": (
        "u*log(u)\x1b[31m",
        "a control character (U+001B) stands where an operator should",
    ),
    "unicode minus": ("−log(u)", "MINUS SIGN (U+2212)"),
    "a hat": ("u^2", "write **"),
    "another name": ("u*ln(u)", "there is no function ln: write log\n  u*ln(u)\n    ^"),
    "no product": ("2u", "a product needs *"),
    "a parameter": ("u**a", "'a' is neither the variable u nor a parameter with a value"),
}


def refused(outcome: Outcome, option: str, said: str) -> None:
    """One sentence, and below it perhaps the text with a caret."""
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"Usage error: {option}")
    assert said in outcome.err
    assert outcome.err.replace("\n", "").isprintable()
    assert len(outcome.err.splitlines()) <= 3
    assert len(outcome.err) < 400


@pytest.mark.parametrize("name", BAD)
def test_a_bad_expression_is_one_usage_error(
    vdm: Vdm, tmp_path: Path, tree: Tree, monkeypatch: Any, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text, said = BAD[name]
    files = ("eval-divergence", "--p", "no.csv", "--q", "no.csv")  # the expression is looked at first
    refused(vdm(*files, "--expression", text), "--expression", said)
    refused(vdm("divergences", "--expression", text), "--expression", said)
    if not text.isascii() or not text.isalpha() or len(text) < 4:
        refused(vdm(*files, "--divergence", text), "--divergence", said)
    assert tree(tmp_path) == {}


def test_what_fits_no_table_is_refused_by_every_command(vdm: Vdm, config: Path) -> None:
    steep = "sqrt((u-1)**2 + 1e-14)"
    refused(vdm("divergences", "--expression", steep), "--expression", "it changes too fast near u = ")
    files = ("eval-divergence", "--p", "no.csv", "--q", "no.csv")
    refused(vdm(*files, "--divergence", steep), "--divergence", "it changes too fast near u = ")
    done = vdm("train", "--config", config, f"--set=divergence={steep}", "--dry-run")
    assert (done.code, done.out) == (2, "")
    assert "\nConfiguration error: divergence.f: it changes too fast near u = " in done.err


def test_a_wrong_name_is_told_of_names_and_expressions(vdm: Vdm) -> None:
    done = vdm("eval-divergence", "--p", "no.csv", "--q", "no.csv", "--divergence", "reverse-kl")
    refused(done, "--divergence", "Did you mean 'reverse_kl'?")
    assert done.err.rstrip().endswith("or write a convex f of u, such as 'u*log(u)'")
