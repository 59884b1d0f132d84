from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.load import dump_experiment
from vdm_cli.errors import CheckpointError, UsageError
from vdm_cli.run_directory import RunDirectory

CONFIG = dump_experiment(ExperimentConfig.model_validate({"data": {"kind": "ring"}}))


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    """A run with every file of its own, and one of the user's."""
    directory = RunDirectory(tmp_path / "run")
    with directory.locked():
        directory.write_text("config.yaml", CONFIG)
        directory.write_text("environment.json", "{}\n")
    for step in (100, 200, 300):
        directory.append(directory.metrics, {"step": step, "bound": 0.5})
        directory.append(directory.timings, {"step": step, "steps_per_second": 9.0})
    (directory.path / "samples").mkdir()
    (directory.path / "samples" / "step-100.png").write_bytes(b"png")
    (directory.path / "checkpoints" / "100").mkdir(parents=True)
    (directory.path / "notes.txt").write_text("mine")
    return directory


def steps(file: Path) -> list[int]:
    return [json.loads(line)["step"] for line in file.read_text().splitlines()]


def test_append_writes_one_whole_line_after_another(directory: RunDirectory) -> None:
    directory.append(directory.metrics, {"step": 400, "label": "two\nlines"})
    text = directory.metrics.read_text()
    assert text.endswith("\n")
    assert steps(directory.metrics) == [100, 200, 300, 400]
    assert json.loads(text.splitlines()[-1]) == {"step": 400, "label": "two\nlines"}


def test_append_refuses_what_is_not_json(directory: RunDirectory) -> None:
    with pytest.raises(ValueError, match="JSON"):
        directory.append(directory.metrics, {"step": 400, "bound": float("nan")})
    assert steps(directory.metrics) == [100, 200, 300]


def test_append_names_the_file_that_cannot_be_written(directory: RunDirectory) -> None:
    with pytest.raises(CheckpointError, match=r"absent/metrics\.jsonl: cannot write"):
        directory.append(directory.path / "absent" / "metrics.jsonl", {"step": 1})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_an_expected_failure() -> None:
    with pytest.raises(CheckpointError, match=r"/dev/full: cannot write: .*No space left"):
        RunDirectory(Path("run")).append(Path("/dev/full"), {"step": 1})


@pytest.mark.parametrize(
    "torn", ['{"step": 20', '{"step": 200}', "\x00\x00\n", "[]\n", '{"bound": 1.0}\n', "7\n"]
)
def test_rewind_drops_torn_lines(directory: RunDirectory, torn: str) -> None:
    with directory.metrics.open("a") as file:
        file.write(torn)
    directory.rewind(300)
    assert steps(directory.metrics) == [100, 200, 300]


def test_rewind_drops_a_line_cut_inside_a_character(directory: RunDirectory) -> None:
    with directory.metrics.open("ab") as file:
        file.write(b'{"step": 200, "label": "\xcf')
    directory.rewind(300)
    assert steps(directory.metrics) == [100, 200, 300]


@pytest.mark.parametrize(("step", "left"), [(0, []), (199, [100]), (200, [100, 200]), (999, [100, 200, 300])])
def test_rewind_forgets_every_line_after_the_step(
    directory: RunDirectory, step: int, left: list[int]
) -> None:
    before = directory.metrics.read_bytes().splitlines(keepends=True)
    directory.rewind(step)
    assert steps(directory.metrics) == steps(directory.timings) == left
    assert directory.metrics.read_bytes() == b"".join(before[: len(left)])


def test_rewind_of_a_new_run_does_nothing(tmp_path: Path) -> None:
    RunDirectory(tmp_path / "new").rewind(0)
    assert not (tmp_path / "new").exists()


def test_a_new_or_empty_directory_may_be_written(tmp_path: Path) -> None:
    RunDirectory(tmp_path / "new").check(resume=False, overwrite=False)
    RunDirectory(tmp_path).check(resume=False, overwrite=False)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_with_nothing_but_a_lock_may_be_written(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "run")
    with directory.locked():
        pass
    directory.check(resume=False, overwrite=False)


def test_an_existing_run_is_refused_unless_a_flag_says_what_to_do(directory: RunDirectory) -> None:
    with pytest.raises(
        UsageError, match=r"run exists: continue it with --resume, replace it with --overwrite"
    ):
        directory.check(resume=False, overwrite=False)
    directory.check(resume=True, overwrite=False)
    directory.check(resume=False, overwrite=True)


@pytest.mark.parametrize("name", ["thesis.tex", "notes.tmp", "config.yaml"])
@pytest.mark.parametrize("flag", ["none", "resume", "overwrite"])
def test_a_directory_that_is_no_run_is_refused_whatever_the_flag(
    tmp_path: Path, name: str, flag: str
) -> None:
    """Not even a config.yaml makes it one: another program's folder may hold one too."""
    (tmp_path / name).write_text("mine")
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match="holds files but no run"):
        RunDirectory(tmp_path).check(resume=flag == "resume", overwrite=flag == "overwrite")


def test_a_run_with_files_of_the_user_is_still_a_run(directory: RunDirectory) -> None:
    assert (directory.path / "notes.txt").exists()
    directory.check(resume=True, overwrite=False)


def test_what_a_run_killed_as_it_began_left_may_be_written(tmp_path: Path) -> None:
    (tmp_path / ".config.yaml.tmp").write_text("na")
    RunDirectory(tmp_path).check(resume=False, overwrite=False)


def test_a_run_killed_while_it_was_cleared_is_still_a_run(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def killed_at_the_config(path: Path, missing_ok: bool = False) -> None:
        if path == directory.config:
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed_at_the_config)
        with pytest.raises(KeyboardInterrupt):
            directory.clear()
    assert not directory.samples.exists()
    directory.check(resume=False, overwrite=True)


@pytest.mark.parametrize("inside", ["", "deeper", "deeper/still"])
def test_a_file_in_the_way_is_named(tmp_path: Path, inside: str) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(UsageError, match=r"file.* is a file.*choose another --run-dir"):
        RunDirectory(file / inside).check(resume=False, overwrite=True)


def test_clear_removes_the_files_of_the_run_and_no_other(directory: RunDirectory) -> None:
    directory.clear()
    assert {entry.name for entry in directory.path.iterdir()} == {"notes.txt", ".lock"}
    directory.clear()


def test_a_second_process_cannot_write_the_run(directory: RunDirectory) -> None:
    program = (
        "import sys; from pathlib import Path; from vdm_cli.run_directory import RunDirectory\n"
        "with RunDirectory(Path(sys.argv[1])).locked(): print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(directory.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(UsageError, match="another process is training this run"), directory.locked():
            pass
        other.kill()
    with directory.locked():  # the lock went with the process
        pass


def test_the_lock_is_released_after_a_failure(directory: RunDirectory) -> None:
    with pytest.raises(RuntimeError), directory.locked():
        raise RuntimeError
    with directory.locked(), pytest.raises(UsageError), directory.locked():
        pass
    with directory.locked():
        pass


def test_text_is_written_whole_or_not_at_all(directory: RunDirectory) -> None:
    directory.write_text("config.yaml", "name: new\n")
    assert directory.config.read_text() == "name: new\n"
    with pytest.raises(UnicodeEncodeError):
        directory.write_text("config.yaml", "cut here: \udcff")
    assert directory.config.read_text() == "name: new\n"
