"""Canvases of the location-dependent tasks as tf.data."""

import itertools
from collections.abc import Iterator
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_padpos.checks import check_choices
from keras_padpos.checks import check_ints
from keras_padpos.errors import InputError
from keras_padpos.errors import optional_import
from keras_padpos.published.canvas_facts import BACKGROUND
from keras_padpos.published.canvas_facts import canvas_colour

if TYPE_CHECKING:
    import tensorflow as tf

_HEADS = ("class", "cell", "pixels")
_DTYPES = ("float32", "uint8")


def location_canvases(
    pictures: np.ndarray,
    labels: np.ndarray,
    grid: int,
    batch_size: int,
    *,
    heads: Sequence[str] = ("class", "cell"),
    fill: str | Sequence[float] = "black",
    training: bool = True,
    seed: int = 0,
    epoch: int = 0,
    epochs: int | None = None,
    dtype: str = "float32",
) -> "tf.data.Dataset":
    """Gives whole canvases, for any model that takes canvases.

    A network of `tasks.location_net` makes its canvases itself, on the
    device, and takes small pictures; this is for other networks, on any
    backend of Keras.

    For training the order, the cell of each picture and whether it is
    mirrored are drawn anew for each epoch, by the seed and the epoch's number
    alone; the draws are those of `tasks.train_location`. Iterating over the
    data set again begins at the first epoch again, so let `fit` run through
    one of many epochs: `fit(canvases, epochs=20, shuffle=False,
    steps_per_epoch=len(pictures) // batch_size)`.

    Example:

    >>> pictures, labels = np.zeros((10, 8, 8, 3), "uint8"), np.arange(10)
    >>> training = location_canvases(pictures, labels, 3, 4, epochs=1)
    >>> [tuple(canvases.shape) for canvases, _ in training]
    [(4, 24, 24, 3), (4, 24, 24, 3)]
    >>> test = location_canvases(pictures, labels, 3, 45, training=False)
    >>> [targets["cell"].numpy()[[0, -1]].tolist() for _, targets in test]
    [[0, 4], [4, 8]]

    Args:
        pictures: `(pictures, size, size, 3)`, uint8.
        labels: `(pictures,)`, classes from 0.
        grid: Cells in a row and in a column of the canvas.
        batch_size: Canvases a batch.
        heads: What labels to give: of `"class"`, `"cell"` and `"pixels"`.
        fill: Colour of the canvas: `"black"`, `"white"`, `"mean"`
            (CIFAR-10's), or red, green and blue in [0, 255].
        training: If not, every picture comes in every cell, all pictures in
            the first cell first, each in the order of `pictures`.
        seed: Seed of the order, the cells and the mirroring.
        epoch: The number of the first epoch, counted from 0.
        epochs: How many; `None`: without end. A last, smaller batch of an
            epoch is left out, but for `training=False` given.
        dtype: `"float32"`, or `"uint8"`, a quarter of the memory, with the
            colour rounded (of those with a name `"mean"` is not whole).

    Returns:
        A data set of pairs: canvases `(batch, grid * size, grid * size, 3)`
        in [0, 255]; and a dict with int32 `"class"` `(batch,)`, int32
        `"cell"` `(batch,)`, and uint8 `"pixels"` `(batch, grid * size,
        grid * size)`, 10 where the canvas is empty, as `tasks.canvas_labels`.
        Its cardinality is known.

    Raises:
        ValueError: If an argument is none of the above, or there are fewer
            pictures than one batch to train on.
    """
    tf = optional_import("tensorflow", "tensorflow", "tf.data")
    colour = np.array(canvas_colour(fill))
    _check(pictures, labels, grid, batch_size, heads, dtype, training)
    count, size = pictures.shape[:2]
    heads = tuple(heads)
    colour = np.rint(colour) if dtype == "uint8" else colour
    # On a machine with a GPU they would go there, and back for each batch.
    with tf.device("CPU"):
        pictures = tf.constant(pictures)
        labels = tf.constant(labels, "int32")
        blank = tf.constant(np.tile(colour, size)[None], dtype)

    def drawn() -> Iterator[tuple[np.ndarray, ...]]:
        for number in _numbers(epoch, epochs):
            rng = np.random.default_rng([seed, number])
            draws = location_draws(rng, count, grid)
            for start in range(0, count - batch_size + 1, batch_size):
                yield tuple(each[start : start + batch_size] for each in draws)

    def every() -> Iterator[tuple[np.ndarray, ...]]:
        total = count * grid**2
        for start in range(0, total, batch_size):
            places = np.arange(start, min(start + batch_size, total))
            cells, order = np.divmod(places, count)
            yield order, cells, np.zeros(len(places), bool)

    def canvases(order, cells, mirrored):
        chosen = tf.gather(pictures, order)
        chosen = tf.where(
            mirrored[:, None, None, None], chosen[:, :, ::-1], chosen
        )
        here = tf.one_hot(cells, grid**2, on_value=True, off_value=False)
        here = tf.reshape(here, (-1, grid, 1, grid))
        # A canvas is rows of strips, each as wide as a cell: one strip is
        # blank, the others are the rows of the pictures. Gathered, they are
        # each copied once, several times faster than pixels under a mask.
        strips = tf.reshape(tf.cast(chosen, dtype), (-1, size * 3))
        last = tf.shape(strips)[0]
        numbers = tf.reshape(tf.range(last), (-1, 1, size, 1))
        whole = tf.gather(
            tf.concat([strips, blank], axis=0), tf.where(here, numbers, last)
        )
        whole = tf.reshape(whole, (-1, grid * size, grid * size, 3))
        targets = {"class": tf.gather(labels, order), "cell": cells}
        if "pixels" in heads:
            pixels = tf.where(
                here, targets["class"][:, None, None, None], BACKGROUND
            )
            pixels = tf.repeat(tf.cast(pixels[:, :, 0], "uint8"), size, axis=1)
            targets["pixels"] = tf.repeat(pixels, size, axis=2)
        return whole, {head: targets[head] for head in heads}

    batch = batch_size if training else None
    dataset = tf.data.Dataset.from_generator(
        drawn if training else every,
        output_signature=tuple(
            tf.TensorSpec((batch,), kind) for kind in ("int32", "int32", "bool")
        ),
    )
    if not training:
        batches = -(-count * grid**2 // batch_size)
    elif epochs is None:
        batches = tf.data.INFINITE_CARDINALITY
    else:
        batches = count // batch_size * epochs
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(batches))
    dataset = dataset.map(canvases, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.prefetch(tf.data.AUTOTUNE)


def _numbers(epoch, epochs):
    if epochs is None:
        return itertools.count(epoch)
    return range(epoch, epoch + epochs)


def location_draws(
    rng: np.random.Generator, count: int, grid: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What an epoch draws: order of the pictures, their cells, mirroring."""
    return (
        rng.permutation(count),
        rng.integers(0, grid**2, count),
        rng.random(count) < 0.5,
    )


def _check(pictures, labels, grid, batch_size, heads, dtype, training):
    check_ints(grid=grid)
    check_ints(batch_size=batch_size)
    shape, kind = np.shape(pictures), getattr(pictures, "dtype", None)
    squares = len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3
    if kind != "uint8" or not squares:
        raise InputError(
            "`pictures` must be uint8 of shape (pictures, size, size, 3). "
            f"Received: {kind} of shape {shape}"
        )
    if np.shape(labels) != shape[:1]:
        raise InputError(
            f"`labels` must be one class a picture, of {shape[0]}. "
            f"Received: shape {np.shape(labels)}"
        )
    if not heads or isinstance(heads, str) or not set(heads) <= set(_HEADS):
        raise InputError(
            f"`heads` must be a list of {', '.join(_HEADS)}. "
            f"Received: heads={heads!r}"
        )
    check_choices(dtype=(dtype, _DTYPES))
    if training and shape[0] < batch_size:
        raise InputError(
            f"`pictures` must be at least one batch of {batch_size}. "
            f"Received: {shape[0]}"
        )
