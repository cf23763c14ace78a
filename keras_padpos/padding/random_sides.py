"""Zeros on a random half of the sides."""

from typing import Any

import keras
from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.padding.frame import padded_axes
from keras_padpos.padding.padding_mode import PaddingMode
from keras_padpos.padding.zeros import Zeros


@register_keras_serializable(package="keras_padpos")
class RandomSides(PaddingMode):
    """Random padding (Yang et al. 2023, arXiv 2302.08682).

    While training, one side of each axis, chosen anew at every call for the
    whole batch, carries all zeros of that axis; the size stays as it was, and
    the border is no steady mark of position. At inference both sides are
    padded, as with `zeros`; in pooling layers the zeros are real ones. That the
    chosen side carries both sides' cells is how the paper's abstract is read
    here.

    Example:

    >>> import numpy as np
    >>> mode = RandomSides()
    >>> print(np.asarray(mode.pad(np.arange(1, 4), [(1, 1)])))
    [0 1 2 3 0]
    >>> trained = mode.pad(np.arange(1, 4), [(1, 1)], training=True)
    >>> np.asarray(trained).tolist() in ([0, 0, 1, 2, 3], [1, 2, 3, 0, 0])
    True

    Args:
        seed: Seed of the layer's generator; `None` chooses one.
    """

    name = "random_sides"
    local = True
    combines = True
    random = True

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed

    def pad(
        self,
        inputs: Any,
        pad_width: Any,
        *,
        seed: keras.random.SeedGenerator | None = None,
        training: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Add zeros; see `PaddingMode.pad`."""
        if not training:
            return Zeros().pad(inputs, pad_width)
        axes = padded_axes(pad_width)
        if not axes:
            return inputs
        first = keras.random.uniform((len(axes),), seed=seed) < 0.5
        for index, axis in enumerate(axes):
            total = sum(pad_width[axis])
            sides = []
            for pair in ((total, 0), (0, total)):
                width = [(0, 0)] * len(pad_width)
                width[axis] = pair
                sides.append(Zeros().pad(inputs, width))
            inputs = ops.where(first[index], *sides)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal mode."""
        return {"seed": self.seed}
