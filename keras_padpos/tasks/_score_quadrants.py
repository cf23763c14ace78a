"""F-Conv's four-quadrant test of one network."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.models.nets.net_parts import bias_draw
from keras_padpos.models.nets.net_parts import kernel_draw
from keras_padpos.tasks._red_green import SPLITS
from keras_padpos.tasks.classifier import class_accuracy
from keras_padpos.tasks.fconv_training import QUADRANT_EPOCHS
from keras_padpos.tasks.fconv_training import train_quadrants
from keras_padpos.tasks.quadrant_pictures import four_quadrants
from keras_padpos.tasks.quadrant_pictures import pooled_maps
from keras_padpos.tasks.quadrant_pictures import quadrant_features
from keras_padpos.training import Checkpoint
from keras_padpos.training import LocalModel
from keras_padpos.training import OneDevice

_PARTS = ("train", "validation", "test")
# Examples that are scored at once.
_BATCH = 8


def score_quadrants(
    model: keras.Model,
    pictures: np.ndarray,
    border: int = 0,
    *,
    frozen: bool = True,
    splits: Sequence[str] = ("disjoint",),
    epochs: int = QUADRANT_EPOCHS,
    seed: int = 0,
    batch_size: int = 8,
    advance: Callable[[int], Any] | None = None,
    checkpoint: Callable[[str], Checkpoint] | None = None,
    devices: OneDevice | None = None,
    **canvas: Any,
) -> dict[str, dict[str, Any]]:
    """Whether a network tells which corner of a canvas a picture is in.

    The maximum over the network's map goes into a dense layer of two classes,
    which is trained as in the paper. A network that does not know where it
    looks sees the same in both corners, and is right half of the time. With
    wider borders the corners move away from the edge, which is all that can
    tell them apart.

    A frozen network sees every canvas once; its pooled features train the
    dense layer.

    Example:

    >>> from keras_padpos import models
    >>> pictures = np.random.default_rng(0).normal(size=(6, 16, 16, 3))
    >>> keras.utils.set_random_seed(0)
    >>> net = models.vgg5(top=None, padding_mode="circular")
    >>> scores = score_quadrants(net, pictures, canvas=32, epochs=1)
    >>> scores["disjoint"]["accuracy"], scores["disjoint"]["test_images"]
    (0.5, 2)

    Args:
        model: From pictures to a map `(batch, height, width, channels)`, or
            to several, of which the last counts. Pictures must be allowed to
            be as large as canvas and border. Trained in place if not frozen;
            if there are several splits, it has its first weights again for
            each, and those of the last in the end.
        pictures: Array `(pictures, size, size, channels)` in the model's
            unit.
        border: Cells added on each side of the canvas.
        frozen: Whether only the dense layer is trained.
        splits: `"disjoint"`: the first third of the pictures to train on,
            the second to validate, the last to test; `"released"`: all of
            them for all three, as in the released code.
        epochs: Passes over the training set, at most.
        seed: Passed to `keras.utils.set_random_seed` before the dense layer
            is made, for each split; and seed of the order of the examples.
        batch_size: Canvases that go through a frozen network at once. Steps
            are of 8, as released.
        advance: Called with the number of canvases after each batch of a
            frozen network; with 1 after each epoch of one that is trained.
        checkpoint: From a split to where its training goes on from.
        devices: What to train a network on that is not frozen; it was made in
            its scope.
        **canvas: `canvas` and `fill` of `four_quadrants`.

    Returns:
        From each split to a dict: `"accuracy"` on the test canvases, in
        [0, 1]; `"train_accuracy"`; `"train_images"` and `"test_images"`, the
        numbers of pictures, each of which stands in both corners;
        `"epochs"`, `"best_epoch"` and `"validation_cross_entropy"` of
        `train_quadrants`; and, if frozen, `"difference"`, the largest
        difference between the features of a picture in its two corners, over
        the standard deviation of all features.

    Raises:
        ValueError: If an argument is not one of the above, or there are not
            enough pictures.

    Source:
        Kayhan and van Gemert, *On Translation Invariance in CNNs* (CVPR
        2020), Sec. 3.2, and the released code
        (`oskyhn/CNNs-Without-Borders`, `full_conv/Exp1_image_boundary`).
        There BatchNorms of frozen networks go on gathering statistics while
        the dense layer is trained; here frozen is frozen, and
        `models.calibrate_batch_norm` sets statistics beforehand.
    """
    devices = devices or OneDevice()
    # A dense layer on a few features: every process trains it by itself.
    training_devices = OneDevice() if frozen else devices
    parts = {each: _parts(each, len(pictures)) for each in splits}
    extra = {}
    if frozen:
        inputs = quadrant_features(
            model,
            pictures,
            border,
            batch_size=batch_size,
            advance=advance,
            **canvas,
        )
        extra["difference"] = _difference(*inputs)
    else:
        inputs, _ = four_quadrants(pictures, border, **canvas)
        inputs = inputs.reshape(2, len(pictures), *inputs.shape[1:])
        first = model.get_weights()

    def log(**metrics):
        del metrics
        if advance is not None and not frozen:
            advance(1)

    scores = {}
    for each, chosen in parts.items():
        keras.utils.set_random_seed(int(seed))
        with training_devices.scope():
            if frozen:
                net = _with_head(keras.Input(inputs.shape[2:], name="features"))
            else:
                model.set_weights(first)
                net = _with_head(pooled_maps(model))
        sets = {
            name: _examples(inputs, places) for name, places in chosen.items()
        }
        trained = train_quadrants(
            net,
            sets["train"],
            sets["validation"],
            epochs=epochs,
            seed=seed,
            log=log,
            checkpoint=None if checkpoint is None else checkpoint(each),
            devices=training_devices,
        )
        local = LocalModel(net, training_devices).now()
        scores[each] = {
            "accuracy": class_accuracy(local, *sets["test"], _BATCH),
            "train_accuracy": class_accuracy(local, *sets["train"], _BATCH),
            "train_images": len(chosen["train"]),
            "test_images": len(chosen["test"]),
            **trained,
            **extra,
        }
    return scores


def _parts(splits: str, number: int) -> Mapping[str, np.ndarray]:
    """Which pictures each set has."""
    if splits not in SPLITS:
        raise InputError(
            '`splits` must be one of "released", "disjoint". '
            f"Received: {splits!r}"
        )
    least = 1 if splits == "released" else len(_PARTS)
    if number < least:
        raise InputError(
            f"`pictures` must be {least} or more for {splits} splits. "
            f"Received: {number}"
        )
    every = np.arange(number)
    if splits == "released":
        return dict.fromkeys(_PARTS, every)
    thirds = np.array_split(every, len(_PARTS))
    return dict(zip(_PARTS, thirds, strict=True))


def _with_head(before):
    """A dense layer of two classes behind a network or an input."""
    inputs = outputs = before
    if isinstance(before, keras.Model):
        inputs, outputs = before.input, before.output
    logits = keras.layers.Dense(
        2,
        kernel_initializer=kernel_draw(),
        bias_initializer=bias_draw(outputs.shape[-1]),
        name="logits",
    )(outputs)
    return keras.Model(inputs, logits)


def _examples(inputs: Any, places: np.ndarray) -> tuple[Any, np.ndarray]:
    """Inputs and labels of the pictures at some places, both corners."""
    chosen = inputs[:, places]
    labels = np.repeat([0, 1], len(places))
    return chosen.reshape(-1, *inputs.shape[2:]), labels


def _difference(first, second):
    deviation = float(np.std(np.stack([first, second]), axis=(0, 1)).mean())
    largest = float(np.abs(first - second).max())
    return largest / deviation if deviation else float(largest > 0)
