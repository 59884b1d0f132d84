"""What users get wrong: one message, the right exit code, no traceback, and not a byte changed."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_harness import CONFIG, Outcome, Tree, Vdm

TITLES = (
    "Usage error: ",
    "Configuration error: ",
    "Data error: ",
    "Checkpoint error: ",
    "Error: ",
    "Usage: ",
)


@pytest.fixture
def place(tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a good table and a good configuration of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_bytes(table.read_bytes())
    (tmp_path / "good.yaml").write_text(CONFIG % "good.csv")
    return tmp_path


def assert_refused(outcome: Outcome, code: int, *said: str) -> None:
    assert (outcome.code, outcome.out) == (code, ""), outcome.err
    assert outcome.err.startswith(TITLES), outcome.err
    assert sum(outcome.err.count(f"\n{title}") for title in TITLES) == 0, outcome.err
    assert "Traceback" not in outcome.err
    unwrapped = " ".join(outcome.err.replace("│", " ").split())
    for text in said:
        assert text in unwrapped


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def huge_npy() -> bytes:
    stream = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**12, 2)}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + bytes(64)


def zip_of_text() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "no arrays")
    return stream.getvalue()


ROWS = np.random.default_rng(0).normal(size=(100, 2))
LINES = "".join(f"{a:.3f},{b:.3f}\n" for a, b in ROWS)
FILES: dict[str, tuple[str, bytes, str]] = {
    "empty csv": ("a.csv", b"", "is empty"),
    "csv of names only": ("a.csv", b"x,y\n", "no rows"),
    "binary csv": ("a.csv", bytes(range(256)), "a.csv"),
    "ragged csv": ("a.csv", f"x,y\n{LINES}1.0\n".encode(), "line 102"),
    "blank column": ("a.csv", b"x,y\n" + b"1.0,\n" * 100, "column 'y' is blank in all of its 100 cells"),
    "text cell": ("a.csv", f"x,y\n{LINES}1.0,high\n".encode(), "'high' is not a number"),
    "nan column": ("a.csv", b"x,y\n" + b"1.0,nan\n" * 100, "column 'y' is blank in all of its 100 cells"),
    "two formats": ("a.csv", b"x,y\n" + b"1,2020-01-31\n" * 99 + b"1,31.01.2020\n", "dates of two formats"),
    "10^5 categories": (
        "a.csv",
        "\n".join(["x", *map("t{}".format, range(10**5))]).encode(),
        "data.drop: [x]",
    ),
    "inf cell": ("a.csv", f"x,y\n{LINES}-inf,1\n".encode(), "line 102"),
    "decimal comma": ("a.csv", b"x;y\n" + b"1,5;2\n" * 100, "point, not a comma"),
    "unclosed quote": ("a.csv", f'x,y\n"{LINES}'.encode(), "a.csv"),
    "two columns of a name": ("a.csv", f"x,x\n{LINES}".encode(), "2 columns are named 'x'"),
    "object npy": ("a.npy", npy(np.array([{"a": 1}] * 100)), "Python objects"),
    "text npy": ("a.npy", npy(np.array(["a"] * 100)), "text"),
    "complex npy": ("a.npy", npy(ROWS * 1j), "complex"),
    "0-d npy": ("a.npy", npy(np.array(3.0)), "0 dimensions"),
    "npy without rows": ("a.npy", npy(np.zeros((0, 3))), "no rows"),
    "npy with nan": ("a.npy", npy(np.where(ROWS > 2, np.nan, ROWS)), "finite"),
    "truncated npy": ("a.npy", npy(ROWS)[:-7], "incomplete or damaged"),
    "truncated npy header": ("a.npy", npy(ROWS)[:20], "a.npy"),
    "npy of 10^12 rows": ("a.npy", huge_npy(), "promises"),
    "csv called npy": ("a.npy", LINES.encode(), "not a .npy file"),
    "npz of two arrays": ("a.npz", npz(x=ROWS, y=ROWS), "holds 2 arrays"),
    "npz without arrays": ("a.npz", zip_of_text(), "no arrays"),
    "bad zip": ("a.npz", b"PK\x03\x04 and no more", "a.npz"),
    "truncated npz": ("a.npz", npz(x=ROWS)[:-40], "a.npz"),
    "truncated gzip": ("a.csv.gz", gzip.compress(LINES.encode())[:-9], "cut short"),
    "csv called gzip": ("a.csv.gz", LINES.encode(), "is no gzip file"),
    "decompression bomb": ("a.bin.gz", gzip.compress(bytes(1 << 26)), "decompression bombs"),
    "idx of 10^12 rows": ("a.idx", b"\0\0\x08\x02" + struct.pack(">2I", 4 * 10**9, 250), "promises"),
    "cifar cut short": ("a.bin", bytes(3000), "no multiple of a record's"),
    "csv called hdf5": ("a.h5", LINES.encode(), "is not an HDF5 file"),
    "csv called root": ("a.root", LINES.encode(), "is not a ROOT file"),
    "csv called parquet": ("a.parquet", LINES.encode(), "is no parquet file"),
    "unknown suffix": ("a.xlsx", b"x", "'.xlsx' are not supported"),
    "no suffix": ("a", LINES.encode(), "without a suffix"),
    "too few rows": ("a.csv", b"temperature,count\n1,2\n3,4\n", "2 rows"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", ["train", "eval-divergence"])
def test_a_bad_file_is_a_data_error(vdm: Vdm, place: Path, tree: Tree, name: str, command: str) -> None:
    file, content, said = FILES[name]
    other = f"b{file}"  # as bad: of two tables with other names these would be told first
    for each in (file, other):
        (place / each).write_bytes(content)
    before = tree(place)
    if command == "train":
        outcome = vdm("train", "--config", "good.yaml", "--set", f"data.path={file}", "--run-dir", "run")
    else:
        outcome = vdm("eval-divergence", "--p", file, "--q", other)
    assert_refused(outcome, 1, said)
    assert tree(place) == before


def pictures(place: Path, *sizes: int) -> Path:
    """A folder of gray squares with these sides."""
    from PIL import Image

    (place / "images").mkdir()
    for index, side in enumerate(sizes):
        Image.new("L", (side, side)).save(place / "images" / f"{index}.png")
    return place / "images"


def test_images_of_different_sizes_are_a_data_error(vdm: Vdm, place: Path, tree: Tree) -> None:
    pictures(place, *[8] * 30, 9)
    before = tree(place)
    outcome = vdm("train", "--config", "good.yaml", "--set", "data.path=images", "--run-dir", "run")
    assert_refused(outcome, 1, "images/0.png is 8 x 8 pixels, gray, and", "images/30.png is 9 x 9 pixels")
    assert tree(place) == before


def test_a_link_out_of_an_image_folder_is_a_data_error(vdm: Vdm, place: Path, tree: Tree) -> None:
    (pictures(place, *[8] * 30) / "secret.png").symlink_to("/etc/hostname")
    before = tree(place)
    outcome = vdm("train", "--config", "good.yaml", "--set", "data.path=images", "--run-dir", "run")
    assert_refused(outcome, 1, "images/secret.png: is a link out of the folder")
    assert tree(place) == before


CONFIGS: dict[str, tuple[str, str]] = {
    "empty": ("", "data"),
    "a list": ("[1, 2]", "bad.yaml"),
    "duplicated key": ("data: {path: good.csv}\ndata: {path: good.csv}\n", "bad.yaml:2:1"),
    "tab": ("data:\n\tpath: good.csv\n", "tab"),
    "unknown key": ("data: {path: good.csv}\ntrainig: {steps: 3}\n", "did you mean 'training'?"),
    "wrong type": ("data: {path: good.csv}\ntraining: {steps: many}\n", "bad.yaml:2:19"),
    "float steps": ("data: {path: good.csv}\ntraining: {steps: 2.5}\n", "training.steps"),
    "negative steps": ("data: {path: good.csv}\ntraining: {steps: -5}\n", "training.steps"),
    "nan learning rate": (
        "data: {path: good.csv}\noptimizers: {critic: {learning_rate: .nan}}\n",
        "optimizers.critic.learning_rate",
    ),
    "inf penalty": ("data: {path: good.csv}\nobjective: {penalties: [{kind: r1, weight: .inf}]}\n", "weight"),
    "alpha 1": ("data: {path: good.csv}\ndivergence: {kind: alpha, alpha: 1}\n", "'kl'"),
    "unknown divergence": ("data: {path: good.csv}\ndivergence: kll\n", "kl"),
    "code as a divergence": (
        "data: {path: good.csv}\ndivergence: __import__('os').system('touch owned')\n",
        "bad.yaml:2:13: divergence: there is no function __import__",
    ),
    "concave expression": (
        "data: {path: good.csv}\ndivergence: {kind: expression, f: sqrt(u)}\n",
        "bad.yaml:2:35: divergence.f: it is not convex",
    ),
    "expression without a value": (
        "data: {path: good.csv}\ndivergence: {kind: expression, f: a*u*log(u)}\n",
        "f: ..., a: 0.5}",
    ),
    "piecewise linear expression": (
        'data: {path: good.csv}\ndivergence: "maximum(u - 2.7, 0)"\n',
        "vdm eval-divergence --expression",
    ),
    "python tag": ("data: !!python/object/apply:os.system ['touch owned']\n", "not allowed"),
    "billion laughs": (
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "bad.yaml",
    ),
    "deep nesting": ("data: " + "[" * 5000, "bad.yaml"),
    "nul byte": ("data: {path: good.csv}\x00\n", "bad.yaml"),
    "unclosed brace": ("data: {path: good.csv\n", "bad.yaml"),
    "a file that is not there": ("data: {path: god.csv}\n", "Did you mean good.csv?"),
    "a folder as data": ("data: {path: folder}\n", "is a folder without images"),
    "unknown column": ("data: {path: good.csv, columns: [temprature]}\n", "Did you mean 'temperature'?"),
    "column twice": ("data: {path: good.csv, columns: [count, count]}\n", "2 times"),
    "key of a csv": ("data: {path: good.csv, key: x}\n", ".npz"),
    "name that leaves the folder": ("data: {path: good.csv}\nname: ../../etc\n", "name"),
    "split of everything": ("data: {path: good.csv, split: {validation: 0.5, test: 0.5}}\n", "split"),
}
DATA_ERRORS = {
    "a file that is not there",
    "a folder as data",
    "unknown column",
    "column twice",
    "key of a csv",
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_bad_config_is_refused(vdm: Vdm, place: Path, tree: Tree, name: str) -> None:
    text, said = CONFIGS[name]
    (place / "folder").mkdir()
    (place / "bad.yaml").write_text(text)
    before = tree(place)
    outcome = vdm("train", "--config", "bad.yaml")
    assert_refused(outcome, 1 if name in DATA_ERRORS else 2, said)
    assert tree(place) == before


def test_all_problems_of_a_config_are_told_at_once(vdm: Vdm, place: Path) -> None:
    (place / "bad.yaml").write_text(
        "data: {path: good.csv}\ntraining: {steps: -1, batch_size: x}\ncritic: {hiden: [3]}\n"
    )
    outcome = vdm("train", "--config", "bad.yaml", "--set", "seed=-4")
    assert_refused(outcome, 2, "training.steps", "training.batch_size", "'hidden'", "--set seed=-4")


TRAIN = ["train", "--config", "good.yaml"]
OPTIONS: dict[str, tuple[list[str], int, str]] = {
    "no config": (["train"], 2, "--config"),
    "unknown shipped name": (["train", "--config", "rng"], 2, "did you mean 'ring'?"),
    "missing file": (["train", "--config", "god.yaml"], 2, "no such file"),
    "folder as config": (["train", "--config", "folder"], 2, "a folder"),
    "binary config": (["train", "--config", "binary.yaml"], 2, "binary.yaml"),
    "set without value": ([*TRAIN, "--set", "training.steps"], 2, "KEY=VALUE"),
    "set without key": ([*TRAIN, "--set", "=3"], 2, "key is empty"),
    "set unknown": ([*TRAIN, "--set", "training.step=3"], 2, "did you mean"),
    "set bad value": ([*TRAIN, "--set", "training.steps=abc"], 2, "training.steps"),
    "set bad yaml": ([*TRAIN, "--set", "data={"], 2, "--set data={"),
    "set beyond a list": ([*TRAIN, "--set", "objective.penalties.7.weight=1"], 2, "no item 7"),
    "resume and overwrite": ([*TRAIN, "--resume", "--overwrite"], 2, "one of them"),
    "run-dir is a file": ([*TRAIN, "--run-dir", "good.csv"], 2, "is a file"),
    "run-dir below a file": ([*TRAIN, "--run-dir", "good.csv/run"], 2, "is a file"),
    "run-dir cannot be made": ([*TRAIN, "--run-dir", "/proc/vdm"], 2, "cannot write here"),
    "run-dir is foreign": ([*TRAIN, "--run-dir", "foreign"], 2, "no run"),
    "overwrite a foreign folder": ([*TRAIN, "--run-dir", "foreign", "--overwrite"], 2, "no run"),
    "overwrite another program's run": ([*TRAIN, "--run-dir", "torch", "--overwrite"], 2, "no run"),
    "resume another program's run": ([*TRAIN, "--run-dir", "torch", "--resume"], 2, "no run"),
    "overwrite the working folder": ([*TRAIN, "--run-dir", ".", "--overwrite"], 2, "no run"),
    "overwrite with a bad config": (
        [*TRAIN, "--set", "seed=x", "--run-dir", "tiny", "--overwrite"],
        2,
        "seed",
    ),
    "overwrite with bad data": (
        [*TRAIN, "--set", "data.path=no.csv", "--run-dir", "tiny", "--overwrite"],
        1,
        "no.csv",
    ),
    "init from nothing": ([*TRAIN, "--init-from", "nowhere"], 1, "nowhere"),
    "unknown command": (["trian"], 2, "trian"),
    "unknown option": ([*TRAIN, "--steps", "3"], 2, "--steps"),
    "no checkpoint option": (["sample"], 2, "--checkpoint"),
    "checkpoint missing": (["sample", "--checkpoint", "nowhere"], 1, "no such run"),
    "checkpoint name too long": (["sample", "--checkpoint", "x" * 300], 1, "too long"),
    "checkpoint is a file": (["sample", "--checkpoint", "good.csv"], 1, "no checkpoint here"),
    "checkpoint empty": (["sample", "--checkpoint", "folder"], 1, "no checkpoint here"),
    "checkpoint of random files": (["sample", "--checkpoint", "torch"], 1, "no checkpoint here"),
    "checkpoint of Orbax, not of vdm": (["sample", "--checkpoint", "orbax"], 1, "orbax/checkpoints/5"),
    "step not there": (["sample", "--checkpoint", "tiny", "--step", "7"], 1, "there are: "),
    "step of another directory": (
        ["sample", "--checkpoint", "tiny/checkpoints/60", "--step", "40"],
        1,
        "step 40 was asked for",
    ),
    "step no number": (["sample", "--checkpoint", "tiny", "--step", "last"], 2, "'latest' or 'best'"),
    "step negative": (["sample", "--checkpoint", "tiny", "--step", "-1"], 2, "--step"),
    "step too long": (["sample", "--checkpoint", "tiny", "--step", "9" * 5000], 2, "--step"),
    "seed index too large": (["sample", "--checkpoint", "tiny", "--seed-index", "1"], 1, "the run has 1"),
    "seed index negative": (["sample", "--checkpoint", "tiny", "--seed-index", "-1"], 2, "--seed-index"),
    "seed negative": (["sample", "--checkpoint", "tiny", "--seed", "-1"], 2, "--seed"),
    "no samples": (["sample", "--checkpoint", "tiny", "--num-samples", "0"], 2, "--num-samples"),
    "half a sample": (["sample", "--checkpoint", "tiny", "--num-samples", "1.5"], 2, "--num-samples"),
    "output of unknown suffix": (["sample", "--checkpoint", "tiny", "--output", "a.txt"], 2, ".parquet"),
    "output without suffix": (["sample", "--checkpoint", "tiny", "--output", "a"], 2, "no suffix"),
    "output exists": (["sample", "--checkpoint", "tiny", "--output", "good.csv"], 2, "--force"),
    "output is a folder": (
        ["sample", "--checkpoint", "tiny", "--output", "folder.npy", "--force"],
        2,
        "directory",
    ),
    "output's folder missing": (["sample", "--checkpoint", "tiny", "--output", "no/a.npy"], 2, "mkdir"),
    "picture of a table": (["sample", "--checkpoint", "tiny", "--output", "a.png"], 2, "images"),
    "eval nothing": (["eval-divergence"], 2, "--checkpoint RUN, or two files"),
    "eval both": (
        ["eval-divergence", "--checkpoint", "tiny", "--p", "good.csv", "--q", "good.csv"],
        2,
        "--checkpoint RUN, or two files",
    ),
    "eval one file": (["eval-divergence", "--p", "good.csv"], 2, "--q FILE"),
    "eval run and file": (["eval-divergence", "--checkpoint", "tiny", "--q", "good.csv"], 2, "--p FILE"),
    "eval missing file": (
        ["eval-divergence", "--p", "god.csv", "--q", "good.csv"],
        1,
        "Did you mean good.csv?",
    ),
    "eval other columns": (
        ["eval-divergence", "--p", "good.csv", "--q", "other.csv"],
        1,
        "only in Q: pressure",
    ),
    "eval other shapes": (["eval-divergence", "--p", "a.npy", "--q", "b.npy"], 1, "shape"),
    "eval xml": (["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--format", "xml"], 2, "table or json"),
    "eval level 1": (["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--level", "1"], 2, "--level"),
    "eval level 95": (["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--level", "95"], 2, "--level"),
    "eval level that no rows reach": (
        ["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--level", "0.9999999999999999"],
        2,
        "--level",
    ),
    "eval too few test rows": (["eval-divergence", "--checkpoint", "tiny"], 1, "data.split.test"),
    "eval level 0": (["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--level", "0"], 2, "--level"),
    "eval level nan": (["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--level", "nan"], 2, "--level"),
    "eval unknown divergence": (
        ["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--divergence", "jensen_shanon"],
        2,
        "Did you mean 'jensen_shannon'?",
    ),
    "eval alpha 1": (
        ["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--divergence", "alpha:1"],
        2,
        "'kl'",
    ),
    "eval alpha text": (
        ["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--divergence", "alpha:x"],
        2,
        "x",
    ),
    "eval kl with parameter": (
        ["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--divergence", "kl:2"],
        2,
        "no parameter",
    ),
    "eval step of files": (
        ["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--step", "3"],
        2,
        "give --checkpoint",
    ),
    "eval output exists": (
        ["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--output", "good.csv"],
        2,
        "exists",
    ),
    "eval output's folder missing": (
        ["eval-divergence", "--p", "a.npy", "--q", "a.npy", "--output", "no/a.json"],
        2,
        "no folder",
    ),
}


@pytest.fixture
def littered(place: Path, run: Path) -> Path:
    """The working folder with a finished run, and with what is none."""
    import orbax.checkpoint as ocp

    assert run.parent == place
    (place / "folder").mkdir()
    (place / "folder.npy").mkdir()
    (place / "binary.yaml").write_bytes(bytes(range(256)))
    (place / "other.csv").write_text("temperature,pressure\n" + LINES)
    np.save(place / "a.npy", ROWS)
    np.save(place / "b.npy", ROWS[:, :1])
    (place / "foreign").mkdir()
    (place / "foreign" / "thesis.tex").write_text("precious")
    for folder in ("torch/checkpoints", "torch/samples"):
        (place / folder).mkdir(parents=True)
        (place / folder / "epoch.pt").write_text("weeks of work")
    (place / "torch" / "checkpoints" / "12").write_text("a file called by a number")
    (place / "torch" / "config.yaml").write_text("model: resnet\ndata: imagenet\n")
    (place / "orbax" / "checkpoints").mkdir(parents=True)
    with ocp.CheckpointManager(place / "orbax" / "checkpoints") as manager:
        manager.save(5, args=ocp.args.StandardSave({"weights": np.ones(3)}))
    return place


@pytest.mark.parametrize("name", OPTIONS)
def test_a_bad_option_is_refused(vdm: Vdm, littered: Path, tree: Tree, name: str) -> None:
    arguments, code, said = OPTIONS[name]
    before = tree(littered)
    assert_refused(vdm(*arguments), code, said)
    assert tree(littered) == before


@pytest.mark.parametrize("part", ["state", "about", ""])
def test_a_damaged_checkpoint_is_named(
    vdm: Vdm, run: Path, tmp_path: Path, damage: Callable[[Path], None], tree: Tree, part: str
) -> None:
    damage(run / "checkpoints" / "60" / part)
    before = tree(tmp_path)
    for command in ("sample", "eval-divergence"):
        refused = vdm(command, "--checkpoint", run, "--output", tmp_path / "a.npy")
        assert_refused(refused, 1, "checkpoints/60", "damaged checkpoint")
    assert tree(tmp_path) == before


def test_a_run_without_its_configuration_is_not_replaced(
    vdm: Vdm, place: Path, run: Path, tree: Tree
) -> None:
    (run / "config.yaml").unlink()
    before = tree(run)
    assert_refused(vdm(*TRAIN, "--run-dir", run, "--overwrite"), 2, "no run of vdm")
    assert tree(run) == before
