"""Compressed files: their content, and what is said of damaged ones and of decompression bombs."""

from __future__ import annotations

import gzip
import lzma
import tracemalloc

import numpy as np
import pytest

from vdm_cli.data.files.compressed import ALWAYS_ALLOWED, most_bytes, open_bytes, plain_name
from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError

TEXT = b"a,b\n" + b"1,2.5\n" * 4000
COMPRESS = {".gz": gzip.compress, ".xz": lzma.compress}


def bomb(compress, size):
    """Zeros, compressed piece by piece: streams in a row are one file for gzip and xz alike."""
    return compress(bytes(1 << 24)) * (size >> 24)


@pytest.mark.parametrize("suffix", COMPRESS)
def test_content_is_what_was_compressed(tmp_path, suffix):
    path = tmp_path / f"A.CSV{suffix.upper()}"
    path.write_bytes(COMPRESS[suffix](TEXT))
    with open_bytes(path, "a") as stream:
        assert stream.read() == TEXT
    assert plain_name(path) == "a.csv"
    assert most_bytes(path) == ALWAYS_ALLOWED


def test_a_plain_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT)
    with open_bytes(path, "a") as stream:
        assert stream.read() == TEXT
    assert (plain_name(path), most_bytes(path)) == ("a.csv", len(TEXT))


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_compressed_table_is_the_table(tmp_path, suffix):
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(COMPRESS[suffix](TEXT))
    rows = read_rows(path)
    assert (rows.columns, rows.values.shape, rows.text_decimals) == (("a", "b"), (4000, 2), (0, 1))


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize(
    ("damage", "fragment"),
    [
        (lambda content: content[:-5], "file is cut short (after "),
        (lambda content: content[:30] + b"damage" + content[36:], "or is damaged ("),
        (lambda content: TEXT, "file, or is damaged ("),
    ],
)
def test_damage_is_one_error(tmp_path, suffix, damage, fragment):
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(damage(COMPRESS[suffix](np.random.default_rng(0).bytes(5000))))
    with pytest.raises(DataError) as caught, open_bytes(path, "the file") as stream:
        stream.read()
    assert str(caught.value).startswith("the file: ")
    assert fragment in str(caught.value)
    with pytest.raises(DataError):
        read_rows(path)


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("name", ["a.csv", "a.bin"])
def test_a_bomb_is_refused_before_it_takes_memory(tmp_path, name, suffix):
    path = tmp_path / f"{name}{suffix}"
    path.write_bytes(bomb(COMPRESS[suffix], 1 << 30))
    tracemalloc.start()
    try:
        with pytest.raises(DataError) as caught:
            read_rows(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(caught.value).startswith(f"{path}: ")
    if name == "a.bin":  # the first line of the table is refused earlier, as it holds zero bytes
        assert "expands more than 200-fold, as decompression bombs do" in str(caught.value)
    assert peak < 200 << 20


def test_a_table_that_is_a_bomb_of_numbers_is_refused(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress((b"0" * 100_000 + b"\n") * 20) * 40)
    with pytest.raises(DataError, match="200-fold"):
        read_rows(path)
