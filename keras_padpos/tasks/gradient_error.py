"""The error of a network that cannot be attacked."""


class GradientError(ValueError):
    """Gradients are not numbers, though answers may be.

    Example:

    >>> raise GradientError("not a number")
    Traceback (most recent call last):
    ...
    keras_padpos.tasks.gradient_error.GradientError: not a number
    """
