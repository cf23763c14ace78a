"""Numbers that must not be negative."""

import math
import numbers

from keras_padpos.errors import InputError


def check_sizes(**sizes: float) -> None:
    """Raise unless all are finite numbers of 0 or more.

    Example:

    >>> check_sizes(learning_rate=1e-3, epsilon=8)

    Args:
        **sizes: Numbers by the name of their argument.

    Raises:
        ValueError: If one is none, negative, infinite or not a number.
    """
    for name, size in sizes.items():
        real = isinstance(size, numbers.Real) and not isinstance(size, bool)
        if not real or not 0 <= size < math.inf:
            raise InputError(
                f"`{name}` must be a number of 0 or more. Received: {size!r}"
            )
