"""The title of a figure."""

from typing import Any

from keras_padpos.runs.fit_text import fit_text


def figure_title(figure: Any, title: str, **options: Any) -> None:
    """Put a title above a figure, in as many lines as its width asks for.

    The figure becomes higher by what the title takes, so that its panels do
    not have to give way.

    Example:

    >>> from matplotlib.figure import Figure
    >>> figure = Figure(figsize=(2, 2))
    >>> figure_title(figure, "one-long-name-of-a-network.keras")
    >>> print(figure.get_suptitle())
    one-long-name-of-a-
    network.keras

    Args:
        figure: Matplotlib's, of a width that it keeps.
        title: One line or more.
        **options: Of Matplotlib's `suptitle`.
    """
    text = figure.suptitle(title, **options)
    higher = fit_text(text, figure.get_figwidth())
    figure.set_figheight(figure.get_figheight() + higher)
