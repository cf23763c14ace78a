"""Whether a layer pads besides what the layers inside it pad."""

from functools import partial

import keras
import numpy as np

from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.trials.layer_trial import Arguments
from keras_padpos.models.trials.layer_trial import awake_values
from keras_padpos.models.trials.layer_trial import close
from keras_padpos.models.trials.layer_trial import run
from keras_padpos.models.trials.layer_trial import samples

# Distances at which the cells of an enlarged map repeat.
_PERIODS = (1, 2, 4, 8)
# Size of a map that is rolled where its own sizes tell nothing.
_ROLLED = 32
# What a rolled map may differ in, as a share of the largest number.
_ROLL_TOLERANCE = 1e-3


def constant_problem(
    layer: keras.Layer, arguments: Arguments, rank: int, first: bool
) -> str:
    """Say if a constant map does not stay so with borders that continue it.

    Args:
        layer: A layer whose inner layers have such borders.
        arguments: What it is called on, symbolic tensors.
        rank: Number of spatial axes.
        first: Whether channels come first.

    Returns:
        The end of a sentence; `""` if the map stays constant.
    """
    state = awake_values(layer)
    problem = "it cannot be run by itself"
    for sample in samples(arguments, constant=True, first=first):
        try:
            outputs = run(layer, sample, state)
        except Exception as error:
            problem = f"it cannot be run by itself ({plain_reason(error)})"
            continue
        if all(_repeats(y, rank, first) for y in outputs):
            return ""
        return (
            "with borders that continue the map inside, a constant map does "
            "not stay constant: its own code pads too, or adds positions"
        )
    return problem


def roll_problem(
    layer: keras.Layer, arguments: Arguments, rank: int, first: bool
) -> str:
    """Say if a rolled map gives no rolled map with borders that wrap round."""
    state = awake_values(layer)
    seen: list[set[bool]] = [set() for _ in range(rank)]
    for tried in (arguments, _resized(arguments, rank, first)):
        for sample in samples(tried, first=first):
            try:
                outputs = run(layer, sample, state)
                for axis, verdicts in enumerate(seen):
                    if True not in verdicts:
                        verdicts |= _rolls(
                            partial(run, layer, state=state),
                            sample,
                            outputs,
                            (axis, rank, first),
                        )
            except Exception:
                continue  # it takes no map of this size
            if all(True in verdicts for verdicts in seen):
                return ""
    if not any(verdicts == {False} for verdicts in seen):
        return ""
    return (
        "with borders that wrap round inside, a rolled map does not give a "
        "rolled map: its own code pads too, or adds positions"
    )


def _rolls(run, sample, outputs, where):
    """What rolling by a share of the map shows: `{True}`, `{False}` or `{}`."""
    inputs = [x for x in keras.tree.flatten(sample) if hasattr(x, "shape")]
    axes = [_spatial_axis(len(x.shape), *where) for x in inputs]
    if not inputs or axes[0] is None:
        return set()
    # Beside maps there may be sequences, which are no maps.
    beside = [len(x.shape) < len(inputs[0].shape) for x in inputs]
    axes = [
        None if other else axis
        for axis, other in zip(axes, beside, strict=True)
    ]
    maps = [y for y in outputs if _spatial_axis(y.ndim, *where) is not None]
    sizes = [
        x.shape[axis]
        for x, axis in zip(inputs, axes, strict=True)
        if axis is not None
    ] + [y.shape[_spatial_axis(y.ndim, *where)] for y in maps]
    shares = [
        share
        for share in (2, 3, 5, 7)
        if maps and all(size % share == 0 for size in sizes)
    ]
    for share in shares:
        waiting = iter(
            [
                _rolled(x, axis, share)
                for x, axis in zip(inputs, axes, strict=True)
            ]
        )
        rolled = keras.tree.map_structure(
            partial(_next_tensor, waiting=waiting), sample
        )
        if all(
            close(
                y,
                _rolled(expected, _spatial_axis(y.ndim, *where), share),
                _ROLL_TOLERANCE,
            )
            for y, expected in zip(run(rolled), outputs, strict=True)
            if _spatial_axis(y.ndim, *where) is not None
        ):
            return {True}
    return {False} if shares else set()


def _next_tensor(leaf, waiting):
    return next(waiting) if hasattr(leaf, "shape") else leaf


def _rolled(x, axis, share):
    """A map, rolled by a share of its size."""
    if axis is None:
        return x
    if isinstance(x, np.ndarray):
        return np.roll(x, x.shape[axis] // share, axis)
    return keras.ops.roll(x, x.shape[axis] // share, axis)


def _spatial_axis(ndim, axis, rank, first):
    """Where a tensor has a spatial axis; of a sequence of cells, the first."""
    if ndim >= rank + 2:
        return ndim - rank - (not first) + axis
    return 1 if ndim == 3 and axis == 0 else None


def _resized(arguments, rank, first):
    """The same maps at a size that many strides divide."""
    start = 2 if first else 1

    def resize(leaf):
        if not isinstance(leaf, keras.KerasTensor) or leaf.ndim != rank + 2:
            return leaf
        shape = list(leaf.shape)
        shape[start : start + rank] = [_ROLLED] * rank
        return keras.KerasTensor(shape, dtype=leaf.dtype)

    return keras.tree.map_structure(resize, arguments)


def _repeats(y, rank, first):
    """Whether maps are the same everywhere, or from period to period."""
    axes = (
        range(y.ndim - rank, y.ndim)
        if first and y.ndim > rank + 1
        else range(max(1, y.ndim - 1 - rank), y.ndim - 1)
    )
    return all(
        any(
            (period == 1 or y.shape[axis] >= 3 * period)
            and close(y, np.roll(y, period, axis))
            for period in _PERIODS
        )
        for axis in axes
    )
