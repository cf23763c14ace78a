"""The modes that fill the frame with one value."""

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.errors import InputError
from keras_padpos.padding.padding_mode import PaddingMode


def crop(inputs: Any, pad_width: Sequence[tuple[int, int]]) -> Any:
    """Cut a frame off."""
    return inputs[
        tuple(slice(before, -after or None) for before, after in pad_width)
    ]


@register_keras_serializable(package="keras_padpos")
class Zeros(PaddingMode):
    """`0 0 1 2 3 4 0 0`: what Keras' `padding="same"` does.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Zeros().pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [0 0 1 2 3 4 0 0]
    """

    name = "zeros"
    local = True
    native = True
    transposable = True
    combines = True

    def pad(self, inputs: Any, pad_width: Any, **kwargs: Any) -> Any:
        """Add zeros; see `PaddingMode.pad`."""
        return ops.pad(inputs, list(pad_width))

    def fold(self, inputs: Any, pad_width: Any, axes: Any = None) -> Any:
        """Cut the frame off; see `PaddingMode.fold`."""
        return crop(inputs, pad_width)


@register_keras_serializable(package="keras_padpos")
class Constant(PaddingMode):
    """`c c 1 2 3 4 c c`: a value of your choice.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Constant(9).pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [9 9 1 2 3 4 9 9]

    Args:
        value: The number that fills the frame, in the input's unit.

    Raises:
        ValueError: If `value` is not a number.
    """

    name = "constant"
    local = True
    combines = True

    def __init__(self, value: float = 0.0) -> None:
        try:
            self.value = float(value)
        except (TypeError, ValueError):
            raise InputError(
                f"`value` must be a number. Received: value={value!r}"
            ) from None

    def pad(self, inputs: Any, pad_width: Any, **kwargs: Any) -> Any:
        """Add the value; see `PaddingMode.pad`."""
        inputs = ops.convert_to_tensor(inputs)
        value = ops.cast(self.value, inputs.dtype)
        return ops.pad(inputs, list(pad_width), constant_values=value)

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal mode."""
        return {"value": self.value}
