"""A binary as a user starts it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_binary(module, *flags, cwd, fault=None, timeout=300):
    """Run `python -m MODULE FLAGS`; what it printed and its status.

    `fault` is code that is run before, in the same process.
    """
    start = ["-m", module]
    if fault is not None:
        code = f"{fault}\nimport runpy\n"
        code += f"runpy.run_module({module!r}, run_name='__main__')"
        start = ["-c", code]
    return subprocess.run(
        [sys.executable, *start, *map(str, flags)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def free_address():
    """HOST:PORT on this machine where nobody listens yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def finish(*processes, status=0):
    """Wait for processes that wait for each other; what each printed."""
    try:
        texts = [each.communicate(timeout=200)[0] for each in processes]
    finally:
        # One that failed leaves the others waiting.
        for each in processes:
            each.kill()
            each.communicate()
    for each, text in zip(processes, texts, strict=True):
        assert each.returncode == status, text
    return texts
