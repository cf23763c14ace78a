"""A binary as a user starts it."""

import os
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
