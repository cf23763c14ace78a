"""How well a network does in each cell of the canvas."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.errors import InputError
from keras_padpos.metrics import border_profile
from keras_padpos.metrics import mean_iou
from keras_padpos.published.canvas_facts import BACKGROUND
from keras_padpos.tasks.canvas import canvas_labels
from keras_padpos.tasks.canvas import check_labels

_CLASSES = BACKGROUND + 1
# Pixels that go through at once, if nothing else is asked for.
_PIXELS = 96**3


def score_location(
    model: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    grid: int,
    *,
    batch_size: int | None = None,
    advance: Callable[[int], Any] | None = None,
) -> dict[str, dict[str, Any]]:
    """Score a network of `location_net`, with every picture in every cell.

    Example:

    >>> from keras_padpos.tasks import location_net
    >>> net = location_net("vgg5", "location", 3, size=8)
    >>> scores = score_location(
    ...     net, np.zeros((5, 8, 8, 3), "uint8"), np.zeros(5, int), 3
    ... )
    >>> np.shape(scores["cell"]["per_cell"]), scores["cell"]["chance"]
    ((3, 3), 0.1111111111111111)

    Args:
        model: On one device.
        pictures: `(pictures, size, size, 3)`, uint8.
        labels: `(pictures,)`, classes from 0.
        grid: Cells in a row and in a column of the canvas.
        batch_size: Pictures that go through at once. `None`: 96 where the
            canvas has 96x96 pixels, fewer where it is larger.
        advance: Called with the number of canvases after each cell.

    Returns:
        From each head, `"class"`, `"cell"` or `"pixels"`, to a dict:
        `"accuracy"` in [0, 1], or for pixels `"mean_iou"`; `"chance"`, that
        of the commonest class, of one cell, or of pixels that are all taken
        for the empty canvas; `"per_cell"`,
        lists of rows of the same of each cell; `"per_cell_images"`, how many
        canvases each cell had; `"by_border_distance"`, means over the cells
        that are 0, 1, ... cells away from the nearest border.

    Raises:
        ValueError: If there are no pictures, or a label is none of the ten.
    """
    if not len(pictures):
        raise InputError("`pictures` must be at least one. Received: none")
    check_labels(labels)
    side = grid * pictures.shape[1]
    batch_size = batch_size or max(1, _PIXELS // side**2)
    heads = list(model.output)
    reader = _answers(model)
    confusion = np.zeros((grid**2, _CLASSES, _CLASSES), "int64")
    right = {head: np.zeros(grid**2) for head in heads}
    for cell in range(grid**2):
        cells = np.full(len(pictures), cell)
        for start in range(0, len(pictures), batch_size):
            part = slice(start, start + batch_size)
            answers = reader.predict_on_batch(
                {
                    "picture": pictures[part].astype("float32"),
                    "cell": cells[part],
                }
            )
            if "class" in heads:
                right["class"][cell] += np.sum(answers["class"] == labels[part])
            if "cell" in heads:
                right["cell"][cell] += np.sum(answers["cell"] == cell)
            if "pixels" in heads:
                targets = canvas_labels(
                    labels[part], cells[part], grid, pictures.shape[1]
                )
                counted = np.bincount(
                    targets.ravel().astype("int64") * _CLASSES
                    + np.ravel(answers["pixels"]),
                    minlength=_CLASSES**2,
                )
                confusion[cell] += counted.reshape(_CLASSES, _CLASSES)
        if advance:
            advance(len(pictures))
    results = {}
    for head in heads:
        if head == "pixels":
            scores = np.array([mean_iou(each) for each in confusion])
            whole = confusion.sum(axis=0)
            empty = np.zeros_like(whole)
            empty[:, BACKGROUND] = whole.sum(axis=1)
            overall = {"mean_iou": mean_iou(whole), "chance": mean_iou(empty)}
        else:
            scores = right[head] / len(pictures)
            chance = 1 / grid**2
            if head == "class":
                chance = np.bincount(labels).max() / len(labels)
            overall = {
                "accuracy": float(scores.mean()),
                "chance": float(chance),
            }
        per_cell = scores.reshape(grid, grid)
        results[head] = {
            **overall,
            "per_cell": per_cell.tolist(),
            "per_cell_images": len(pictures),
            "by_border_distance": border_profile(per_cell).tolist(),
        }
    return results


def _answers(model):
    """The likeliest answers, so that logits of pixels need not be fetched."""
    reader = keras.Model(
        model.input,
        {
            head: ops.cast(
                ops.argmax(logits, axis=-1),
                "uint8" if head == "pixels" else "int32",
            )
            for head, logits in model.output.items()
        },
        name="answers",
    )
    # Elsewhere XLA takes longer to compile than it saves in a single pass.
    reader.compile(jit_compile=keras.backend.backend() == "jax")
    return reader
