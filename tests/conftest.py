"""What every test runs under: strict JAX, warnings as errors, one compilation cache for all runs."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Generator, Iterator
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")  # no display; before anything imports matplotlib
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # XLA's C++ log lines; read when jax is imported

import hypothesis
import jax
import pytest

from compiler import unoptimized
from vdm_cli.divergences.precision import double_precision

ALLOWED_WARNINGS = (
    # a leaf is restored on the device where it is wanted, not as it was sharded when saved
    "ignore:Sharding info not provided:UserWarning",
)


def _host() -> str:
    """Names this kind of CPU: programs compiled for one may die of an illegal instruction on another."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else [platform.processor()]
    kept = sorted(
        {line for line in lines if line.startswith(("model name", "flags", "Features"))} or lines[:1]
    )
    return f"{platform.machine()}-{hashlib.sha256('|'.join(kept).encode()).hexdigest()[:12]}"


jax.config.update("jax_numpy_rank_promotion", "raise")  # (n, 1) against (n,) is an error, not (n, n)
jax.config.update("jax_debug_key_reuse", True)
jax.config.update("jax_compilation_cache_dir", str(Path(__file__).parents[1] / ".jax_cache" / _host()))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)

# the same examples every time, and no deadline: a first example compiles
hypothesis.settings.register_profile("vdm", deadline=None, derandomize=True, max_examples=30, database=None)
hypothesis.settings.load_profile("vdm")


def pytest_configure(config: pytest.Config) -> None:
    for line in ("error", *ALLOWED_WARNINGS):
        config.addinivalue_line("filterwarnings", line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A marked test, and the fixtures that it asks for first, compile without most optimizations."""
    with unoptimized(item.get_closest_marker("unoptimized") is not None):
        return (yield)


@pytest.fixture
def float64() -> Iterator[None]:
    """The whole test computes in float64; `double_precision` is the same for a part of one."""
    with double_precision():
        yield
