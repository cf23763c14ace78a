import os
import signal
import subprocess
import sys

import pytest
from run_binary import ROOT

from keras_padpos import __main__


def run(*argv):
    with pytest.raises(SystemExit) as end:
        __main__.main(["keras_padpos", *argv])
    return end.value.code


@pytest.mark.parametrize("argv", [[], ["--help"]])
def test_all_programs_are_listed_with_a_line_each(argv, capsys):
    assert run(*argv) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [name for named in __main__.programs().values() for name in named]
    assert {"position_probe", "inspect_model"} < set(names)
    for name in names:
        (line,) = [each.split() for each in lines if each.split()[:1] == [name]]
        assert len(line) > 4
    assert all(len(line) <= 100 for line in lines)


@pytest.mark.parametrize(
    ("name", "usage", "flag"),
    [
        ("texture", "Usage: texture [--flags]", "--test_set"),
        ("report", "Usage: report DIR... [--flags]", "--[no]figures"),
    ],
)
def test_a_program_has_its_own_help(capsys, name, usage, flag):
    assert run(name, "--help") == 0
    out = capsys.readouterr().out
    assert usage in out and flag in out


@pytest.mark.parametrize("name", ["texture", "report"])
def test_a_program_that_is_none_is_one_line(capsys, name):
    assert run(f"{name}s", "--seed=1") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"'{name}s'. Did you mean {name}?" in line


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["prediction_agreement", "--crop=100"], "--crop must be a multiple"),
        (["position_tables", "nowhere"], "nowhere"),
    ],
)
def test_flags_and_arguments_go_to_the_program(
    capsys, tmp_path, monkeypatch, argv, message
):
    monkeypatch.chdir(tmp_path)
    assert run(*argv) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"{argv[0]}: error: ") and message in err
    assert not list(tmp_path.iterdir())


def test_an_interrupt_while_it_is_imported_has_no_traceback():
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


_INTERRUPTED = """
import os, signal, sys
class Finder:
    @staticmethod
    def find_spec(name, *rest):
        if name == "keras_padpos.studies":
            os.kill(os.getpid(), signal.SIGINT)
from keras_padpos.__main__ import main
sys.meta_path.insert(0, Finder)
main(["keras_padpos", "--help"])
"""
