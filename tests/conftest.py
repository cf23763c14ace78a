"""Settings that every test shares."""

import os
import signal
import sys
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# `oracles.py` and the layer harness serve tests in every folder.
sys.path.insert(0, str(Path(__file__).parent))

_MUCH_MEMORY = {"padding", "layers", "models"}

# A shell that starts tests in the background has them ignore interrupts, and so
# would the binaries that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Tests that need much memory share a worker: `--dist loadgroup`."""
    for item in items:
        if item.get_closest_marker("large") and _MUCH_MEMORY & {
            *item.path.parts
        }:
            item.add_marker(pytest.mark.xdist_group("memory"))
