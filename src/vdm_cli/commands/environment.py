"""What a run was made with."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata

import jax

PACKAGES = ("vdm-cli", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")


def environment(command: str, seed: int) -> str:
    """Versions, devices, seed, command and git commit as a JSON document."""
    document = {
        "command": command,
        "seed": seed,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "versions": {package: metadata.version(package) for package in PACKAGES},
        "devices": [f"{device.platform}:{device.device_kind}" for device in jax.devices()],
        "git_commit": _git_commit(),
    }
    return json.dumps(document, indent=2) + "\n"


def _git_commit() -> str | None:
    """The commit of the working folder, where it is in a git repository."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
