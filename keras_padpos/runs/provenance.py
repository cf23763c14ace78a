"""Where a result comes from."""

import contextlib
import datetime
import importlib.metadata
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras_padpos
from keras_padpos.runs.common_flags import device_flags

_TITLES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


class Provenance:
    """Versions, devices, machine, seed, command line and time of a run.

    Make it when the run starts: the clock starts with it.

    Args:
        seed: The seed of the run.
    """

    def __init__(self, seed: int | None = None):
        self.seed = seed
        self.start = datetime.datetime.now(datetime.UTC)
        self._clock = time.perf_counter()

    def as_dict(self) -> dict[str, Any]:
        """Return everything, as written to results.json.

        Imports Keras, for its backend.

        Returns:
            A dict with `versions` (of Python, this package, Keras, NumPy,
            SciPy, the backend, and TensorFlow if it is imported), `backend`,
            `devices`, `strategy` and `processes` (of binaries that have the
            flags), `machine` (`cpu`, `cores`, `memory_gib`, `platform`, and
            `line`, what `machine_line` returns), `seed`, `command`, `start`
            (UTC, ISO 8601), `wall_seconds` until now, and `commit` (with
            `-dirty` if files differ from it; `None` if the package does not
            lie in a git checkout).
        """
        import keras

        wall_seconds = time.perf_counter() - self._clock
        devices = device_flags()
        if "num_processes" in devices:
            devices["processes"] = devices.pop("num_processes")
        return {
            "versions": _versions(),
            "backend": keras.backend.backend(),
            "devices": _devices(),
            **devices,
            "machine": {**_machine(), "line": self.machine_line()},
            "seed": self.seed,
            "command": _command(),
            "start": self.start.isoformat(timespec="seconds"),
            "wall_seconds": round(wall_seconds, 3),
            "commit": _commit(),
        }

    def machine_line(self) -> str:
        """Return one line to print below timings."""
        import keras

        machine = _machine()
        backend = keras.backend.backend()
        title = _TITLES.get(backend, backend)
        version = _versions().get(backend, "")
        devices = [name for name in _devices() if not name.startswith("CPU")]
        cores = machine["cores"]
        parts = [
            f"{cores} core{'s' if cores != 1 else ''}",
            machine["cpu"],
            machine["memory_gib"] and f"{machine['memory_gib']:.0f} GiB",
            " ".join(filter(None, [title, version, *(devices or ["CPU"])])),
        ]
        return ", ".join(filter(None, parts))


def _versions() -> dict[str, str]:
    import keras

    versions = {
        "python": platform.python_version(),
        "keras_padpos": keras_padpos.__version__,
        "keras": keras.__version__,
    }
    for package in ("numpy", "scipy"):
        versions[package] = importlib.metadata.version(package)
    # The module knows its version whatever its package is called
    # (tensorflow, tensorflow-cpu, ...).
    for package in {"tensorflow", keras.backend.backend()}:
        if package in sys.modules:
            versions[package] = sys.modules[package].__version__
    return versions


def _command() -> str:
    # sys.argv holds a file's path where the command was `python -m`.
    program, *rest = sys.orig_argv[1:] or ["-"]
    name = os.path.basename(program)
    start = [name] if name == "keras-padpos" else ["python", program]
    return shlex.join([*start, *rest])


def _devices() -> list[str]:
    """Name the devices of the backend, `CPU:0` or `GPU:0 (its model)`."""
    import keras

    backend = keras.backend.backend()
    devices = []
    if backend == "tensorflow":
        import tensorflow as tf

        for device in tf.config.list_physical_devices():
            details = tf.config.experimental.get_device_details(device)
            kind, number = device.name.split(":")[-2:]
            devices.append((kind, number, details.get("device_name")))
    elif backend == "jax":
        import jax

        for device in jax.devices():
            kind = device.platform.upper()
            model = device.device_kind if kind != "CPU" else None
            devices.append((kind, device.id, model))
    elif backend == "torch":
        import torch

        for number in range(torch.cuda.device_count()):
            model = torch.cuda.get_device_name(number)
            devices.append(("GPU", number, model))
    return [
        f"{kind}:{number}" + (f" ({model})" if model else "")
        for kind, number, model in devices or [("CPU", 0, None)]
    ]


def _machine() -> dict[str, Any]:
    cpu, cores, memory = "", os.cpu_count() or 1, None
    with contextlib.suppress(OSError):  # Not Linux.
        text = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
        name = re.search(r"^model name\s*:(.*)", text, re.MULTILINE)
        cpu = " ".join(name[1].split()) if name else ""
    # What this process may use, where the system says so.
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    # Windows has no sysconf.
    with contextlib.suppress(AttributeError, OSError, ValueError):
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        memory = round(size / 2**30, 1)
    return {
        "cpu": cpu or platform.processor() or platform.machine(),
        "cores": cores,
        "memory_gib": memory,
        "platform": platform.platform(),
    }


def _commit() -> str | None:
    root = Path(keras_padpos.__file__).resolve().parent.parent
    # An installed package may lie inside a checkout of something else.
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40"]
            + ["--exclude=*"],
            cwd=root,
            # Else git may write to the checkout's index.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
