"""`vdm divergences`: the table, one row, a user's f, pictures, and what is refused."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from cli_harness import Vdm
from matplotlib import image

from vdm_cli.divergences.catalog import alpha_divergence, catalog
from vdm_cli.explanation import divergence_table, explanations_json

KEYS = [
    *("label", "name", "parameter", "expression", "title", "formulas", "at_equality", "curvature"),
    *("supremum", "score_limit", "checks", "multiple", "values"),
]


def document(vdm: Vdm, *arguments: object) -> list[dict[str, Any]]:
    done = vdm("divergences", *arguments, "--format", "json")
    assert (done.code, done.err) == (0, "")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found = json.loads(done.out, parse_constant=refuse)
    assert list(found) == ["schema", "divergences"]
    assert found["schema"] == 1
    assert all(list(entry) == KEYS for entry in found["divergences"])
    return found["divergences"]


def checked(vdm: Vdm, expression: str) -> dict[str, Any]:
    (entry,) = document(vdm, "--expression", expression)
    return entry


def test_the_table_has_every_row_with_its_f_and_fits_80_columns(vdm: Vdm) -> None:
    done = vdm("divergences")
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    for name, row in catalog().items():
        assert row.formulas is not None
        assert f"\n{name} " in done.out
        assert f"f(u) = {row.formulas.f}\n" in done.out


def test_a_wide_screen_shows_one_line_a_row() -> None:
    from vdm_cli.commands.divergences import explain_all

    lines = divergence_table(explain_all(), 170).split("\n\n")[0].splitlines()
    assert len(lines) == 1 + len(catalog())
    for row, line in zip(catalog().values(), lines[1:], strict=True):
        assert row.formulas is not None
        assert line.startswith(f"{row.name} ")
        assert line.endswith(row.formulas.f)
    assert max(map(len, lines)) <= 170
    json.loads(explanations_json(explain_all()))


@pytest.mark.parametrize("name", ["gan", "total_variation", "jeffreys", "alpha:-0.7"])
def test_a_page_tells_the_formulas_the_convention_and_how_to_use_it(vdm: Vdm, name: str) -> None:
    done = vdm("divergences", name)
    row = alpha_divergence(-0.7) if name == "alpha:-0.7" else catalog()[name]
    assert (done.code, done.err) == (0, "")
    assert row.formulas is not None
    text = " ".join(done.out.split())
    told = vars(row.formulas)
    for key in set(told) - {"parameter", "below", "surrogate"}:
        assert told[key] in text, key
    assert f"vdm eval-divergence --p data.csv --q model.csv --divergence {row.label}" in text
    kind = "{kind: alpha, alpha: -0.7}" if name == "alpha:-0.7" else name
    assert f"divergence: {kind}" in text
    commands = ("  vdm ", "  divergence: ")
    assert all(len(line) <= 80 or line.startswith(commands) for line in done.out.splitlines())


def test_documents_hold_the_constants_and_recover_f(vdm: Vdm) -> None:
    entries = document(vdm)
    assert [entry["name"] for entry in entries] == list(catalog())
    assert all(entry["values"] == [] for entry in entries)
    for entry, row in zip(entries, catalog().values(), strict=True):
        assert entry["supremum"] == (row.supremum if row.bounded else None)
        assert entry["curvature"] == (None if math.isnan(row.curvature) else row.curvature)
    (entry,) = document(vdm, "skewed_jensen_shannon:0.8")
    assert entry["label"] == "skewed_jensen_shannon:0.8"
    assert "0.8*u*log(u)" in entry["expression"]
    assert [value["ratio"] for value in entry["values"]] == [0.1, 0.5, 1.0, 2.0, 10.0]
    for value in entry["values"]:
        assert value["numeric_conjugate"] == pytest.approx(value["conjugate"], rel=1e-6, abs=1e-9)
        assert value["biconjugate"] == pytest.approx(value["f"], rel=1e-6, abs=1e-9)


def test_checks_of_a_users_f(vdm: Vdm) -> None:
    entry = checked(vdm, "2*u*log(u) + 0.5 + 3*(u - 1)")
    assert entry["checks"]["subtracted"] == pytest.approx(0.5)
    assert entry["curvature"] == pytest.approx(2.0)
    assert entry["multiple"] == {"factor": 2.0, "name": "kl"}
    assert entry["checks"]["at_zero"] == pytest.approx(-3.0)
    assert (entry["checks"]["growth"], entry["supremum"]) == (None, None)
    for value in entry["values"]:
        assert value["f"] == pytest.approx(value["biconjugate"], rel=1e-9, abs=1e-12)
    entry = checked(vdm, "maximum(u - 100, 0)")
    assert entry["multiple"] is None  # T is zero where it was compared
    assert entry["checks"]["kinks"] == [pytest.approx(100.0)]
    assert entry["checks"]["piecewise_linear"] is True
    assert entry["supremum"] == pytest.approx(1.0)


def test_a_page_of_a_users_f_tells_what_was_checked(vdm: Vdm) -> None:
    text = " ".join(vdm("divergences", "--expression", "1 + abs(u - 1)").out.split())
    assert "f(1) 1 as written; it is subtracted" in text
    assert "piecewise linear, with kinks at u = 1: it can be evaluated but not trained" in text
    assert "total_variation trains through a smooth surrogate" in text
    assert "D_f 2 times total_variation's" in text
    assert "supremum 2 = f(0+) + lim f(u)/u" in text
    assert "--expression '1 + abs(u - 1)'" in text
    assert "kind: expression" not in text  # it cannot be trained


def test_an_f_without_the_option_is_an_f_too(vdm: Vdm) -> None:
    assert vdm("divergences", "u*log(u)").out == vdm("divergences", "--expression", "u*log(u)").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["kll"], "vdm divergences kll: no divergence has this name. Did you mean 'kl'?"),
        (["wasserstein"], "vdm divergences wasserstein: the Wasserstein distance is no f-divergence"),
        (["kl:2"], "'kl' has no parameter"),
        (["alpha:1"], "alpha must be finite and neither 0 ('reverse_kl') nor 1 ('kl')"),
        (["kl", "--expression", "u*log(u)"], "give a name or --expression, not both"),
        (["--format", "yaml"], "--format must be table or json, got 'yaml'"),
        (["kl", "--plot", "kl.pdf"], "--plot kl.pdf: a picture is a .png file"),
        (["kl", "--plot", "nowhere/kl.png"], "--plot nowhere/kl.png: there is no folder nowhere"),
        (["kl", "--plot", "there.png"], "--plot there.png: it exists; choose another file"),
        (["--expression", ""], "it is empty"),
        (["--expression", "-u**2"], "it is not convex"),
    ],
    ids=lambda item: " ".join(item) if isinstance(item, list) else "",
)
def test_bad_requests_are_refused_and_write_nothing(
    vdm: Vdm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.png").write_bytes(b"mine")
    done = vdm("divergences", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["there.png"]
    assert Path("there.png").read_bytes() == b"mine"


@pytest.mark.parametrize("text", ["u*ln(u)", "uｕ", "1 + " * 60 + "ln(u)" + " + 1" * 60])
def test_a_caret_stands_below_the_fault(vdm: Vdm, text: str) -> None:
    done = vdm("divergences", "--expression", text)
    _, window, caret = done.err.rstrip("\n").split("\n")
    width = 0
    for char in window:
        if width == len(caret) - 1:
            break
        width += 2 if unicodedata.east_asian_width(char) in "FW" else 1
    assert char == ("ｕ" if "ｕ" in text else "l")
    assert caret.strip() == "^"
    assert max(len(window), len(caret)) <= 80


def test_a_megabyte_is_refused_in_a_few_lines(vdm: Vdm) -> None:
    done = vdm("divergences", "--expression", "u+" * 500_000 + "u")
    assert (done.code, done.out) == (2, "")
    assert "1,000,001 characters" in done.err
    assert len(done.err) < 300


def test_a_wrong_f_is_told_before_jax_is_imported() -> None:
    code = (
        "import sys\nfrom vdm_cli.cli import main\n"
        "try: main()\nexcept SystemExit as end: print(end.code, 'jax' in sys.modules)"
    )
    for expression in ("u*ln(u)", "-u**2"):
        done = subprocess.run(
            [sys.executable, "-c", code, "divergences", "--expression", expression],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "2 False\n"


@pytest.mark.parametrize(
    "arguments",
    [(), ("squared_hellinger",), ("--expression", "maximum(u - 2.7, 0)"), ("--expression", "exp(u)")],
    ids=" ".join,
)
def test_pictures_are_drawn_beside_the_result(vdm: Vdm, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    path = tmp_path / "found.PNG"
    done = vdm("divergences", *arguments, "--plot", path)
    assert done.code == 0
    assert done.err == f"picture: {path}\n"
    assert "V_f" in done.out
    pixels = image.imread(path, format="png")
    assert min(pixels.shape[:2]) > 600
    assert len({tuple(pixel) for pixel in pixels[::7, ::7].reshape(-1, pixels.shape[2]).tolist()}) > 4
