"""What an error says, in one line."""

import re


def plain_reason(error: BaseException) -> str:
    r"""An error's message without colours, line breaks and a call's arguments.

    Example:

    >>> colours = chr(27) + "[1m"
    >>> error = ValueError(f"{colours}too small\nArguments received by f()")
    >>> plain_reason(error)
    'too small'

    Args:
        error: What Keras raised.

    Returns:
        One line; the error's class if it says nothing.
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = text.partition("Arguments received by")[0]
    text = re.sub(
        r"Exception encountered when calling \S+\.call\(\)\.", "", text
    )
    return " ".join(text.split()) or type(error).__name__
