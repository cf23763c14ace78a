"""Export a Keras model to files that need neither Keras nor this package."""

import contextlib
import importlib.util
import itertools
import json
import logging
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from absl import logging as absl_logging

from keras_padpos.errors import InputError
from keras_padpos.errors import MissingPackageError
from keras_padpos.errors import extra_hint
from keras_padpos.files import onnx_graph
from keras_padpos.files.disk import atomic_path
from keras_padpos.files.disk import strict_json
from keras_padpos.files.export_comparison import compare_export
from keras_padpos.files.export_comparison import random_cases

EXPORT_FORMATS = {
    "tf_saved_model": "",
    "onnx": "model.onnx",
    "litert": "model.tflite",
}
"""From a format to the file in the export's folder; a SavedModel is all of it.
"""

# The content of an export, whatever its format.
_ENTRIES = {
    "assets",
    "assets.extra",
    "fingerprint.pb",
    "saved_model.pb",
    "variables",
    *filter(None, EXPORT_FORMATS.values()),
}


def check_export(
    path: str | os.PathLike,
    format: str = "tf_saved_model",
    overwrite: bool = False,
) -> None:
    """Check that an export can be written, without Keras.

    Args:
        path: The folder to write.
        format: `"tf_saved_model"`, `"onnx"` or `"litert"`.
        overwrite: Whether an earlier export may be replaced.

    Raises:
        MissingPackageError: If the format needs a package that is missing.
        InputError: If the folder is not empty (with `overwrite`: holds
            anything but an export), or the format is unknown.
    """
    if format not in EXPORT_FORMATS:
        raise InputError(
            f"--format must be one of {', '.join(EXPORT_FORMATS)}. "
            f"Received: {format}"
        )
    if format == "onnx" and importlib.util.find_spec("tf2onnx") is None:
        raise MissingPackageError(
            "--format=onnx needs a package that is not installed: "
            f"{extra_hint('onnx')}"
        )
    path = Path(path).expanduser()
    if path.exists() and not path.is_dir():
        raise InputError(
            f"--out must be a folder. Received: {str(path)!r}, a file"
        )
    names = sorted(os.listdir(path)) if path.exists() else []
    if names and not overwrite:
        raise InputError(
            f"--out must be a new or empty folder. Received: {str(path)!r}, "
            f"which holds {names[0]!r}. Choose another, or add --overwrite "
            "to replace an earlier export"
        )
    for name in names:
        if name not in _ENTRIES:
            raise InputError(
                "--overwrite replaces nothing but an earlier export. "
                f"{str(path)!r} holds {name!r}, which is part of none. Choose "
                "another --out"
            )


def check_export_backend() -> None:
    """Check that Keras' backend is TensorFlow; else an `InputError`."""
    import keras

    if keras.backend.backend() != "tensorflow":
        raise InputError(
            "Models are exported with TensorFlow as Keras' backend "
            f"(KERAS_BACKEND=tensorflow). Received: {keras.backend.backend()}"
        )


def export_model(
    model: Any,
    path: str | os.PathLike,
    format: str = "tf_saved_model",
    *,
    overwrite: bool = False,
    made_from: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Write a model for use without Keras, and check what was written.

    The folder appears under its name once it is complete, was opened again
    and gave, on random inputs, the Keras model's numbers up to 1e-4 of each
    output's largest value (1e-2 in half precision). Where sizes are open,
    three are compared; no stride divides the last, which is left out if the
    model does not take it. Outputs that differ from one call of the Keras
    model to the next, as with `padding_mode="randn"`, are compared in shape
    alone. The model's architecture stands beside it, in
    `assets.extra/model.json`.

    Example:
        >>> import tempfile
        >>> import keras
        >>> from keras_padpos import layers
        >>> conv = layers.Conv2D(
        ...     4, 3, padding="same", padding_mode="reflect", name="conv"
        ... )
        >>> model = keras.Sequential([keras.Input((None, None, 3)), conv])
        >>> folder = f"{tempfile.mkdtemp()}/exported"
        >>> rows = export_model(model, folder)
        >>> [row["shape"] for row in rows]
        [(1, 256, 256, 4), (1, 320, 384, 4), (1, 271, 331, 4)]

    Args:
        model: A functional or Sequential model. Its inputs keep their names;
            its outputs get those of its dict of outputs, else of the layers
            that they come from.
        path: The folder to write.
        format: `"tf_saved_model"`, `"onnx"` (writes `model.onnx`) or
            `"litert"` (writes `model.tflite`).
        overwrite: Whether an earlier export is replaced.
        made_from: What `model.json` records of it, such as the flags.
        seed: Seed of the random inputs.

    Returns:
        A row for each output and input size: `output`, `input` and `shape`,
        the largest absolute difference `difference`, `relative`, its share
        of the largest value, and `compared`: `"numbers"`, `"shapes only"`,
        or `"nothing"` where the package that runs the format is missing.

    Raises:
        ExportMismatch: If the export does not do what the Keras model does.
            Nothing is written then.
        InputError: If the model has no fixed graph, or does not run on random
            inputs, or Keras' backend is not TensorFlow; see also
            `check_export`.
        OSError: If the folder cannot be written.
    """
    check_export(path, format, overwrite)
    check_export_backend()
    model = _with_named_outputs(model)
    # Before anything is written: to be exported, it must have been called.
    cases = random_cases(model, seed)
    path = Path(path).expanduser().resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path, replace_folder=overwrite) as folder:
        folder.mkdir()
        with _without_log_lines():
            _write(model, folder, format, made_from or {})
            with _converter_errors(format, "cannot be opened again"):
                run = _open_export(folder, format)
        if run is not None:
            run = _converter_errors(format, "cannot run this network")(run)
        return compare_export(model, cases, run)


def _with_named_outputs(model):
    """The same model with a flat dict of outputs."""
    import keras

    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise InputError(
            "Only functional and Sequential models can be exported, whose "
            f"inputs are known. Received: {model.name!r}, a "
            f"{type(model).__name__}"
        )
    if isinstance(model, keras.Sequential):
        model = keras.Model(inputs[0], model.outputs[0], name=model.name)
    outputs = model.output
    if isinstance(outputs, dict) and not any(
        map(keras.tree.is_nested, outputs.values())
    ):
        return model
    tensors, named = keras.tree.flatten(outputs), {}
    for name, tensor in zip(model.output_names, tensors, strict=True):
        numbered = (f"{name}_{number}" for number in itertools.count(2))
        names = itertools.chain([name], numbered)
        named[next(each for each in names if each not in named)] = tensor
    return keras.Model(model.input, named, name=model.name)


@contextlib.contextmanager
def _without_log_lines():
    """Silence TensorFlow and tf2onnx, unless --verbosity is 1 or more."""
    level = absl_logging.get_verbosity()
    tf2onnx = logging.getLogger("tf2onnx")
    tf2onnx_level = tf2onnx.level
    if level == absl_logging.INFO:
        absl_logging.set_verbosity(absl_logging.WARNING)
    if level <= absl_logging.INFO:
        tf2onnx.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            # From how Keras makes tf2onnx work with NumPy 2.
            warnings.filterwarnings("ignore", r"In the future `np\.object`")
            yield
    finally:
        absl_logging.set_verbosity(level)
        tf2onnx.setLevel(tf2onnx_level)


def _write(model, folder, format, made_from):
    import keras

    import keras_padpos

    file = folder / EXPORT_FORMATS[format]
    with _converter_errors(format, "cannot be made of this network"):
        if format == "onnx":
            onnx_graph.write_onnx(model, file)
        else:
            model.export(str(file), format=format, verbose=False)
    extra = folder / "assets.extra"
    extra.mkdir(exist_ok=True)
    about = {
        "keras_padpos": keras_padpos.__version__,
        "keras": keras.__version__,
        "made_from": strict_json(made_from),
        "model": json.loads(model.to_json()),
    }
    (extra / "model.json").write_text(
        json.dumps(about, indent=1) + "\n", encoding="utf-8"
    )


@contextlib.contextmanager
def _converter_errors(format, what):
    """Turn what other formats' converters and runtimes raise into a line."""
    try:
        yield
    except Exception as error:
        if format == "tf_saved_model" or isinstance(error, OSError):
            raise
        reason = " ".join((str(error) or type(error).__name__).split())
        raise InputError(
            f"--format={format} {what}; --format=tf_saved_model takes any. "
            f"({reason if len(reason) < 200 else '...' + reason[-200:]})"
        ) from error


def _open_export(folder, format):
    """From arrays by input to arrays by output, without Keras."""
    file = str(folder / EXPORT_FORMATS[format])
    if format == "onnx":
        if importlib.util.find_spec("onnxruntime") is None:
            return None
        import onnxruntime

        session = onnxruntime.InferenceSession(
            file, providers=["CPUExecutionProvider"]
        )
        names = [output.name for output in session.get_outputs()]
        return lambda inputs: dict(
            zip(names, session.run(names, inputs), strict=True)
        )
    import tensorflow as tf

    if format == "litert":
        with warnings.catch_warnings():
            # That the interpreter will move to the package ai-edge-litert.
            message = r"\s*Warning: tf.lite.Interpreter"
            warnings.filterwarnings("ignore", message)
            interpreter = tf.lite.Interpreter(file)
        signature = interpreter.get_signature_runner("serving_default")
        return lambda inputs: signature(**inputs)
    loaded = tf.saved_model.load(file)

    def run(inputs):
        # From what was loaded each time: without it its variables are gone.
        serve = loaded.signatures["serving_default"]
        outputs = serve(**{name: tf.constant(x) for name, x in inputs.items()})
        return {name: array.numpy() for name, array in outputs.items()}

    return run
