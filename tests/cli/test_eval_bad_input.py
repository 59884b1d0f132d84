"""What users get wrong with two files: one message that says how to mend it, and nothing written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_harness import Outcome, Tree, Vdm

TITLES = ("Usage error: ", "Data error: ", "Checkpoint error: ", "Usage: ")
NORMAL = np.random.default_rng(0).normal(size=(120, 3))
OTHER = np.random.default_rng(1).normal(size=(90, 3))


def csv(rows: np.ndarray, names: str = "a,b,c") -> str:
    return names + "\n" + "".join(",".join(f"{value:.6f}" for value in row) + "\n" for row in rows)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two good files, p.csv and q.csv, and many that are not."""
    monkeypatch.chdir(tmp_path)
    weights = np.full((90, 1), 1.0)
    texts = {
        "p.csv": csv(NORMAL),
        "q.csv": csv(OTHER),
        "more.csv": csv(np.hstack([OTHER, OTHER[:, :2]]), "a,b,c,run,weight"),
        "none.csv": csv(OTHER, "u,v,w"),
        "unnamed.csv": csv(OTHER[:, :2], "0.1,0.2"),
        "few.csv": csv(OTHER[:20]),
        "permuted.csv": csv(NORMAL[::-1]),
        "one_p.csv": csv(np.ones((60, 3))),
        "one_q.csv": csv(np.full((70, 3), 2.0)),
        "inf.csv": csv(OTHER).replace("\n", "\n0.1,inf,0.2\n", 1),
        "text.csv": csv(OTHER).replace("\n", "\n0.1,unknown,0.2\n", 1),
        "days.csv": "a,b,c\n" + "".join(f"0.{i},2024-01-{i % 28 + 1:02d},0.3\n" for i in range(90)),
        "empty.csv": "",
        "header.csv": "a,b,c\n",
        "negative.csv": csv(np.hstack([OTHER, -weights]), "a,b,c,w"),
        "zero.csv": csv(np.hstack([OTHER, 0 * weights]), "a,b,c,w"),
        "two.csv": csv(np.hstack([OTHER, 2 * weights]), "a,b,c,w"),
        "named.csv": csv(OTHER, "a,b,c").replace("\n", ",w\n", 1).replace("\n", ",x\n").replace("w,x", "w"),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    np.save(tmp_path / "p.npy", NORMAL)
    np.save(tmp_path / "wide.npy", np.hstack([OTHER, OTHER]))
    nan = OTHER.copy()
    nan[3, 1] = np.nan
    np.save(tmp_path / "nan.npy", nan)
    np.save(tmp_path / "small.npy", np.zeros((60, 8, 8), np.uint8))
    np.save(tmp_path / "large.npy", np.zeros((60, 16, 16, 3), np.uint8))
    np.savez(tmp_path / "two.npz", first=OTHER, second=OTHER)
    np.savez(tmp_path / "weighted.npz", samples=OTHER, w=np.ones(89))
    np.savez(tmp_path / "blank.npz", samples=OTHER, w=np.full(90, np.nan))
    (tmp_path / "folder").mkdir()
    (tmp_path / "run" / "checkpoints" / "7").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "7" / "weights.pt").write_text("of another program")
    (tmp_path / "a.png").write_bytes(b"no picture")
    return tmp_path


def assert_refused(outcome: Outcome, code: int, *said: str) -> None:
    assert (outcome.code, outcome.out) == (code, ""), outcome.out or outcome.err
    assert outcome.err.startswith(TITLES), outcome.err
    unwrapped = " ".join(outcome.err.replace("│", " ").split())
    for text in said:
        assert text in unwrapped


P = ("--p", "p.csv")
Q = ("--q", "q.csv")
CASES: dict[str, tuple[tuple[object, ...], int, tuple[str, ...]]] = {
    "p without q": (P, 2, ("--p FILE --q FILE",)),
    "missing file": ((*P, "--q", "qq.csv"), 1, ("qq.csv: no such file", "Did you mean")),
    "file of a missing folder": ((*P, "--q", "no/q.csv"), 1, ("the folder no does not exist",)),
    "folder without images": ((*P, "--q", "folder"), 1, ("folder", "images")),
    "a run as a file": ((*P, "--q", "run"), 1, ("run", "images")),
    "a step as a file": ((*P, "--q", "run/checkpoints/7/weights.pt"), 1, ("'.pt' are not supported",)),
    "a foreign checkpoint": (("--checkpoint", "run"), 1, ("checkpoints/7",)),
    "damaged picture": ((*P, "--q", "a.png"), 1, ("a.png",)),
    "empty file": ((*P, "--q", "empty.csv"), 1, ("empty.csv: is empty",)),
    "names without rows": ((*P, "--q", "header.csv"), 1, ("a line of names and no rows",)),
    "other columns": (
        (*P, "--q", "more.csv"),
        1,
        ("only in Q: run, weight", "--drop run,weight", "--columns a,b,c"),
    ),
    "no common columns": ((*P, "--q", "none.csv"), 1, ("only in P: a, b, c", "rename them alike")),
    "fewer columns without names": (
        (*P, "--q", "unnamed.csv"),
        1,
        ("unnamed.csv: has 2 columns without names", "p.csv has 3 (a, b, c)"),
    ),
    "array of other width": ((*P, "--q", "wide.npy"), 1, ("wide.npy: has 6 columns without names",)),
    "arrays of other widths": (("--p", "p.npy", "--q", "wide.npy"), 1, ("shape (3,)", "(6,)")),
    "images of other sizes": (("--p", "small.npy", "--q", "large.npy"), 1, ("(8, 8)", "(16, 16, 3)", "siz")),
    "columns of images": (
        ("--p", "small.npy", "--q", "large.npy", "--columns", "x0"),
        1,
        ("images have no columns to choose",),
    ),
    "text for numbers": ((*P, "--q", "text.csv"), 1, ("unknown", "--drop")),
    "dates for numbers": ((*P, "--q", "days.csv"), 1, ("column 'b' holds", "dates", "--drop")),
    "infinite": ((*P, "--q", "inf.csv"), 1, ("inf.csv", "'b'", "inf")),
    "nan in an array": (("--p", "p.npy", "--q", "nan.npy"), 1, ("row 3, feature 1 is nan",)),
    "several arrays": ((*P, "--q", "two.npz"), 1, ("first, second", "two.npz:first")),
    "too few rows": ((*P, "--q", "few.csv"), 1, ("few.csv (Q): has 20 rows", "50 are needed")),
    "too few of many": ((*P, *Q, "--num-samples", 10), 2, ("--num-samples must be at least 50, got 10",)),
    "one file": ((*P, "--q", "./p.csv"), 1, ("p.csv is both P and Q", "split the file")),
    "copied rows": ((*P, "--q", "permuted.csv"), 1, ("the same 120 rows",)),
    "constant files": (("--p", "one_p.csv", "--q", "one_q.csv"), 1, ("nothing to measure",)),
    "level": ((*P, *Q, "--level", 95), 2, ("--level must be from 0.5 to 0.9999",)),
    "columns unknown": ((*P, *Q, "--columns", "a,d"), 1, ("has no column 'd'", "a, b, c")),
    "columns twice": ((*P, *Q, "--columns", "a,b,a"), 2, ("--columns names 'a' 2 times",)),
    "columns none": ((*P, *Q, "--columns", "a,,b"), 2, ("--columns must be names parted by commas",)),
    "dropped unknown": ((*P, *Q, "--drop", "cc"), 1, ("no column 'cc'", "Did you mean 'c'?")),
    "dropped all": ((*P, *Q, "--drop", "a,b,c"), 1, ("leaves no column",)),
    "columns of a run": (("--checkpoint", "run", "--columns", "a"), 2, ("give --p and --q too",)),
    "weights unknown": ((*P, *Q, "--q-weights", "w"), 1, ("q.csv: --q-weights", "no column 'w'")),
    "weights of a run": (("--checkpoint", "run", "--p-weights", "a"), 2, ("give --p and --q too",)),
    "weights negative": (
        (*P, "--q", "negative.csv", "--q-weights", "w"),
        1,
        ("--q-weights: row 0 of 'w' is -1 (90 such", "must be zero or positive"),
    ),
    "weights zero": ((*P, "--q", "zero.csv", "--q-weights", "w"), 1, ("all weights in 'w' are zero",)),
    "weights above their maximum": (
        (*P, "--q", "two.csv", "--q-weights", "w:1.5"),
        1,
        ("row 0 of 'w' is 2", "at most 1.5"),
    ),
    "weights of text": ((*P, "--q", "named.csv", "--q-weights", "w"), 1, ("does not hold numbers",)),
    "weights compared": (
        (*P, "--q", "two.csv", "--q-weights", "w", "--columns", "a,w"),
        1,
        ("'w' holds the weights, which are not compared",),
    ),
    "weights of an array": (
        ("--q", "q.csv", "--p", "p.npy", "--p-weights", "w"),
        1,
        ("another array in the same .npz or HDF5 file",),
    ),
    "weights of other length": (
        (*P, "--q", "weighted.npz", "--q-weights", "w"),
        1,
        ("'w' has 89 weights for 90 rows",),
    ),
    "weights not finite": ((*P, "--q", "blank.npz", "--q-weights", "w"), 1, ("blank.npz[w]: row 0 is nan",)),
    "maximum not positive": ((*P, *Q, "--q-weights", "a:0"), 2, ("positive and finite, got '0'",)),
    "maximum not finite": ((*P, *Q, "--q-weights", "a:inf"), 2, ("positive and finite, got 'inf'",)),
    "weights without name": ((*P, *Q, "--q-weights", ":2"), 2, ("must be COLUMN or COLUMN:MAX",)),
}


@pytest.mark.parametrize("name", CASES)
def test_two_files_that_cannot_be_compared_are_refused(vdm: Vdm, place: Path, tree: Tree, name: str) -> None:
    arguments, code, said = CASES[name]
    before = tree(place)
    outcome = vdm("eval-divergence", *arguments, "--output", "found.json", "--plot", "pictures")
    assert_refused(outcome, code, *said)
    assert tree(place) == before
