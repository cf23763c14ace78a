"""Shares of several seeds in percent."""

from collections.abc import Iterable

import numpy as np


def percent_words(
    shares: Iterable[float], *, signed: bool = False
) -> str | None:
    """The mean in percent, and the standard deviation over several seeds.

    Example:

    >>> percent_words([0.5]), percent_words([0.25, 0.75]), percent_words([])
    ('50.0', '50.0 ± 35.4', None)

    Args:
        shares: Of each seed, in [0, 1], or their differences.
        signed: Whether to write a plus, too.

    Returns:
        The mean, of more than one ± the standard deviation (n - 1); `None` if
        there is none.
    """
    shares = list(shares)
    if not shares:
        return None
    words = f"{100 * np.mean(shares):{'+' if signed else ''}.1f}"
    if len(shares) > 1:
        words += f" ± {100 * np.std(shares, ddof=1):.1f}"
    return words
