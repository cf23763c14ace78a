"""What an error says."""


class UserError(Exception):
    """What whoever started a run can put right; the message says how.

    `run` prints its message as one line, without a traceback. Everything that
    is a mistake in code, not in a command, stays some other exception.

    Example:
        >>> raise UserError("`seed` is negative.")
        Traceback (most recent call last):
        ...
        keras_padpos.errors.UserError: `seed` is negative.
    """


def error_words(error: BaseException) -> str:
    """Say why something failed, without the parts that only Python needs.

    Example:
        >>> import errno
        >>> import os
        >>> error_words(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        'No space left on device'
        >>> error_words(KeyError("rows"))
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
