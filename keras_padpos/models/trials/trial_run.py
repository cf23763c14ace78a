"""A call of a network, run by itself on small arrays."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.layers.converted_layer import inner_layers
from keras_padpos.models._call import Call
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.trials.layer_trial import at_inference
from keras_padpos.models.trials.layer_trial import sampled_weight

# Numbers in one array of a run, at most: copies are run in parts.
_PART = 2**22
_CHANNELS = 4  # where a model leaves them open


class TrialError(Exception):
    """Why a call cannot be tried, as the end of a sentence."""


class TrialRun:
    """Runs a call on arrays, and leaves the layer's state as it is.

    Args:
        call: The call.
        tensor: Number of the tensor that is tried; others are held fixed.
        rank: Number of spatial axes.
        first: The first spatial axis: 1, or 2 where channels come first.
        sizes: Spatial sizes at which to run.
        output: Number of the output that is looked at.
        seed: For maps and weights.
    """

    def __init__(
        self,
        call: Call,
        tensor: int,
        rank: int,
        first: int,
        sizes: Sequence[int],
        output: int = 0,
        seed: int = 0,
    ) -> None:
        self._call = call
        self._output = output
        self._leaves = [
            leaf
            for leaf in keras.tree.flatten(call.arguments)
            if isinstance(leaf, keras.KerasTensor)
        ]
        self.places = [k for k, n in enumerate(call.inputs) if n == tensor]
        shape = tuple(self._leaves[self.places[0]].shape)
        self._rank = rank
        self.first = first if len(shape) == rank + 2 else 1
        self._input_sizes = shape[self.first : self.first + rank]
        self.sizes = tuple(sizes)
        self._seed = seed
        self._rng = np.random.default_rng(seed)

    def make(self, constant: Sequence[bool]) -> tuple[np.ndarray, list[Any]]:
        """Sample what comes in, one map a copy.

        Args:
            constant: For each copy whether it is the same at all positions.

        Returns:
            The map, channels last, and all other tensors in order.
        """
        others = []
        for place, leaf in enumerate(self._leaves):
            shape = self._shape(leaf, place in self.places)
            if place == self.places[0]:
                x = self._sample(shape, leaf.dtype, constant)
                tried = self._channels_last(x)
            others.append(
                None
                if place in self.places
                else self._sample(shape, leaf.dtype, constant, alike=True)
            )
        return tried, others

    def changes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Two other values for each, far from it, in opposite directions."""
        if self.whole_numbers:
            step = self._rng.integers(1, 3, x.shape)
            return (x + step) % 4, (x - step) % 4
        far = self._rng.uniform(2, 4, x.shape[-1:])
        far = far * self._rng.choice([-1, 1], x.shape[-1:])
        return x + far, x - far

    @property
    def whole_numbers(self) -> bool:
        """Whether the tensor that is tried holds integers."""
        return not _is_float(self._leaves[self.places[0]].dtype)

    @property
    def epsilon(self) -> float:
        """Differences below this share of the largest value are rounding."""
        operation = self._call.operation
        kinds = [getattr(operation, "compute_dtype", "") or ""]
        kinds += [leaf.dtype for leaf in self._leaves]
        return 8e-3 if any("float16" in kind for kind in kinds) else 1e-6

    def weights(self, draw: int) -> tuple[list[Any], list[Any]] | None:
        """Sampled weights, so that none that starts at 0 hides a path.

        What is not trained stays as it is in the first draw.
        """
        layer = self._call.operation
        if not isinstance(layer, keras.Layer):
            return None
        rng = np.random.default_rng(2 * self._seed + draw)
        trained = [_sampled(v, rng) for v in layer.trainable_variables]
        kept = [
            _sampled(v, rng) if draw else v.value
            for v in layer.non_trainable_variables
        ]
        return trained, kept

    @property
    def draws(self) -> int:
        """How many draws of the weights are worth a try.

        One, but for values that are not trained: as they are they may hide a
        path, and sampled they may open one. Moving averages do neither.
        """
        layer = self._call.operation
        if not isinstance(layer, keras.Layer):
            return 1
        averages = {
            id(variable)
            for each in (layer, *(inner for _, inner in inner_layers(layer)))
            if type(each) is keras.layers.BatchNormalization and each.built
            for variable in (each.moving_mean, each.moving_variance)
        }
        fixed = any(
            _is_float(variable.dtype) and id(variable) not in averages
            for variable in layer.non_trainable_variables
        )
        return 2 if fixed else 1

    def output(
        self, x: np.ndarray, others: list[Any], weights: Any
    ) -> np.ndarray:
        """The output that is looked at, float32.

        Raises:
            TrialError: If it cannot be run, or what it gives is not finite.
        """
        parts = []
        step = max(1, _PART // max(x[:1].size, 1))
        for start in range(0, len(x), step):
            rows = slice(start, start + step)
            arrays = [
                self._own_order(x[rows]) if each is None else each[rows]
                for each in others
            ]
            parts.append(self._run(arrays, weights))
        joined = np.concatenate(parts)
        if len(joined) != len(x):
            raise TrialError("it mixes the examples of a batch")
        if not np.isfinite(joined).all():
            raise TrialError("what it gives for a sampled map is not finite")
        return joined

    def _run(self, arrays, weights):
        tensors = iter(
            keras.ops.convert_to_tensor(array, dtype=leaf.dtype)
            for array, leaf in zip(arrays, self._leaves, strict=True)
        )
        args, kwargs = keras.tree.map_structure(
            lambda leaf: (
                next(tensors) if isinstance(leaf, keras.KerasTensor) else leaf
            ),
            self._call.arguments,
        )
        operation = self._call.operation
        args, kwargs = at_inference(operation, (args, kwargs))
        try:
            if weights is None:
                made = operation(*args, **kwargs)
            else:
                made, _ = operation.stateless_call(*weights, *args, **kwargs)
        except Exception as error:
            # What a layer of another's class raises is up to it.
            raise TrialError(
                f"run by itself it fails ({plain_reason(error)[:200]})"
            ) from error
        made = [each for each in keras.tree.flatten(made) if _is_array(each)]
        if not made[self._output].shape:
            raise TrialError("it mixes the examples of a batch")
        array = keras.ops.convert_to_numpy(made[self._output])
        return np.asarray(array).astype("float32")

    def _shape(self, leaf, tried):
        """Sizes of a tensor without the batch, those of maps small."""
        shape = list(leaf.shape[1:])
        if len(leaf.shape) in (self._rank + 1, self._rank + 2):
            first = self.first if len(leaf.shape) == self._rank + 2 else 1
            for axis, (input_size, size) in enumerate(
                zip(self._input_sizes, self.sizes, strict=True), start=first - 1
            ):
                if tried or shape[axis] in (input_size, None):
                    shape[axis] = size
        return [_CHANNELS if size is None else size for size in shape]

    def _sample(self, shape, dtype, constant, alike=False):
        """A map for each copy; one for all that are `alike`."""
        parts = {}
        for kind in sorted({*constant, False}):
            drawn = shape
            if kind and len(shape) > 1:
                drawn = [1] * len(shape)
                channel = 0 if self.first == 2 and len(shape) > 2 else -1
                drawn[channel] = shape[channel]
            value = (
                self._rng.normal(size=drawn)
                if _is_float(dtype)
                else self._rng.integers(0, 2 if "bool" in dtype else 4, drawn)
            )
            parts[kind] = np.broadcast_to(value, shape)
        return np.stack([parts[kind] for kind in constant])

    def _channels_last(self, x):
        if x.ndim == self._rank + 1:
            return x[..., None].copy()
        return np.moveaxis(x, 1, -1).copy() if self.first == 2 else x.copy()

    def _own_order(self, x):
        if len(self._leaves[self.places[0]].shape) == self._rank + 1:
            return x[..., 0]
        return np.moveaxis(x, -1, 1) if self.first == 2 else x


def _sampled(variable, rng):
    if not _is_float(variable.dtype):
        return variable.value
    value = sampled_weight(tuple(variable.shape), rng)
    return keras.ops.convert_to_tensor(value, dtype=variable.dtype)


def _is_float(dtype):
    return "float" in str(dtype)


def _is_array(leaf):
    return hasattr(leaf, "shape") and hasattr(leaf, "dtype")
