"""Noise with the statistics of the border's neighbourhood."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.checks import is_int
from keras_padpos.errors import InputError
from keras_padpos.padding.frame import padded_axes
from keras_padpos.padding.frame import window_means
from keras_padpos.padding.frame import with_frame
from keras_padpos.padding.padding_mode import PaddingMode


@register_keras_serializable(package="keras_padpos")
class Randn(PaddingMode):
    """Normal noise with the mean and deviation of nearby cells.

    The padding that Lin et al. (*Position-information Pattern from Padding*,
    ICML 2023) propose, **reconstructed**: the paper's body could not be read,
    so window, statistic and behaviour at inference are choices made here. Every
    cell of the frame is drawn anew at every call, for each picture and channel,
    from a normal distribution with the mean and standard deviation of the
    cells around the nearest cell of the input. No gradient flows through these
    statistics.

    Example:

    >>> import numpy as np
    >>> mode = Randn(window=3, seed=1)
    >>> strip = mode.pad(np.full((1, 4, 1), 7.0), [(0, 0), (2, 2), (0, 0)])
    >>> bool(np.allclose(np.asarray(strip), 7.0))
    True

    Args:
        window: Cells a side of the neighbourhood, along the spatial axes;
            smaller maps are taken whole.
        statistic: `"local"`: of the neighbourhood; `"global"`: of the whole
            map.
        deterministic: Whether to leave the noise out at inference, so that the
            frame holds the mean.
        seed: Seed of the layer's generator; `None` chooses one.

    Raises:
        ValueError: If `window` or `statistic` is not one of the above.
    """

    name = "randn"
    random = True

    def __init__(
        self,
        window: int = 3,
        statistic: str = "local",
        deterministic: bool = False,
        seed: int | None = None,
    ) -> None:
        if not is_int(window, 1):
            raise InputError(
                f"`window` must be an int of 1 or more. Received: {window!r}"
            )
        if statistic not in ("local", "global"):
            raise InputError(
                '`statistic` must be "local" or "global". '
                f"Received: {statistic!r}"
            )
        self.window = window
        self.statistic = statistic
        self.deterministic = deterministic
        self.seed = seed

    def pad(
        self,
        inputs: Any,
        pad_width: Any,
        *,
        seed: keras.random.SeedGenerator | None = None,
        training: bool = False,
        axes: Sequence[int] | None = None,
    ) -> Any:
        """Add the noise; see `PaddingMode.pad`."""
        inputs = ops.convert_to_tensor(inputs)
        padded = padded_axes(pad_width)
        if not padded:
            return inputs
        axes = padded if axes is None else tuple(axes)
        # About their mean, so that a constant map deviates by nothing.
        values = ops.cast(inputs, "float32")
        centre = ops.mean(values, axis=axes, keepdims=True)
        values = values - centre
        mean = self._nearby(values, axes, pad_width)
        frame = mean
        if training or not self.deterministic:
            square = self._nearby(values * values, axes, pad_width)
            deviation = ops.sqrt(ops.maximum(square - mean * mean, 0.0))
            shape = [
                size + before + after
                for size, (before, after) in zip(
                    ops.shape(inputs), pad_width, strict=True
                )
            ]
            frame = mean + deviation * keras.random.normal(
                shape, dtype="float32", seed=seed
            )
        return with_frame(inputs, pad_width, frame + centre)

    def _nearby(self, values, axes, pad_width):
        """Mean of the cells near each padded cell."""
        if self.statistic == "global":
            return ops.mean(values, axis=axes, keepdims=True)
        for axis in axes:
            before, after = pad_width[axis]
            size = ops.shape(values)[axis]
            width = ops.minimum(self.window, size)
            start = ops.arange(-before, size + after, dtype="int32")
            start = ops.clip(start - width // 2, 0, size - width)
            values = window_means(values, axis, start, width)
        return values

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal mode."""
        return {
            "window": self.window,
            "statistic": self.statistic,
            "deterministic": self.deterministic,
            "seed": self.seed,
        }
