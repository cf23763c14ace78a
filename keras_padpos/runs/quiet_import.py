"""Keras with its backend, imported without a word."""

import os
import re
import sys
import tempfile
from logging import getLogger

from keras_padpos.errors import InputError
from keras_padpos.errors import did_you_mean
from keras_padpos.errors import extra_hint
from keras_padpos.runs.streams import redirected

_BACKENDS = ("tensorflow", "jax", "torch")

# TensorFlow's C++ log lines, in both of its spellings, and the line it puts
# before them.
_LOG_LINE = re.compile(
    r"WARNING: All log messages before absl::InitializeLog"
    r"|[IWE]\d{4} [\d:.]+ +\d+ \S+:\d+\] "
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
    r"|To enable the following instructions:"
)


def quiet_tensorflow() -> None:
    """Import Keras, hence its backend, without TensorFlow's log lines.

    TensorFlow writes to file descriptor 2 while it is imported, whatever
    `TF_CPP_MIN_LOG_LEVEL` says. So the descriptor leads to a temporary file
    during the import. What is no log line of TensorFlow's, a Python warning
    say, is printed afterwards; if the import raises, everything is.

    With `TF_CPP_MIN_LOG_LEVEL` of 0 or 1 the lines are shown. A second call
    does nothing.
    """
    level = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if level in ("0", "1"):
        import keras  # noqa: F401

        return
    if "keras" in sys.modules:
        return
    with tempfile.TemporaryFile() as diverted:
        failed = True
        try:
            with redirected({2: diverted.fileno()}):
                import keras  # noqa: F401
            failed = False
        except KeyboardInterrupt:
            failed = False
            raise
        finally:
            # Else it warns of a new trace for each size of a last batch.
            getLogger("tensorflow").setLevel("ERROR")
            diverted.seek(0)
            for line in diverted.read().decode(errors="replace").splitlines():
                if failed or not _LOG_LINE.match(line):
                    print(line, file=sys.stderr)


def check_backend() -> None:
    """Refuse a misspelt KERAS_BACKEND before anything is imported."""
    backend = os.environ.get("KERAS_BACKEND")
    if backend and backend not in _BACKENDS:
        raise InputError(
            f"KERAS_BACKEND must be one of {', '.join(_BACKENDS)}. "
            f"Received: {backend}.{did_you_mean(backend, _BACKENDS)}"
        )


def import_keras() -> None:
    """Import Keras as `quiet_tensorflow` does; one line if that fails."""
    try:
        quiet_tensorflow()
    # ValueError: one that Keras' own configuration file names.
    except (ImportError, ValueError) as error:
        raise InputError(
            f"Cannot import Keras with its backend: {error}. Install one, "
            f"{extra_hint('tensorflow')} for example, or set KERAS_BACKEND to "
            "one that is installed: tensorflow, jax or torch."
        ) from error
