"""How much memory a binary takes."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

_POLL_SECONDS = 0.1
_CHECKOUT = str(Path(__file__).parents[1])


def peak_memory(module: str, arguments: Sequence[str]) -> float:
    """The largest resident size of a run of a binary, in MiB.

    Args:
        module: The binary, such as `"experiments.position_probe"`.
        arguments: Its flags.

    Returns:
        What the operating system counted for the process of its own in which
        it ran; 0 where there is no `/proc` to tell.

    Raises:
        RuntimeError: If the run fails: the message holds what it said.
    """
    # `experiments` is not installed: it is found from any folder this way.
    path = os.pathsep.join(filter(None, [_CHECKOUT, os.getenv("PYTHONPATH")]))
    # A file, not a pipe: nobody reads while the run goes on.
    with tempfile.TemporaryFile("w+") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env={**os.environ, "PYTHONPATH": path},
        )
        peak = 0.0
        while process.poll() is None:
            peak = _high_water_mark(process.pid) or peak
            time.sleep(_POLL_SECONDS)
        stderr.seek(0)
        message = stderr.read().strip()
    if process.returncode:
        raise RuntimeError(f"{module} failed: {message[-500:]}")
    return peak


def _high_water_mark(pid):
    """The largest resident size of a process so far, in MiB; `None` if gone.

    Not `ru_maxrss`: that of a child starts from what its parent had.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    peak = re.search(r"VmHWM:\s*(\d+) kB", status)
    return peak and int(peak[1]) / 1024
