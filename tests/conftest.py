"""Settings that every test shares."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# `oracles.py` and the layer harness serve tests in every folder.
sys.path.insert(0, str(Path(__file__).parent))
