"""Networks for the location-dependent tasks."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.checks import check_choices
from keras_padpos.choices import LOCATION_TASKS
from keras_padpos.errors import InputError
from keras_padpos.models.nets._bagnet import bagnet
from keras_padpos.models.nets._resnet18 import resnet18
from keras_padpos.models.nets._vgg5 import vgg5
from keras_padpos.published.canvas_facts import BACKGROUND
from keras_padpos.published.canvas_facts import CIFAR_DEVIATION
from keras_padpos.published.canvas_facts import CIFAR_MEAN
from keras_padpos.tasks.canvas import Canvas


@keras.saving.register_keras_serializable("keras_padpos")
class PermuteChannels(keras.layers.Layer):
    """Shuffle the channels anew at every call, while testing too.

    What comes after can use how large the channels are, but not which is
    which. While training, all of a batch are shuffled alike; otherwise each
    example is for itself, so that a score does not hang on a few orders.

    Example:

    >>> import numpy as np
    >>> shuffled = PermuteChannels(seed=0)(np.array([[1.0, 2, 3], [4, 5, 6]]))
    >>> np.sort(shuffled).tolist()
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]

    Args:
        seed: Seed of the orders; `None`: drawn.
        **kwargs: See `keras.layers.Layer`.

    Source:
        PermuteNet of Islam et al., *Global Pooling, More than Meets the Eye*
        (ICCV 2021).
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self._seeds = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Shuffle the last axis.

        Args:
            inputs: `(batch, channels)`.
            training: Whether all of the batch are shuffled alike.

        Returns:
            The same channels in another order.
        """
        batch, channels = ops.shape(inputs)
        drawn = keras.random.uniform(
            (1 if training else batch, channels), seed=self._seeds
        )
        order = ops.argsort(drawn, axis=-1)
        if training:
            return ops.take(inputs, order[0], axis=-1)
        return ops.take_along_axis(inputs, order, axis=-1)

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """That of what goes in."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "seed": self.seed}


LOCATION_NETS = {
    "vgg5": vgg5,
    "resnet18": resnet18,
    "bagnet9": lambda **options: bagnet(9, **options),
    "bagnet17": lambda **options: bagnet(17, **options),
    "bagnet33": lambda **options: bagnet(33, **options),
}
"""From a name to what makes the network."""

# Means and logits, under mixed precision too.
_FULL = "float32"


def location_net(
    name: str,
    task: str,
    grid: int,
    *,
    canvas: str | Sequence[float] = "black",
    padding_mode: Any = "zeros",
    permuted: bool = False,
    size: int = 32,
) -> keras.Model:
    """From a picture and its cell to what a task asks.

    The canvas is made inside, in pixels, and normalised after; so small
    pictures go to the device, and not large canvases.

    Example:

    >>> net = location_net("vgg5", "both", 3, padding_mode="reflect")
    >>> {name: tuple(head.shape) for name, head in net.output.items()}
    {'class': (None, 10), 'cell': (None, 9)}
    >>> net = location_net("vgg5", "segmentation", 3)
    >>> tuple(net.output["pixels"].shape)
    (None, 96, 96, 11)

    Args:
        name: One of `LOCATION_NETS`.
        task: One of `LOCATION_TASKS`.
        grid: Cells in a row and in a column of the canvas.
        canvas: Its colour; see `Canvas`.
        padding_mode: Of the network; `"none"` and `"interpolate"` too.
        permuted: Whether the pooled channels are shuffled before the dense
            layers, see `PermuteChannels`; not for segmentation.
        size: Height and width of the pictures.

    Returns:
        A functional model from `{"picture": (batch, size, size, 3) in
        [0, 255], "cell": (batch,)}` to logits under `"class"`
        `(batch, 10)`, `"cell"` `(batch, grid**2)` or `"pixels"`
        `(batch, grid * size, grid * size, 11)`. Initial weights follow
        `keras.utils.set_random_seed`.

    Raises:
        ValueError: If an argument is none of the above, or nothing is left of
            such a canvas without padding.

    Source:
        Islam et al., *Position, Padding and Predictions* (IJCV 2024), as far
        as the code of their *Global Pooling* paper (ICCV 2021) tells, whose
        PermuteNet `permuted` is.
    """
    check_choices(
        name=(name, LOCATION_NETS),
        task=(task, LOCATION_TASKS),
    )
    if permuted and task == "segmentation":
        raise InputError(
            "`permuted` must be False for segmentation, where nothing is "
            "pooled. Received: permuted=True"
        )
    inputs = {
        "picture": keras.Input((size, size, 3), name="picture"),
        "cell": keras.Input((), dtype="int32", name="cell"),
    }
    whole = Canvas(grid, canvas, name="canvas")(inputs)
    whole = keras.layers.Normalization(
        mean=CIFAR_MEAN, variance=np.square(CIFAR_DEVIATION), name="normal"
    )(whole)
    make = LOCATION_NETS[name]
    options = {
        "input_shape": (grid * size, grid * size, 3),
        "padding_mode": padding_mode,
    }
    if task == "segmentation":
        net = make(top="segmentation", classes=BACKGROUND + 1, **options)
        pixels = keras.layers.Activation("linear", dtype=_FULL, name="pixels")
        return keras.Model(inputs, {"pixels": pixels(net(whole))})
    net = make(top=None, **options)
    pooled = keras.layers.GlobalAveragePooling2D(
        data_format="channels_last", dtype=_FULL, name="latent"
    )(net(whole))
    if permuted:
        pooled = PermuteChannels(name="permute")(pooled)
    heads = {}
    if task != "location":
        heads["class"] = keras.layers.Dense(
            BACKGROUND, dtype=_FULL, name="class"
        )(pooled)
    if task != "classification":
        heads["cell"] = keras.layers.Dense(
            grid**2, dtype=_FULL, name="cell_logits"
        )(pooled)
    return keras.Model(inputs, heads)
