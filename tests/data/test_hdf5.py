"""HDF5 files: which dataset is meant, and what is said of those that are no rows of numbers."""

from __future__ import annotations

import subprocess
import sys

import h5py
import numpy as np
import pytest

from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError

VALUES = np.arange(12.0).reshape(4, 3)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as stream:
        stream["x"] = VALUES
        stream.create_dataset(
            "run/images", data=np.ones((4, 2, 2), ">u2"), chunks=(2, 2, 2), compression="gzip"
        )
        stream["run/label"] = np.array([3, 10, 3, 4])
        stream["names"] = ["a", "b"]
        stream["records"] = np.zeros(3, [("a", "f8"), ("b", "i4")])
        stream.create_dataset("lists", (3,), dtype=h5py.vlen_dtype(np.float32))
        stream["none"] = h5py.Empty("f")
        stream["one"] = 3.0
        stream["gap"] = np.array([1.0, np.nan])
        stream["elsewhere"] = h5py.ExternalLink("b.h5", "x")
        stream.create_dataset("huge", (10**12, 8), dtype="f8", chunks=(1000, 8))
        stream.create_dataset("chunk", (10, 8), maxshape=(None, 8), dtype="f8", chunks=(1 << 23, 8))
        stream.create_dataset("outside", (4,), dtype="u1", external=[("/etc/hostname", 0, 4)])
        layout = h5py.VirtualLayout((4,), "f8")
        layout[:] = h5py.VirtualSource("b.h5", "x", (4,))
        stream.create_virtual_dataset("virtual", layout)
    return path


@pytest.mark.parametrize(("name", "shape", "dtype"), [("x", (4, 3), "f8"), ("/run/images", (4, 2, 2), "u2")])
def test_a_dataset_is_an_array(file, name, shape, dtype):
    rows = read_rows(f"{file}:{name}")
    assert (rows.values.shape, rows.values.dtype, rows.source) == (shape, np.dtype(dtype), f"{file}:{name}")
    assert rows.integer == ((False,) * 3 if name == "x" else (True,))


def test_the_only_dataset_needs_no_name(tmp_path):
    with h5py.File(tmp_path / "a.hdf5", "w") as stream:
        stream["group/only"] = VALUES
    np.testing.assert_array_equal(read_rows(tmp_path / "a.hdf5").values, VALUES)


def test_labels_of_the_same_file(file):
    rows = read_rows(f"{file}:run/images", labels="run/label")
    assert rows.labels.form.categories == ("3", "4", "10")
    np.testing.assert_array_equal(rows.labels.values, [0, 2, 0, 1])


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("", "holds 13 datasets (chunk, gap, huge, "),
        (":y", "has no dataset 'y'; it holds chunk, gap, huge, "),
        (":run/image", "Did you mean 'run/images'?"),
        (":run", "has no dataset 'run'"),
        (":elsewhere", "has no dataset 'elsewhere'"),
        (":names", "holds text"),
        (":records", "holds records with named fields"),
        (":lists", "holds lists of varying length; every row must have the same shape"),
        (":none", "has no rows (an empty dataset)"),
        (":one", "is a single number"),
        (":gap", "row 1 is nan"),
        (":huge", "claims 64000000000000 bytes of values in a file of"),
        (":chunk", "claims 536870912 bytes of values in a file of"),
        (":outside", "its values lie in other files"),
        (":virtual", "its values lie in other files"),
    ],
)
def test_datasets_that_are_no_rows(file, name, fragment):
    with pytest.raises(DataError) as caught:
        read_rows(f"{file}{name}")
    assert str(caught.value).startswith(str(file))
    assert fragment in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.h5: is not an HDF5 file, or is damaged: "):
        read_rows(tmp_path / "a.h5")


def test_a_file_without_datasets_is_refused(tmp_path):
    h5py.File(tmp_path / "a.h5", "w").close()
    with pytest.raises(DataError, match="holds no dataset"):
        read_rows(tmp_path / "a.h5")


def test_random_damage_never_escapes_as_another_error(file):
    content = file.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for index in range(200):
        damaged = bytearray(content)
        damaged[rng.integers(len(content) if index % 2 else 200)] = rng.integers(256)
        file.write_bytes(damaged)
        try:
            read_rows(f"{file}:run/images")
        except DataError:
            refused += 1
    assert refused > 20


@pytest.mark.parametrize(
    ("package", "name", "extra"), [("h5py", "a.h5", "hdf5"), ("uproot", "a.root", "root")]
)
def test_an_absent_package_is_one_line_with_the_command_that_installs_it(tmp_path, package, name, extra):
    (tmp_path / name).write_bytes(b"")
    code = f"""
import sys
sys.modules[{package!r}] = None  # as if it were not installed
from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError
try:
    read_rows({str(tmp_path / name)!r})
except DataError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert done.stdout.endswith(
        f"needs the package {package}; install it with: pip install 'vdm-cli[{extra}]'\n"
    )


def test_reading_other_files_does_not_import_the_extras(tmp_path):
    np.save(tmp_path / "a.npy", VALUES)
    code = (
        "import sys; from vdm_cli.data.rows import read_rows; "
        f"read_rows({str(tmp_path / 'a.npy')!r}); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"h5py", "uproot", "awkward", "PIL"}.isdisjoint(done.stdout.split())
