"""Export a Keras model to files that need neither Keras nor this package."""

import contextlib
import importlib.util
import itertools
import json
import logging
import os
import warnings
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from absl import logging as absl_logging

from keras_padpos.errors import InputError
from keras_padpos.errors import MissingPackageError
from keras_padpos.errors import extra_hint
from keras_padpos.files import onnx_graph
from keras_padpos.files.disk import atomic_path
from keras_padpos.files.disk import strict_json


class ExportMismatch(InputError):
    """An export does not give the Keras model's numbers.

    Attributes:
        rows: What was compared, as `export_model` returns it.
    """

    def __init__(self, message: str, rows: Sequence[Mapping[str, Any]]):
        super().__init__(message)
        self.rows = list(rows)


EXPORT_FORMATS = {
    "tf_saved_model": "",
    "onnx": "model.onnx",
    "litert": "model.tflite",
}
"""From a format to the file in the export's folder; a SavedModel is all of it.
"""

# Of each output's largest value; and in half precision.
_TOLERANCE, _HALF_TOLERANCE = 1e-4, 1e-2

# Unknown sizes of an input, by how many it has. Multiples of 64, since
# networks with an encoder and a decoder need that; large enough for VGG16
# without padding, which needs 212. The scales are tried in turn, until the
# network takes the sizes.
_SCALES = (1, 2, 4)
_SIZES = (
    {1: (256,), 2: (256, 256), 3: (64, 64, 64)},
    {1: (320,), 2: (320, 384), 3: (64, 128, 64)},
)
# What SAME adds depends on what a stride leaves of the size. These are taken
# one larger: no stride up to 6 divides what lies one above a multiple of 30.
_ODD_SIZES = {1: (330,), 2: (270, 330), 3: (60, 90, 60)}

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
    cases = _cases(model, seed)
    for _, outputs in cases:
        for name, array in outputs.items():
            if np.isnan(array).any():
                raise InputError(
                    f"The network's output {name!r} is NaN on random inputs, "
                    "so it is not exported."
                )
    path = Path(path).expanduser().resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path, replace_folder=overwrite) as folder:
        folder.mkdir()
        with _without_log_lines():
            _write(model, folder, format, made_from or {})
            with _converter_errors(format, "cannot be opened again"):
                run = _open_export(folder, format)
        rows = []
        for inputs, expected in cases:
            outputs = None
            if run is not None:
                with _converter_errors(format, "cannot run this network"):
                    outputs = run(inputs)
            rows += _compare(model, inputs, expected, outputs)
        _check_agreement(rows)
    return rows


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


def _cases(model, seed):
    """Random inputs of up to three sizes, each with the model's outputs."""
    random = np.random.default_rng(seed)
    first_error = None
    for scale in _SCALES:
        cases = {}
        try:
            for sizes in _SIZES:
                _add_case(cases, model, random, sizes, scale)
        except Exception as error:
            # Sizes or values that this very network does not take. Without
            # padding, deep ones take large pictures only.
            first_error = first_error or error
            continue
        # A network whose branches meet at even sizes only does not take these.
        with contextlib.suppress(Exception):
            _add_case(cases, model, random, _ODD_SIZES, scale, extra=1)
        return list(cases.values())
    from keras_padpos.models import plain_reason

    raise InputError(
        f"{model.name!r} cannot be compared, so it is not exported: it "
        "does not run on random inputs of the sizes tried. Give its "
        f"inputs fixed sizes. ({plain_reason(first_error)[:200]})"
    ) from first_error


def _add_case(cases, model, random, sizes, scale, extra=0):
    """Random inputs, unknown sizes `sizes * scale + extra`, unless there."""
    inputs = {}
    for tensor in model.inputs:
        shape = [tensor.shape[0] or 1, *tensor.shape[1:]]
        unknown = [axis for axis, size in enumerate(shape) if size is None]
        bases = sizes.get(len(unknown), [8] * len(unknown))
        for axis, size in zip(unknown, bases, strict=True):
            shape[axis] = size * scale + extra
        if "float" in tensor.dtype:
            # As raw pictures are.
            array = random.uniform(0, 255, shape)
        else:
            # Small enough for any table of embeddings.
            array = random.integers(0, 2, shape)
        inputs[tensor.name] = array.astype(tensor.dtype)
    shapes = tuple(array.shape for array in inputs.values())
    if shapes not in cases:
        cases[shapes] = inputs, _outputs(model, inputs)


def _outputs(model, inputs):
    import keras

    structured = keras.tree.map_structure(
        lambda tensor: inputs[tensor.name], model.input
    )
    return {
        name: keras.ops.convert_to_numpy(array)
        for name, array in model(structured, training=False).items()
    }


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


def _compare(model, inputs, expected, outputs):
    """A row for each output of one call; nothing is compared with `None`."""
    sizes = ", ".join("x".join(map(str, x.shape)) for x in inputs.values())
    shapes, expected_shapes = (
        {name: array.shape for name, array in sorted(arrays.items())}
        for arrays in (expected if outputs is None else outputs, expected)
    )
    if shapes != expected_shapes:
        raise ExportMismatch(
            f"Of inputs of {sizes} the export's outputs are {shapes}, the "
            f"Keras model's {expected_shapes}. Nothing was written.",
            [],
        )
    again = None
    rows = []
    for name, array in expected.items():
        row = {"output": name, "input": sizes, "shape": array.shape}
        row["compared"] = "nothing"
        rows.append(row)
        if outputs is None:
            continue
        agreement = _agreement(outputs[name], array)
        if not agreement["agrees"]:
            # Perhaps the Keras model does not agree with itself.
            again = again or _outputs(model, inputs)
        if again and not _agreement(again[name], array)["agrees"]:
            row["compared"] = "shapes only"
        else:
            row |= {**agreement, "compared": "numbers"}
    return rows


def _agreement(actual, expected):
    """Largest difference, absolute and in shares of the largest value."""
    half = expected.dtype.name in ("float16", "bfloat16")
    actual, expected = (np.asarray(x, "float64") for x in (actual, expected))
    difference = float(np.abs(actual - expected).max(initial=0))
    largest = float(np.abs(expected).max(initial=0))
    if not np.isfinite([difference, largest]).all():
        # NaN and infinity, where both have them, are no difference.
        equal = np.array_equal(actual, expected, equal_nan=True)
        difference = 0.0 if equal else np.inf
    relative = np.inf if difference else 0.0
    if 0 < largest < np.inf:
        relative = difference / largest
    return {
        "difference": difference,
        "relative": relative,
        "agrees": relative <= (_HALF_TOLERANCE if half else _TOLERANCE),
    }


def _check_agreement(rows):
    differing = [row for row in rows if row.get("agrees") is False]
    if differing:
        worst = max(differing, key=lambda row: row["relative"])
        raise ExportMismatch(
            f"The export's output {worst['output']!r} differs from the Keras "
            f"model's by {worst['relative']:.1e} of its largest value (at "
            f"most {_TOLERANCE:.0e}) for inputs of {worst['input']}. Nothing "
            "was written.",
            rows,
        )
