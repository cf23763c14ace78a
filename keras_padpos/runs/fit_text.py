"""Words of a figure that have to fit."""

from typing import Any

from keras_padpos.runs.wrapped_words import wrapped_words

# Letters have widths of whole pixels: the same ones are up to so much wider
# at another resolution.
_MARGIN = 0.94
_LEAST = 6


def fit_text(text: Any, inches: float) -> float:
    r"""Break the lines of a text that is too wide, see `wrapped_words`.

    Example:

    >>> from matplotlib.figure import Figure
    >>> title = Figure().suptitle("one-long-name-of-a-network.keras")
    >>> _ = fit_text(title, 2)
    >>> title.get_text()
    'one-long-name-of-a-\nnetwork.keras'

    Args:
        text: Matplotlib's text, of a figure that Agg draws.
        inches: How wide it may be.

    Returns:
        By how many inches it has become higher; 0 if it fits as it is.
    """
    words = text.get_text()
    before = text.get_window_extent()
    most = inches * _MARGIN * text.figure.dpi
    width = max(map(len, words.split("\n")))
    extent = before
    while extent.width > most and width > _LEAST:
        # About as wide as asked for; a letter less if that is no change.
        width = max(min(width - 1, int(width * most / extent.width)), _LEAST)
        text.set_text(wrapped_words(words, width))
        extent = text.get_window_extent()
    return float(max(extent.height - before.height, 0) / text.figure.dpi)
