"""Errors that are the caller's fault, and what an error says."""


class InputError(ValueError):
    """What was given cannot work; the message says what would.

    All that this package refuses is refused with it: an argument, a flag, a
    file's content. A binary prints its message as one line, without a
    traceback. Any other exception is a mistake in code.

    Example:
        >>> raise InputError("`seed` must be at least 0. Received: -1")
        Traceback (most recent call last):
        ...
        keras_padpos.errors.InputError: `seed` must be at least 0. Received: -1
    """

    # Else what is raised inside a `tf.function` becomes another error, which
    # is no ValueError: AutoGraph raises again what is made from a message.
    __init__ = Exception.__init__


class MissingPackageError(InputError, ImportError):
    """An optional package is not installed; the message says which extra."""


def error_text(error: BaseException) -> str:
    """Say why something failed, without the parts that only Python needs.

    Example:
        >>> import errno
        >>> import os
        >>> error_text(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        'No space left on device'
        >>> error_text(KeyError("rows"))
        "'rows' is missing"

    Args:
        error: What was raised.

    Returns:
        Its message; the name of its class if it has none.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, KeyError):
        return f"{error} is missing"
    return str(error) or type(error).__name__
