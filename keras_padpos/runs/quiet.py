"""Keras without the backend's chatter."""

import logging
import os
import re
import sys
import tempfile

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

    Whoever sets `TF_CPP_MIN_LOG_LEVEL` to 0 or 1 wants the lines and gets
    them. A second call does nothing.

    Example:
        >>> quiet_tensorflow()
        >>> import keras

    Raises:
        ImportError: If Keras or its backend cannot be imported.
    """
    level = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if level in ("0", "1"):
        import keras  # noqa: F401

        return
    if "keras" in sys.modules:
        return
    _flush()
    with tempfile.TemporaryFile() as held:
        stderr = os.dup(2)
        failed = False
        try:
            os.dup2(held.fileno(), 2)
            import keras  # noqa: F401
        except Exception:
            failed = True
            raise
        finally:
            _flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            # Else it warns of a new trace for each size of a last batch.
            logging.getLogger("tensorflow").setLevel(logging.ERROR)
            held.seek(0)
            for line in held.read().decode(errors="replace").splitlines():
                if failed or not _LOG_LINE.match(line):
                    print(line, file=sys.stderr)


def _flush() -> None:
    # None under pythonw and in some notebooks.
    if sys.stderr is not None:
        sys.stderr.flush()
