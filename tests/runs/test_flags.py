import json

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from keras_padpos.runs import apply_common_flags
from keras_padpos.runs import define_common_flags
from keras_padpos.runs import resolved_flags

define_common_flags(spreads=True)


@pytest.fixture(autouse=True)
def restored():
    with flagsaver.flagsaver():
        yield


def parse(*argv):
    flags.FLAGS(["binary", *argv])


def test_defaults():
    parse()
    assert flags.FLAGS.workdir is None
    assert flags.FLAGS.resume is True
    assert resolved_flags([]) == {
        "seed": 0,
        "data_dir": None,
        "mixed_precision": False,
        "max_images": None,
    }


def test_resolved_flags_are_json(tmp_path, monkeypatch):
    if "test_flags_sizes" not in flags.FLAGS:
        flags.DEFINE_list("test_flags_sizes", "1,3", "")
    monkeypatch.chdir(tmp_path)
    parse("--seed=7", "--max_images=4", "--data_dir=data")
    config = resolved_flags(["test_flags_sizes"])
    assert list(config)[0] == "test_flags_sizes"
    assert json.loads(json.dumps(config)) == {
        "test_flags_sizes": ["1", "3"],
        "seed": 7,
        "data_dir": str(tmp_path / "data"),
        "mixed_precision": False,
        "max_images": 4,
    }


@pytest.mark.parametrize(
    "flag",
    ["--seed=-1", "--seed=x", "--max_images=0", "--strategy=tpu"],
)
def test_bad_values(flag):
    name = flag.partition("=")[0]
    with pytest.raises(flags.Error, match=f"flag {name}=") as error:
        parse(flag)
    assert "\n" not in str(error.value)


def test_second_binary_shares_the_flags():
    define_common_flags(default_workdir="runs/second")
    parse()
    assert flags.FLAGS.workdir == "runs/second"


def test_every_flag_has_help():
    for name in ("workdir", "seed", "data_dir", "resume", "strategy"):
        assert len(flags.FLAGS[name].help) > 10


def test_apply():
    import keras

    policy = keras.config.dtype_policy()
    try:
        parse("--seed=5", "--mixed_precision")
        apply_common_flags()
        assert keras.config.dtype_policy().name == "mixed_float16"
        parse("--seed=5", "--nomixed_precision")
        apply_common_flags()
        assert keras.config.dtype_policy().name == "float32"
        first = keras.ops.convert_to_numpy(keras.random.uniform((3,)))
        apply_common_flags()
        second = keras.ops.convert_to_numpy(keras.random.uniform((3,)))
        np.testing.assert_array_equal(first, second)
    finally:
        keras.config.set_dtype_policy(policy)
