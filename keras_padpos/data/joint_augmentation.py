"""Change pictures at random, and their masks with them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_padpos.checks import check_ints
from keras_padpos.errors import InputError
from keras_padpos.metrics import VOID

if TYPE_CHECKING:
    import keras

# Where pixels go. The first two copy pixels; the others interpolate, and fill
# what comes from outside.
_COPIES = ("RandomFlip", "RandomCrop")
_WARPS = ("RandomRotation", "RandomTranslation", "RandomZoom")
# Which values they have: nothing that a mask is told about.
_COLOURS = (
    "RandomBrightness",
    "RandomContrast",
    "RandomHue",
    "RandomSaturation",
)


class JointAugmentation:
    """Changes pictures by Keras' layers at random, and their masks with them.

    What is drawn depends on the seed, the epoch, the number of the batch and
    the layer's place alone, so a run that goes on after an interruption, or
    that leaves batches out, draws the same; the numbers themselves are those
    of the Keras backend in use, and differ from backend to backend.

    Masks take the nearest pixel, whatever a layer's `interpolation`, and 255,
    void, where a layer with `fill_mode="constant"` fills pictures with its
    `fill_value`; other fill modes fill both with what they repeat. Colours
    change in pictures only. A `RandomCrop` draws a place for each picture.
    Layers are copied, and a seed of their own is not used.

    Keras' layers take pictures and masks together, too. Here, where pixels
    are interpolated, each kind goes through a layer of its own, which draws
    the same. So each is filled with its own value, masks are not interpolated
    in Keras 3.12 either, and a mask is not turned otherwise than its picture,
    as `RandomRotation` does on PyTorch (Keras 3.15.1: the first of the two
    changes the matrix that the second one is turned by).

    Example:

    >>> import keras
    >>> augmentation = JointAugmentation(
    ...     [keras.layers.RandomFlip("horizontal"),
    ...      keras.layers.RandomCrop(24, 32)],
    ...     seed=1,
    ... )
    >>> pictures = np.zeros((2, 40, 40, 3), "uint8")
    >>> masks = np.zeros((2, 40, 40), "uint8")
    >>> pictures, masks = augmentation(pictures, masks, epoch=3, number=0)
    >>> pictures.shape, pictures.dtype, masks.shape, masks.dtype
    ((2, 24, 32, 3), dtype('float32'), (2, 24, 32), dtype('uint8'))

    Args:
        layers: Applied one after the other: `keras.layers.RandomFlip`,
            `RandomCrop`, `RandomRotation`, `RandomTranslation`, `RandomZoom`,
            `RandomBrightness`, `RandomContrast`, `RandomHue` or
            `RandomSaturation`.
        seed: Seed of all of them, at least 0.

    Raises:
        ValueError: If a layer is none of these, or `seed` is out of range.
    """

    def __init__(
        self, layers: "Sequence[keras.layers.Layer]", *, seed: int = 0
    ) -> None:
        check_ints(0, seed=seed)
        self.seed = seed
        self._layers = [_for_both(layer) for layer in layers]

    def output_shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Tells the size of what comes out.

        Args:
            shape: Height and width of what goes in, in pixels.

        Returns:
            Height and width, in pixels.

        Raises:
            ValueError: If a crop does not fit in.
        """
        height, width = shape
        for layer, _ in self._layers:
            if _kind(layer) == "RandomCrop":
                crop = (layer.height, layer.width)
                if crop[0] > height or crop[1] > width:
                    raise InputError(
                        f"`layers` must crop no more than there is. Received: "
                        f"RandomCrop{crop} for pictures of {(height, width)}"
                    )
                height, width = crop
        return height, width

    def __call__(
        self,
        pictures: np.ndarray,
        masks: np.ndarray | None = None,
        *,
        epoch: int,
        number: int,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Changes one batch.

        Args:
            pictures: RGB in [0, 255], of shape (batch, height, width, 3).
            masks: Integers from 0 to 255, of shape (batch, height, width), or
                `None` for pictures without masks.
            epoch: The epoch, counted from 0.
            number: Which batch of the epoch it is, counted from 0.

        Returns:
            The pictures, float32, and the masks, uint8, or `None`.

        Raises:
            ValueError: If shapes do not fit each other or a crop.
        """
        pictures = np.asarray(pictures, "float32")
        shape = pictures.shape[:3] if masks is None else np.shape(masks)
        if pictures.ndim != 4 or shape != pictures.shape[:3]:
            raise InputError(
                f"`pictures` and `masks` must have the shapes (batch, height, "
                f"width, channels) and (batch, height, width). Received: "
                f"{pictures.shape} and {shape}"
            )
        self.output_shape(pictures.shape[1:3])
        values = None
        if masks is not None:
            values = np.asarray(masks, "float32")[..., None]
        for place, (for_pictures, for_masks) in enumerate(self._layers):
            stream = [self.seed, epoch, number, place]
            if values is not None and for_masks is for_pictures:
                both = np.concatenate([pictures, values], axis=-1)
                both = _apply(for_pictures, both, stream)
                pictures, values = both[..., :-1], both[..., -1:]
                continue
            pictures = _apply(for_pictures, pictures, stream)
            if values is not None and for_masks is not None:
                values = _apply(for_masks, values, stream)
        if values is not None:
            masks = np.rint(values[..., 0]).astype("uint8")
        return pictures, masks


def _kind(layer: "keras.layers.Layer") -> str | None:
    import keras

    for name in (*_COPIES, *_WARPS, *_COLOURS):
        if isinstance(layer, getattr(keras.layers, name)):
            return name
    return None


def _for_both(
    layer: "keras.layers.Layer",
) -> "tuple[keras.layers.Layer, keras.layers.Layer | None]":
    """Copies a layer for pictures and for masks.

    Both are one where it copies pixels, and the second is `None` where it
    leaves masks alone.
    """
    kind = _kind(layer)
    if kind is None:
        kinds = ", ".join((*_COPIES, *_WARPS, *_COLOURS))
        raise InputError(
            f"`layers` must be Keras layers of these kinds: {kinds}. "
            f"Received: {layer!r}"
        )
    config = layer.get_config()
    # In half precision 255 colours would be blurred by interpolation.
    config["dtype"] = "float32"
    if "data_format" in config:
        config["data_format"] = "channels_last"
    for_pictures = type(layer).from_config(config)
    if kind in _COLOURS:
        return for_pictures, None
    if kind in _COPIES:
        return for_pictures, for_pictures
    config |= {"interpolation": "nearest", "fill_value": float(VOID)}
    return for_pictures, type(layer).from_config(config)


def _apply(
    layer: "keras.layers.Layer", values: np.ndarray, stream: list[int]
) -> np.ndarray:
    # Keras draws one crop for a whole batch.
    if _kind(layer) == "RandomCrop":
        crops = [
            _draw_and_apply(layer, values[place : place + 1], [*stream, place])
            for place in range(len(values))
        ]
        return np.concatenate(crops)
    return _draw_and_apply(layer, values, stream)


def _draw_and_apply(
    layer: "keras.layers.Layer", values: np.ndarray, stream: list[int]
) -> np.ndarray:
    import keras

    (seed,) = np.random.SeedSequence(stream).generate_state(1) >> 1
    tensor = keras.ops.convert_to_tensor(values)
    drawn = layer.get_random_transformation(
        tensor, training=True, seed=keras.random.SeedGenerator(int(seed))
    )
    changed = layer.transform_images(tensor, drawn, training=True)
    return keras.ops.convert_to_numpy(changed)
