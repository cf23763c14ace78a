"""What --strategy and its companions say."""

import keras
import pytest
from run_binary import run_binary

BACKEND = keras.backend.backend()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            ["--coordinator=localhost:1"],
            "--coordinator=HOST:PORT and --num_processes of 2 or more go "
            "together",
        ),
        (
            ["--coordinator=localhost:1", "--num_processes=2"],
            "--coordinator needs --strategy=data_parallel",
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
def test_flags_that_do_not_fit_together(given, said, tmp_path):
    done = run_binary(
        "experiments.fconv_tests", *given, "--workdir=run", cwd=tmp_path
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert said in line
    assert not list(tmp_path.iterdir())
