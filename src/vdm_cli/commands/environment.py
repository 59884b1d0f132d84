"""What a run was made with."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import jax

PACKAGES = ("vdm-cli", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")


def environment(command: str, seed: int, earlier: Path) -> str:
    """Versions, devices, seed, command and git commit as a JSON document.

    Args:
        command: The command line.
        seed: Of the run.
        earlier: The run's environment.json; where there is one, what it says is kept as ``resumed_from``.
    """
    document: dict[str, Any] = {
        "command": command,
        "seed": seed,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "versions": {package: metadata.version(package) for package in PACKAGES},
        "devices": [f"{device.platform}:{device.device_kind}" for device in jax.devices()],
        "git_commit": _git_commit(),
    }
    if earlier.exists():
        document["resumed_from"] = _read(earlier)
    return json.dumps(document, indent=2) + "\n"


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _git_commit() -> str | None:
    """The commit of the working folder, where it is in a git repository."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
