"""Whether an export gives the numbers of the Keras model it was made of."""

import contextlib
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.errors import InputError

Arrays = dict[str, np.ndarray]

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


class ExportMismatch(InputError):
    """An export does not give the Keras model's numbers.

    Attributes:
        rows: What was compared, as `export_model` returns it.
    """

    def __init__(self, message: str, rows: Sequence[Mapping[str, Any]]):
        super().__init__(message)
        self.rows = list(rows)


def random_cases(model: Any, seed: int) -> list[tuple[Arrays, Arrays]]:
    """Random inputs of up to three sizes, each with the model's outputs.

    Args:
        model: A Keras model with a flat dict of outputs.
        seed: Seed of the inputs.

    Returns:
        Pairs of inputs and outputs, arrays by name.

    Raises:
        InputError: If the model does not run on them, or gives NaN.
    """
    random = np.random.default_rng(seed)
    first_error: Any = None
    for scale in _SCALES:
        cases: dict[Any, tuple[Arrays, Arrays]] = {}
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
        for _, outputs in cases.values():
            _check_numbers(outputs)
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


def _check_numbers(outputs):
    for name, array in outputs.items():
        if np.isnan(array).any():
            raise InputError(
                f"The network's output {name!r} is NaN on random inputs, so "
                "it is not exported."
            )


def _outputs(model, inputs):
    import keras

    structured = keras.tree.map_structure(
        lambda tensor: inputs[tensor.name], model.input
    )
    return {
        name: keras.ops.convert_to_numpy(array)
        for name, array in model(structured, training=False).items()
    }


def compare_export(
    model: Any,
    cases: Sequence[tuple[Arrays, Arrays]],
    run: Callable[[Arrays], Arrays] | None,
) -> list[dict[str, Any]]:
    """Compare what an export gives with what the Keras model does.

    Args:
        model: The Keras model.
        cases: As `random_cases` returns them.
        run: The export, from inputs to outputs. `None`: it cannot be run, so
            nothing is compared.

    Returns:
        Rows; see `export_model`.

    Raises:
        ExportMismatch: If shapes or numbers differ.
    """
    rows: list[dict[str, Any]] = []
    for inputs, expected in cases:
        outputs = None if run is None else run(inputs)
        rows += _compare(model, inputs, expected, outputs)
    _check_agreement(rows)
    return rows


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
