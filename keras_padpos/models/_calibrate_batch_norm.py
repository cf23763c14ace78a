"""BatchNorm's statistics, taken from data."""

from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.models.graph.graph_walk import check_graph
from keras_padpos.models.graph.graph_walk import graph_config
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.graph_walk import inputs_of_call
from keras_padpos.models.graph.graph_walk import packed
from keras_padpos.models.graph.graph_walk import walk

# What tells that a layer which cannot be opened holds a BatchNorm.
_STATISTIC = "moving_variance"


def calibrate_batch_norm(model: keras.Model, batches: Iterable[Any]) -> int:
    """Set BatchNorm's means and variances to those of the data.

    A network with random weights and initial statistics does not normalise:
    in a deep one signals die out or explode. And statistics that were
    gathered with one padding are not those of another. Here each batch runs
    through the network once, and every BatchNormalization, frozen ones and
    those of models inside too, normalises it by its own mean and variance, as
    while training; then it gets the mean and the variance of all that came in.
    Everything else is as at inference (no dropout, no augmentation, padding
    that is random while training is not), and stays as it is: other weights,
    `momentum`, `trainable`.

    The statistics of a layer are exact, whatever the size of the batches, as
    long as no other BatchNorm comes before it. Behind others they are those
    of maps that were normalised batch by batch: the larger the batches, the
    nearer to inference. Masks are not looked at.

    Example:

    >>> norm = keras.layers.BatchNormalization()
    >>> net = keras.Sequential([keras.Input((2, 2, 1)), norm])
    >>> pictures = np.arange(8.0).reshape(2, 2, 2, 1)
    >>> calibrate_batch_norm(net, [pictures[:1], pictures[1:]])
    2
    >>> [float(norm.moving_mean[0]), float(norm.moving_variance[0])]
    [3.5, 5.25]

    Args:
        model: A functional or Sequential model; its statistics are changed in
            place, and left as they were if anything fails.
        batches: Batches of what the model takes, without labels: arrays
            `(batch, height, width, channels)` for a network of pictures, out
            of a list, a generator or a `tf.data.Dataset`. A whole batch's
            maps are held at once, as while training.

    Returns:
        The number of pictures; 0, and no batch is asked for, where there is
        no BatchNormalization.

    Raises:
        ValueError: If there are no batches, a batch does not fit the model,
            or a BatchNormalization cannot be reached: inside a subclassed
            model, or a layer around others.

    Source:
        For several batches: Chan, Golub and LeVeque, *Updating formulae and a
        pairwise algorithm for computing sample variances* (1979).
    """
    check_graph(model)
    moments = {id(layer): _Moments(layer) for layer in _norms(model)}
    if not moments:
        return 0
    try:
        pictures = _gather(model, batches, moments)
    except BaseException:
        for each in moments.values():
            each.restore()
        raise
    for each in moments.values():
        each.assign()
    return pictures


class _Moments:
    """Mean and variance of all that came into one layer."""

    def __init__(self, layer):
        self._layer = layer
        self._own = [
            keras.ops.convert_to_numpy(weight)
            for weight in (layer.moving_mean, layer.moving_variance)
        ]
        self._count, self._mean, self._squares = 0, 0.0, 0.0

    def normalise(self, args, kwargs):
        """Call the layer as while training, and take note of the batch."""
        layer = self._layer
        x = inputs_of_call(args, kwargs)[0]
        shape = tuple(keras.ops.shape(x))
        axis = layer.axis % len(shape)
        axes = [each for each in range(len(shape)) if each != axis]
        dtype = keras.backend.result_type(x.dtype, "float32")
        mean, variance = keras.ops.moments(keras.ops.cast(x, dtype), axes)
        # Without the layer's own training mode, which frozen ones do not have
        # and which would leave a trace of what was there before.
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(variance)
        self._merge(
            int(np.prod([int(shape[each]) for each in axes])),
            keras.ops.convert_to_numpy(mean).astype("float64"),
            keras.ops.convert_to_numpy(variance).astype("float64"),
        )
        return layer(*args, **{**kwargs, "training": False})

    def _merge(self, count, mean, variance):
        if not np.isfinite([mean, variance]).all():
            raise InputError(
                "`batches` must give finite numbers. Received: a batch of "
                f"which layer {self._layer.name!r} gets others"
            )
        total = self._count + count
        apart = mean - self._mean
        self._mean = self._mean + apart * (count / total)
        self._squares = (
            self._squares
            + variance * count
            + apart**2 * (self._count * count / total)
        )
        self._count = total

    def assign(self):
        if not self._count:  # a layer that the outputs do not hang on
            return
        self._layer.moving_mean.assign(self._mean)
        self._layer.moving_variance.assign(self._squares / self._count)

    def restore(self):
        self._layer.moving_mean.assign(self._own[0])
        self._layer.moving_variance.assign(self._own[1])


def _norms(model) -> Iterator[keras.layers.BatchNormalization]:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            yield layer
        elif has_graph(layer):
            yield from _norms(layer)
        elif any(weight.name == _STATISTIC for weight in layer.weights):
            raise InputError(
                f"Layer {layer.name!r} ({type(layer).__name__}) holds a "
                "BatchNormalization that cannot be reached: its code calls "
                "it. Build it as a functional model."
            )


def _gather(model, batches, moments):
    configs: dict[int, Any] = {}

    def run(net, inputs):
        if id(net) not in configs:
            configs[id(net)] = graph_config(net)
        return walk(net, inputs, visit, configs[id(net)])

    def visit(operation, args, kwargs):
        if id(operation) in moments:
            made = moments[id(operation)].normalise(args, kwargs)
        elif has_graph(operation):
            return run(
                operation, packed(operation, inputs_of_call(args, kwargs))
            )
        else:
            made = operation(*args, **kwargs)
        # PyTorch would keep everything for a gradient that nobody asks for.
        return keras.tree.map_structure(_detached, made)

    pictures = 0
    for batch in batches:
        inputs = _inputs(model, batch)
        if not inputs[0].shape[0]:
            continue
        run(model, packed(model, inputs))
        pictures += int(inputs[0].shape[0])
    if not pictures:
        raise InputError(
            "`batches` must give at least one batch with a picture. "
            "Received: none"
        )
    return pictures


def _detached(made):
    return keras.ops.stop_gradient(made) if keras.ops.is_tensor(made) else made


def _inputs(model, batch):
    arrays = keras.tree.flatten(batch)
    wanted = [tuple(tensor.shape) for tensor in model.inputs]
    shapes = [tuple(np.shape(array)) for array in arrays]
    if len(shapes) != len(wanted) or not all(map(_fits, shapes, wanted)):
        raise InputError(
            f"`batches` must give arrays of shape {', '.join(map(str, wanted))}"
            f". Received: {', '.join(map(str, shapes)) or 'nothing'}"
        )
    return [
        keras.ops.convert_to_tensor(array, dtype=tensor.dtype)
        for array, tensor in zip(arrays, model.inputs, strict=True)
    ]


def _fits(shapes, wanted):
    return len(shapes) == len(wanted) and all(
        size in (None, own) for own, size in zip(shapes, wanted, strict=True)
    )
