"""The values of a saliency map that are scored."""

import numpy as np

from keras_padpos.errors import InputError


def saliency_values(
    predicted: np.ndarray, *, normalize: bool = True
) -> np.ndarray:
    """A saliency map as its scores are computed from.

    Values are rounded to the 256 levels of a PNG file, as published scores
    come from such files, and stretched so that the least is 0 and the
    greatest 1, unless they are all the same. Stretching is what the field's
    programs do. It hides how sure a network is: a map that is nearly 0
    everywhere scores as if it were sure of its greatest value.

    Example:

    >>> saliency_values(np.array([[0.2, 0.4], [0.5, 0.6]]))
    array([[0.        , 0.5       ],
           [0.75490196, 1.        ]])
    >>> print(saliency_values(np.array([[51, 255]], "uint8"), normalize=False))
    [[0.2 1. ]]

    Args:
        predicted: `(height, width)`, floats in [0, 1], or uint8 from 0 to 255.
        normalize: Whether to stretch.

    Returns:
        `(height, width)`, float64 in [0, 1].

    Raises:
        ValueError: If this is no such map.
    """
    predicted = np.asarray(predicted)
    if predicted.ndim != 2 or 0 in predicted.shape:
        raise InputError(
            "`predicted` must be of shape (height, width). "
            f"Received: shape {predicted.shape}"
        )
    if predicted.dtype.kind == "f":
        # NaN is not within, either.
        if not ((predicted >= 0) & (predicted <= 1)).all():
            raise InputError(
                "`predicted` must lie in [0, 1]. Received: values from "
                f"{predicted.min()} to {predicted.max()}"
            )
        predicted = np.rint(predicted.astype("float64") * 255)
    elif predicted.dtype != np.uint8:
        raise InputError(
            "`predicted` must be floats in [0, 1] or uint8. "
            f"Received: {predicted.dtype}"
        )
    values = predicted / 255
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if normalize and high > low else values
