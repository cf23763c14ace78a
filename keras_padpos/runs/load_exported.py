"""Exported models, opened by what their users open them with."""

import importlib.util
import os
import warnings
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path

import numpy as np

EXPORT_FORMATS = {
    "tf_saved_model": "",
    "onnx": "model.onnx",
    "litert": "model.tflite",
}
"""From a format to the file in the export's folder; a SavedModel is all of it.
"""


def load_exported(
    folder: str | os.PathLike, format: str = "tf_saved_model"
) -> Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]] | None:
    """Open an export without Keras.

    Example:
        >>> import tempfile
        >>> import keras
        >>> inputs = keras.Input((2,), name="x")
        >>> model = keras.Model(inputs, {"twice": 2 * inputs})
        >>> folder = tempfile.mkdtemp()
        >>> model.export(folder, verbose=False)
        >>> run = load_exported(folder)
        >>> run({"x": np.ones((1, 2), "float32")})
        {'twice': array([[2., 2.]], dtype=float32)}

    Args:
        folder: What `export_model` wrote.
        format: Its format, a key of `EXPORT_FORMATS`.

    Returns:
        A function from arrays by the inputs' names to arrays by the outputs'
        names; `None` if the package that runs this format is not installed.
    """
    file = Path(folder) / EXPORT_FORMATS[format]
    return {
        "tf_saved_model": _saved_model,
        "onnx": _onnx,
        "litert": _litert,
    }[format](file)


def _saved_model(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))

    def run(inputs):
        # From what was loaded each time: without it its variables are gone.
        outputs = loaded.signatures["serving_default"](
            **{name: tf.constant(array) for name, array in inputs.items()}
        )
        return {name: array.numpy() for name, array in outputs.items()}

    return run


def _onnx(file):
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(file), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]

    def run(inputs):
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))

    return run


def _litert(file):
    import tensorflow as tf

    with warnings.catch_warnings():
        # That the interpreter will move to the package ai-edge-litert.
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter")
        interpreter = tf.lite.Interpreter(str(file))
    signature = interpreter.get_signature_runner("serving_default")

    def run(inputs):
        return signature(**inputs)

    return run
