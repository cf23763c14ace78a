import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def execute(code, **env):
    clean = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=100,
    )


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


FAKE = """
import os, sys, types
sys.path.insert(0, {folder!r})
from keras_padpos import runs
runs.quiet_tensorflow()
"""

CHATTER = """
import os
os.write(2, b"WARNING: All log messages before absl::InitializeLog() is\\n")
os.write(2, b"I0000 00:00:1795311238.770941    3424 port.cc:153] oneDNN\\n")
os.write(2, b"2026-01-01 10:00:00.123456: I tensorflow/core/x.cc:1] hi\\n")
os.write(2, b"something else\\n")
"""


def fake_keras(tmp_path, text):
    (tmp_path / "keras.py").write_text(text)
    return FAKE.format(folder=str(tmp_path))


def test_only_log_lines_are_dropped(tmp_path):
    done = execute(fake_keras(tmp_path, CHATTER))
    assert (done.returncode, done.stderr) == (0, "something else\n")


def test_everything_is_shown_where_the_import_fails(tmp_path):
    done = execute(fake_keras(tmp_path, CHATTER + "raise ImportError('no')"))
    assert done.returncode == 1
    assert "oneDNN" in done.stderr
    assert "ImportError: no" in done.stderr


def test_who_asks_for_the_lines_gets_them(tmp_path):
    done = execute(fake_keras(tmp_path, CHATTER), TF_CPP_MIN_LOG_LEVEL="0")
    assert done.stderr.count("\n") == 4


def test_missing_backend_is_one_line(tmp_path):
    code = fake_keras(tmp_path, "raise ImportError('No module named jax')")
    code = code.replace(
        "runs.quiet_tensorflow()", "runs.run(lambda argv: None)"
    )
    done = execute(code)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        "No module named jax. Install the backend, or set KERAS_BACKEND to "
        "one that is installed."
    )
