import os
from pathlib import Path

import pytest
from work_folder import python

ROOT = Path(__file__).resolve().parents[2]


def execute(code, **env):
    clean = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return python(code, env={**clean, "PYTHONPATH": str(ROOT), **env})


def test_import_through_run_is_silent():
    done = execute(
        "from keras_padpos import runs\n"
        "def main(argv):\n"
        "    import sys\n"
        "    import keras\n"
        "    assert 'keras' in sys.modules\n"
        "    keras.layers.Dense(2)(keras.ops.ones((1, 2)))\n"
        "    print('after', file=sys.stderr)\n"
        "runs.run(main)\n"
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "after\n"


CHATTER = """
import os
os.write(2, b"WARNING: All log messages before absl::InitializeLog() is\\n")
os.write(2, b"I0000 00:00:1795311238.770941    3424 port.cc:153] oneDNN\\n")
os.write(2, b"2026-01-01 10:00:00.123456: I tensorflow/core/x.cc:1] hi\\n")
os.write(2, b"something else\\n")
"""
FAILS = CHATTER + "raise ImportError('No module named jax')"
QUIET = "runs.application.quiet_tensorflow()"


@pytest.mark.parametrize(
    ("keras", "call", "level", "status", "lines", "last"),
    [
        (CHATTER, QUIET, "3", 0, 1, "something else"),
        (CHATTER, QUIET, "0", 0, 4, "something else"),
        # Everything is shown where the import fails.
        (FAILS, QUIET, "3", 1, None, "ImportError: No module named jax"),
        (
            "raise ImportError('No module named jax')",
            "runs.run(lambda argv: None)",
            "3",
            1,
            1,
            "No module named jax. Install the backend, or set KERAS_BACKEND "
            "to one that is installed.",
        ),
    ],
)
def test_only_log_lines_are_dropped(
    tmp_path, keras, call, level, status, lines, last
):
    (tmp_path / "keras.py").write_text(keras)
    done = execute(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"from keras_padpos import runs; {call}",
        TF_CPP_MIN_LOG_LEVEL=level,
    )
    shown = done.stderr.splitlines()
    assert done.returncode == status
    assert shown[-1].endswith(last)
    assert lines is None or len(shown) == lines
    assert ("oneDNN" in done.stderr) == (keras == FAILS or level == "0")
