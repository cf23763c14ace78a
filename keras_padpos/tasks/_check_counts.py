"""Numbers that must be counts."""

import numbers

from keras_padpos.errors import InputError


def check_counts(**counts: int | None) -> None:
    """Raise unless all are ints of at least 1.

    Example:

    >>> check_counts(epochs=3, max_steps=None)

    Args:
        **counts: Numbers by the name of their argument; `None` is passed
            over.

    Raises:
        ValueError: If one is no int, or less than 1.
    """
    for name, count in counts.items():
        if count is None:
            continue
        whole = isinstance(count, numbers.Integral)
        if not whole or isinstance(count, bool) or count < 1:
            raise InputError(
                f"`{name}` must be an int of at least 1. Received: {count!r}"
            )
