import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from large_on_tensorflow import large_on_tensorflow
from layer_harness import CASES
from layer_harness import OTHERS
from layer_harness import check_compiled
from layer_harness import check_formats
from layer_harness import run_layer_test

import keras_padpos
from keras_padpos import layers

PAIRS = [
    pytest.param(case, mode, id=f"{name}-{mode.name}")
    for name, case in CASES.items()
    for mode in case.modes()
]
COMPILERS = ("tensorflow", "jax")
# Over maps, one of each kind; TensorFlow takes seconds to compile a layer.
AT_ONCE = (
    "Conv2D",
    "DepthwiseConv2D",
    "SeparableConv2D",
    "Conv2DTranspose",
    "MaxPooling2D",
    "AveragePooling2D",
    "Padding2D",
)


@pytest.mark.parametrize("case, mode", PAIRS)
def test_layer(case, mode):
    run_layer_test(case, mode)


@pytest.mark.parametrize("name", CASES)
def test_channels_first_gives_what_channels_last_gives(name):
    for mode in CASES[name].steady_modes():
        check_formats(CASES[name], mode)


def test_every_layer_is_here():
    tested = {case.layer.__name__ for case in CASES.values()}
    assert tested | set(OTHERS) == set(layers.__all__)


if keras.backend.backend() in COMPILERS:

    @pytest.mark.parametrize(
        "name",
        [
            name if name in AT_ONCE else large_on_tensorflow(name)
            for name in CASES
        ],
    )
    def test_xla(name):
        check_compiled(CASES[name], list(CASES[name].modes()))


LOAD = """
import sys
import keras
import keras_padpos.layers  # registers
import numpy as np
for path in sys.argv[1:]:
    model = keras.models.load_model(path + ".keras")
    outputs = model.predict(np.load(path + ".npy"), verbose=0)
    np.savez(path + ".npz", **outputs)
"""


@pytest.mark.large
def test_keras_files_load_in_another_process(tmp_path):
    paths, expected = [], {}
    for name, case in CASES.items():
        path = str(tmp_path / name)
        model = case.model(list(case.steady_modes()))
        x = case.picture()
        expected[path] = model.predict(x, verbose=0)
        model.save(path + ".keras")
        np.save(path + ".npy", x)
        paths.append(path)
    subprocess.run(
        [sys.executable, "-c", LOAD, *paths],
        check=True,
        cwd=Path(keras_padpos.__file__).parents[1],
    )
    for path in paths:
        loaded = np.load(path + ".npz")
        assert set(loaded) == set(expected[path])
        for name, y in expected[path].items():
            np.testing.assert_array_equal(loaded[name], y)
