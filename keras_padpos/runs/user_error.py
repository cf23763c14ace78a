"""The error of somebody who runs a binary."""


class UserError(Exception):
    """What whoever started a run can put right; the message says how.

    `run` prints its message as one line, without a traceback. Everything that
    is a mistake in code, not in a command, stays some other exception.

    Example:
        >>> raise UserError("`seed` is negative.")
        Traceback (most recent call last):
        ...
        keras_padpos.runs.user_error.UserError: `seed` is negative.
    """
