"""How a binary starts and how it ends."""

import errno
import logging as python_logging
import os
import shlex
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from absl import app
from absl import flags
from absl import logging
from work_folder import python

from keras_padpos import runs
from keras_padpos.errors import MissingPackageError
from keras_padpos.runs.common_flags import COMMON
from keras_padpos.runs.flags import Flag

ROOT = Path(__file__).resolve().parents[2]


def _raise(error):
    raise error


DEEDS = {
    "ok": lambda: None,
    "user": lambda: _raise(runs.InputError("two\n  lines")),
    "argument": lambda: _raise(runs.InputError("`seed` must be 0")),
    "setting": lambda: _raise(runs.InputError('`do="x"` is no `seed`')),
    "other": lambda: _raise(runs.InputError("`lines` must be two")),
    "value": lambda: _raise(ValueError("a mistake")),
    "missing": lambda: np.load("nowhere.npy"),
    "import": lambda: _raise(MissingPackageError("install `samples`")),
    "usage": lambda: _raise(app.UsageError("--a and --b exclude each other")),
    "interrupt": lambda: _raise(KeyboardInterrupt),
    "terminate": lambda: os.kill(os.getpid(), signal.SIGTERM) or time.sleep(9),
    "colours": lambda: _raise(
        runs.InputError("\x1b[1mbold\x1b[0m \x1b]0;x\x07a\x9bm")
    ),
    "memory": lambda: np.ones((2**40, 2**10)),
    "allocator": lambda: _raise(RuntimeError("RESOURCE_EXHAUSTED: 8 TiB")),
    "runtime": lambda: _raise(RuntimeError("a mistake")),
    "warning": lambda: warnings.warn("mind the pad", stacklevel=1),
    "status": lambda: 5,
    "log": lambda: (
        (
            logging.info("about to do something"),
            logging.warning("something is odd"),
        )
        and None
    ),
}


@pytest.fixture
def execute(tmp_path, monkeypatch, capsys):
    """Run a binary in this process: status, output, errors."""
    monkeypatch.chdir(tmp_path)

    def execute(*argv, **options):
        values = flags.FlagValues()
        for name, flag in {**COMMON, "do": Flag("ok", "What to do.")}.items():
            flag.define(name, values)

        def main(rest):
            status = DEEDS[values["do"].value]()
            print("done", *rest[1:])
            return status

        # absl logs to the standard error that it has seen first.
        handler = python_logging.StreamHandler(sys.stderr)
        python_logging.getLogger("absl").addHandler(handler)
        with pytest.raises(SystemExit) as end:
            runs.run(
                main,
                ["probe.py", *argv],
                needs_keras=False,
                values=values,
                usage="A probe.",
                **options,
            )
        python_logging.getLogger("absl").removeHandler(handler)
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return execute


@pytest.mark.parametrize(
    ("flag", "status", "line"),
    [
        ("--do=user", 1, "error: two lines"),
        ("--do=argument", 1, "error: --seed must be 0"),
        ("--do=setting", 1, 'error: --do="x" is no `seed`'),
        ("--do=other", 1, "error: `lines` must be two"),
        ("--do=missing", 1, "error: 'nowhere.npy': No such file or directory"),
        ("--do=import", 1, "error: install `samples`"),
        ("--do=usage", 2, "error: --a and --b exclude each other"),
        ("--sed=1", 2, "error: Unknown command line flag 'sed'."),
        ("--seed=-1", 2, "error: flag --seed=-1: "),
        ("horizontal", 2, "error: expected flags only, such as --seed=1."),
        ("--do=interrupt", 130, "interrupted; the same command goes on"),
        ("--do=terminate", 143, "terminated; the same command goes on"),
        ("--do=colours", 1, "error: bold a?m"),
        ("--do=memory", 1, "error: not enough memory; fewer or smaller"),
        ("--do=allocator", 1, "error: not enough memory; fewer or smaller"),
    ],
)
def test_one_line(execute, flag, status, line):
    code, out, err = execute(flag)
    assert (code, out) == (status, "")
    assert err.startswith(f"probe: {line}")
    assert err.count("\n") == 1


def test_a_mistake_in_the_code_is_raised(execute):
    with pytest.raises(ValueError, match="a mistake"):
        execute("--do=value")


def test_other_errors_of_a_backend_are_raised(execute):
    with pytest.raises(RuntimeError, match="a mistake"):
        execute("--do=runtime")


def test_sigterm_is_as_before_afterwards(execute):
    before = signal.getsignal(signal.SIGTERM)
    execute("--do=terminate")
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("backend", ["tensorflw", "TORCH", "numpy"])
def test_a_misspelt_backend_is_one_line(execute, monkeypatch, backend):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    code, out, err = execute()
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "KERAS_BACKEND must be one of tensorflow, jax, torch" in err
    assert f"Received: {backend}." in err


def test_verbosity_raises_every_error(execute):
    with pytest.raises(runs.InputError):
        execute("--do=user", "--verbosity=1")
    # The next run of this process has a verbosity of its own.
    assert execute("--do=user")[0] == 1


def test_what_libraries_log_is_shown_from_warnings_on(execute):
    for argv, shown in ((), False), (("--verbosity=0",), True):
        code, _, err = execute("--do=log", *argv)
        assert code == 0
        assert ("about to do" in err) == shown
        assert "something is odd" in err


@pytest.mark.filterwarnings("always")
def test_good_endings(execute):
    assert execute() == (0, "done\n", "")
    code, out, err = execute("--do=warning")
    assert (code, err) == (0, "probe: warning: mind the pad\n")
    assert execute("--do=status")[0] == 5


@pytest.mark.parametrize("flag", ["--help", "--helpfull", "-h"])
def test_help_lists_the_flags(execute, flag):
    code, out, err = execute(flag)
    assert (code, err) == (0, "")
    assert out.startswith("A probe.\n")
    for name in ("workdir", "seed", "resume", "max_images", "do"):
        assert f"--{name}:" in out or f"]{name}:" in out


@pytest.mark.parametrize(
    ("names", "argv", "received"),
    [
        ("IN OUT", "a --seed=3 b", None),
        ("IN OUT", "a", "'a'"),
        ("IN OUT", "a b c", "'a' 'b' 'c'"),
        ("TO FROM...", "a --seed 3 b", None),
        ("TO FROM...", "a b --seed=3 c d", None),
        ("TO FROM...", "", "nothing"),
        ("TO FROM...", "a", "'a'"),
    ],
)
def test_arguments_that_are_no_flags(execute, names, argv, received):
    code, out, err = execute(*argv.split(), arguments=names.split())
    if received is None:
        texts = [word for word in argv.split() if word in "abcd"]
        assert (code, out) == (0, f"done {' '.join(texts)}\n")
    else:
        line = f"probe: error: expected {names} and flags. Received: "
        assert (code, err) == (2, f"{line}{received}.\n")


def start(code, *argv, options=(), **env):
    clean = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    env = {**clean, "PYTHONPATH": str(ROOT), **env}
    return python(code, *argv, env=env, **dict(options))


PRINTS = """
from keras_padpos import runs
def main(argv):
    print("caf\\udce9 \\u00b1")
runs.run(main, ["probe"], needs_keras=False)
"""


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [("utf-8", b"caf? \xc2\xb1\n"), ("ascii", b"caf? ?\n")],
)
def test_what_an_output_cannot_encode_is_a_question_mark(encoding, printed):
    done = start(PRINTS, PYTHONIOENCODING=encoding, options={"text": False})
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, b"")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("times", [1, 10_000])
def test_a_full_output_is_one_line(times, unbuffered):
    code = PRINTS.replace("print(", f"print({times} * ")
    with open("/dev/full", "w") as full:
        streams = {"stdout": full, "stderr": subprocess.PIPE}
        options = {**streams, "capture_output": False}
        done = start(code, options=options, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 1
    reason = os.strerror(errno.ENOSPC)
    assert done.stderr == f"probe: error: standard output: {reason}\n"


def test_an_error_without_a_name_is_not_of_the_output(capsys):
    def main(argv):
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))

    with pytest.raises(SystemExit):
        runs.run(main, ["probe"], needs_keras=False)
    reason = os.strerror(errno.EFBIG)
    assert capsys.readouterr().err == f"probe: error: {reason}\n"


def test_closed_streams_do_no_harm(tmp_path):
    """What would be printed does not get into a file that is opened."""
    code = (
        "import os, sys\n"
        "from keras_padpos import runs\n"
        "def main(argv):\n"
        f"    with open({str(tmp_path / 'x')!r}, 'w') as file:\n"
        "        assert file.fileno() > 2\n"
        "        print('printed')\n"
        "        os.write(1, b'printed')\n"
        "        print('printed', file=sys.stderr)\n"
        "runs.run(main, ['probe'], needs_keras=False)\n"
    )
    shell = f"exec {sys.executable} -c {shlex.quote(code)} >&- 2>&- <&-"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(["bash", "-c", shell], env=env).returncode == 0
    assert (tmp_path / "x").read_text() == ""


def test_a_process_has_no_backend_before_main():
    """With absl's own registry, and a traceback."""
    code = (
        "import sys\n"
        "from keras_padpos import runs\n"
        "runs.define_common_flags()\n"
        "def main(argv):\n"
        "    print([m for m in ('keras', 'tensorflow') if m in sys.modules])\n"
        "    raise TypeError('a mistake')\n"
        "runs.run(main, needs_keras=False)\n"
    )
    done = start(code)
    assert (done.returncode, done.stdout) == (1, "[]\n")
    assert "Traceback" in done.stderr
    assert "--workdir:" in start(code, "--help").stdout


def test_import_through_run_is_silent():
    done = start(
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
STOPS = CHATTER + "raise KeyboardInterrupt"
QUIET = "runs.quiet_import.quiet_tensorflow()"


@pytest.mark.parametrize(
    ("keras", "call", "level", "status", "lines", "last"),
    [
        (CHATTER, QUIET, "3", 0, 1, "something else"),
        (CHATTER, QUIET, "0", 0, 4, "something else"),
        # Everything is shown where the import fails.
        (FAILS, QUIET, "3", 1, None, "ImportError: No module named jax"),
        (STOPS, "runs.run(lambda argv: None)", "3", 130, 2, ": interrupted"),
        (
            "raise ImportError('No module named jax')",
            "runs.run(lambda argv: None)",
            "3",
            1,
            1,
            'No module named jax. Install one, pip install "keras-padpos'
            '[tensorflow]" for example, or set KERAS_BACKEND to one that is '
            "installed: tensorflow, jax or torch.",
        ),
    ],
)
def test_only_log_lines_are_dropped(
    tmp_path, keras, call, level, status, lines, last
):
    (tmp_path / "keras.py").write_text(keras)
    done = start(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"from keras_padpos import runs; {call}",
        TF_CPP_MIN_LOG_LEVEL=level,
    )
    shown = done.stderr.splitlines()
    assert done.returncode == status
    assert shown[-1].endswith(last)
    assert lines is None or len(shown) == lines
    assert ("oneDNN" in done.stderr) == (keras == FAILS or level == "0")
