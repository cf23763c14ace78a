"""What --strategy and its companions say."""

import os

import keras
import pytest
from absl import flags
from work_folder import python

from keras_padpos.runs import InputError
from keras_padpos.runs import open_devices
from keras_padpos.runs.common_flags import COMMON
from keras_padpos.runs.common_flags import DEVICES
from keras_padpos.runs.flags import activated

_OTHER = "mirrored" if keras.backend.backend() == "jax" else "data_parallel"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("--coordinator=localhost:1", "--num_processes of 2 or more go toget"),
        ("--process_id=1", "--process_id must be less than --num_processes=1"),
        (f"--strategy={_OTHER}", "backend"),
    ],
)
def test_flags_that_do_not_fit_together(argv, message):
    values = flags.FlagValues()
    for name, flag in {**COMMON, **DEVICES}.items():
        flag.define(name, values)
    values(["binary", argv])
    with activated(values), pytest.raises(InputError, match=message):
        open_devices()


def test_one_of_several_processes_ends_with_one_line_too():
    # It ends at once, and would take this process along.
    code = (
        "from absl import flags; from keras_padpos import runs\n"
        "for name, flag in runs.common_flags.DEVICES.items():\n"
        "    flag.define(name, flags.FLAGS)\n"
        "runs.run(lambda _: runs.open_devices(), needs_keras=False)"
    )
    done = python(code, "--coordinator=localhost:1", "--num_processes=2")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "--coordinator needs --strategy=data_parallel" in line


def test_the_coordinator_listens_on_its_host_alone(monkeypatch):
    seen = []

    def initialize(address, processes, process):
        bound = os.environ["JAX_COORDINATOR_BIND_ADDRESS"]
        seen.append((address, bound, processes, process))
        raise RuntimeError("nobody there")

    monkeypatch.setenv("JAX_COORDINATOR_BIND_ADDRESS", "")
    monkeypatch.delenv("JAX_COORDINATOR_BIND_ADDRESS")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(keras.distribution, "initialize", initialize)
    values = flags.FlagValues()
    for name, flag in {**COMMON, **DEVICES}.items():
        flag.define(name, values)
    argv = "--strategy=data_parallel --coordinator=h:1 --num_processes=2"
    values(["binary", *argv.split()])
    with activated(values):
        with pytest.raises(InputError, match="Cannot meet .* nobody there"):
            open_devices()
    assert seen == [("h:1", "h:1", 2, 0)]
