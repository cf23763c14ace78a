import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys, warnings
import numpy as np
from absl import app, flags, logging
from keras_padpos import runs

runs.define_common_flags()
flags.DEFINE_string("do", "ok", "What to do.")


def main(argv):
    work = flags.FLAGS.do
    if work == "user":
        raise runs.InputError("two\\n  lines")
    if work == "value":
        raise ValueError("`k` must be odd. Received: k=2.")
    if work == "library":
        runs.WorkDirectory("wd", "x", {}).figure_path("../x")
    if work == "workdir":
        runs.WorkDirectory(".", "x", {})
    if work == "numpy":
        np.zeros(2).reshape(3)
    if work == "c":
        np.zeros(2) + np.zeros(3)
    if work == "int":
        int("x")
    if work == "missing":
        np.load("nowhere.npy")
    if work == "type":
        raise TypeError("a mistake")
    if work == "import":
        raise ImportError("install `samples`")
    if work == "dataset":
        import tensorflow_datasets as tfds
        from keras_padpos import data

        def fail(self):
            raise ConnectionError("no route")

        tfds.core.DatasetBuilder.download_and_prepare = fail
        data.open_masks("tfds:oxford_iiit_pet:train", data_dir="sets")
    if work == "log":
        logging.info("about to do something")
        logging.warning("something is odd")
    if work == "usage":
        raise app.UsageError("--a and --b exclude each other")
    if work == "interrupt":
        raise KeyboardInterrupt
    if work == "warning":
        warnings.warn("mind the pad")
    if work == "status":
        return 5
    if work == "modules":
        print([m for m in ("keras", "tensorflow") if m in sys.modules])
    print("done")


if __name__ == "__main__":
    runs.run(main, needs_keras=False)
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    folder = tmp_path_factory.mktemp("binary")
    (folder / "probe.py").write_text(textwrap.dedent(SCRIPT))
    return folder


def execute(folder, *argv, module="probe"):
    return subprocess.run(
        [sys.executable, "-m", module, *argv],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("flag", "status", "line"),
    [
        ("--do=user", 1, "error: two lines"),
        ("--do=value", 1, "error: `k` must be odd. Received: k=2."),
        ("--do=library", 1, "error: `name` must consist of "),
        ("--do=workdir", 1, "error: `workdir` '.' holds files but no "),
        ("--do=missing", 1, "error: 'nowhere.npy': No such file or directory"),
        ("--do=import", 1, "error: install `samples`"),
        ("--do=dataset", 1, "error: The data set 'oxford_iiit_pet' is not "),
        ("--do=usage", 2, "error: --a and --b exclude each other"),
        ("--sed=1", 2, "error: Unknown command line flag 'sed'."),
        ("--seed=-1", 2, "error: flag --seed=-1: "),
        ("horizontal", 2, "error: expected flags only, such as --seed=1."),
        ("--do=interrupt", 130, "interrupted; the same command goes on"),
    ],
)
def test_one_line(script, flag, status, line):
    done = execute(script, flag)
    assert done.returncode == status
    assert done.stdout == ""
    assert done.stderr.startswith(f"probe: {line}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("what", ["numpy", "c", "int", "type"])
def test_mistake_in_the_code_has_a_traceback(script, what):
    done = execute(script, f"--do={what}")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_verbosity_shows_the_traceback(script):
    done = execute(script, "--do=user", "--verbosity=1")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_what_libraries_log_is_shown_from_warnings_on(script):
    for flag, shown in ((), False), (("--verbosity=0",), True):
        done = execute(script, "--do=log", *flag)
        assert done.returncode == 0
        assert ("about to do" in done.stderr) == shown
        assert "something is odd" in done.stderr


def test_good_endings(script):
    done = execute(script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    done = execute(script, "--do=warning")
    assert done.returncode == 0
    assert done.stderr == "probe: warning: mind the pad\n"
    assert execute(script, "--do=status").returncode == 5


def test_library_imports_no_backend(script):
    assert execute(script, "--do=modules").stdout == "[]\ndone\n"


def test_help_lists_the_common_flags(script):
    done = execute(script, "--help")
    assert done.returncode == 0
    for name in ("workdir", "seed", "resume", "max_images", "do"):
        assert f"--{name}:" in done.stdout or f"]{name}:" in done.stdout


def test_error_of_a_module_beside_the_binary(tmp_path):
    package = tmp_path / "trials"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "common.py").write_text(
        "def check():\n    raise ValueError(\n        'no'\n    )\n"
    )
    (package / "probe.py").write_text(
        "from keras_padpos import runs\n"
        "from trials.common import check\n"
        "if __name__ == '__main__':\n"
        "    def main(argv):\n        check()\n"
        "    runs.run(main, needs_keras=False)\n"
    )
    done = execute(tmp_path, module="trials.probe")
    assert done.stderr == "probe: error: no\n"


def test_arguments_that_are_no_flags(tmp_path):
    (tmp_path / "two.py").write_text(
        "from absl import flags\n"
        "from keras_padpos import runs\n"
        "flags.DEFINE_integer('k', 0, 'A number.')\n"
        "def main(argv):\n    print(argv[1:], flags.FLAGS.k)\n"
        "runs.run(main, needs_keras=False, arguments=['IN', 'OUT'])\n"
    )
    done = execute(tmp_path, "a", "--k=3", "b", module="two")
    assert (done.returncode, done.stdout) == (0, "['a', 'b'] 3\n")
    done = execute(tmp_path, "a", module="two")
    assert done.returncode == 2
    assert done.stderr == (
        "two: error: expected IN OUT and flags. Received: 'a'.\n"
    )
    assert execute(tmp_path, "a", "b", "c", module="two").returncode == 2


def test_any_number_of_arguments(tmp_path):
    (tmp_path / "many.py").write_text(
        "from absl import flags\n"
        "from keras_padpos import runs\n"
        "flags.DEFINE_integer('k', 0, 'A number.')\n"
        "def main(argv):\n    print(argv[1:], flags.FLAGS.k)\n"
        "runs.run(main, needs_keras=False, arguments=['TO', 'FROM...'])\n"
    )
    done = execute(tmp_path, "a", "--k", "3", "b", module="many")
    assert (done.returncode, done.stdout) == (0, "['a', 'b'] 3\n")
    done = execute(tmp_path, "a", "b", "c", "d", "--k=3", module="many")
    assert (done.returncode, done.stdout) == (0, "['a', 'b', 'c', 'd'] 3\n")
    for given in ((), ("a",)):
        done = execute(tmp_path, *given, module="many")
        assert done.returncode == 2
        assert done.stderr == (
            "many: error: expected TO FROM... and flags. Received: "
            f"{' '.join(map(repr, given)) or 'nothing'}.\n"
        )
