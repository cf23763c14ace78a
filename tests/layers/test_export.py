"""SavedModel and LiteRT: TensorFlow's formats, so on its backend alone."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from layer_harness import CASES

from keras_padpos import padding


def _join(cases):
    """One model over several cases: exporting a model takes seconds."""
    inputs, outputs = {}, {}
    for name, (case, modes) in cases.items():
        key = name.lower().replace("-", "_")
        model = case.model(modes, batch=2)
        inputs[key] = keras.Input(batch_shape=model.input.shape, name=key)
        for mode, y in model(inputs[key]).items():
            outputs[f"{key}_{mode}"] = y
    random = np.random.default_rng(1)
    pictures = {
        key: random.normal(size=x.shape).astype("float32")
        for key, x in inputs.items()
    }
    return keras.Model(inputs, outputs), pictures


def _everything():
    return {
        name: (case, list(case.steady_modes())) for name, case in CASES.items()
    }


def _something():
    """Every layer with one mode, and among them every mode."""
    return {
        name: (case, [modes[number % len(modes)]])
        for number, (name, (case, modes)) in enumerate(_everything().items())
    }


_EACH = pytest.mark.parametrize(
    "cases",
    [
        pytest.param(_something, id="every_layer"),
        pytest.param(
            _everything, id="every_layer_and_mode", marks=pytest.mark.large
        ),
    ],
)


@_EACH
def test_saved_model(cases, tmp_path):
    model, pictures = _join(cases())
    expected = model(pictures)
    model.export(tmp_path / "saved", verbose=False)
    saved = tf.saved_model.load(tmp_path / "saved")
    outputs = saved.serve(pictures)
    assert set(outputs) == set(expected)
    for name, y in expected.items():
        np.testing.assert_allclose(
            outputs[name], y, rtol=1e-5, atol=1e-5, err_msg=name
        )


def test_saved_model_of_every_mode_takes_any_size(tmp_path):
    case = CASES["Conv2D-strided"]
    model = case.model(list(case.steady_modes()), sizes=(None, None))
    model.export(tmp_path / "saved", verbose=False)
    saved = tf.saved_model.load(tmp_path / "saved")
    for height, width in ((7, 6), (8, 11)):
        x = np.random.default_rng(1).normal(size=(2, height, width, 4))
        x = x.astype("float32")
        outputs = saved.serve(x)
        for name, y in model(x).items():
            np.testing.assert_allclose(
                outputs[name], y, rtol=1e-5, atol=1e-5, err_msg=name
            )


@_EACH
def test_litert(cases, tmp_path):
    cases = cases()
    # LiteRT itself has no pooling over volumes; our frames pool in steps.
    del cases["AveragePooling3D"]
    cases["MaxPooling3D"] = CASES["MaxPooling3D"], [padding.get("circular")]
    model, pictures = _join(cases)
    path = str(tmp_path / "model.tflite")
    model.export(path, format="litert", verbose=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter")
        interpreter = tf.lite.Interpreter(path)
    outputs = interpreter.get_signature_runner("serving_default")(**pictures)
    for name, y in model(pictures).items():
        np.testing.assert_allclose(
            outputs[name], y, rtol=1e-4, atol=1e-4, err_msg=name
        )
