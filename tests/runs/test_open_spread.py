"""What --strategy and its companions say."""

import keras
import pytest
from run_binary import run_binary
from tool_process import ToolProcess

BACKEND = keras.backend.backend()


@pytest.fixture(scope="module")
def process():
    """The binary in one process, for what it refuses."""
    with ToolProcess("experiments.fconv_tests", []) as process:
        yield process


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            ["--coordinator=localhost:1"],
            "--coordinator=HOST:PORT and --num_processes of 2 or more go "
            "together",
        ),
        (
            ["--process_id=1"],
            "--process_id must be less than --num_processes=1",
        ),
        (
            [
                "--strategy="
                + ("data_parallel" if BACKEND != "jax" else "mirrored")
            ],
            "backend",
        ),
    ],
)
def test_flags_that_do_not_fit_together(process, given, said, tmp_path):
    done = process(*given, "--workdir=run", cwd=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert said in line
    assert not list(tmp_path.iterdir())


def test_one_of_several_processes_ends_with_one_line_too(tmp_path):
    # It ends at once, and would take a process of many command lines along.
    given = ("--coordinator=localhost:1", "--num_processes=2", "--workdir=run")
    done = run_binary("experiments.fconv_tests", *given, cwd=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "--coordinator needs --strategy=data_parallel" in line
    assert not list(tmp_path.iterdir())
