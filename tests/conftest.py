"""Settings that every test shares."""

import gc
import os
import signal
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow convolves maps with their channels first by oneDNN alone, which it
# takes by itself on processors with AVX-512 only.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# JAX compiles each operation for each shape: tests wait for that most of all.
if os.environ.get("KERAS_BACKEND") == "jax":
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

# Networks are many small objects: one pass in ten of the default's.
gc.set_threshold(20_000)

# `oracles.py` and the layer harness serve tests in every folder.
sys.path.insert(0, str(Path(__file__).parent))

# A shell that starts tests in the background has them ignore interrupts, and so
# would the binaries that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
