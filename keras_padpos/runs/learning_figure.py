"""A figure of learning curves."""

import os
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_padpos.runs.draw_seeds import draw_seeds
from keras_padpos.runs.lines_figure import lines_figure
from keras_padpos.runs.pattern_lines import mode_lines


def learning_figure(
    path: str | os.PathLike,
    title: str,
    labels: Mapping[str, Sequence[str]],
    arrays: Mapping[str, np.ndarray],
    *,
    metric: str = "accuracy",
    words: str = "accuracy while training",
) -> None:
    """Draw a metric against training steps, a line a padding mode.

    Example:

    >>> import tempfile
    >>> arrays = {"a/step": np.array([5, 9]), "a/accuracy": np.array([0.1, 1])}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     learning_figure(
    ...         f"{folder}/learning.png", "vgg5", {"zeros": ["a"]}, arrays
    ...     )
    ...     os.listdir(folder)
    ['learning.png']

    Args:
        path: PNG file to write.
        title: What stands above.
        labels: From each padding mode to where the curves of its seeds are,
            one or more.
        arrays: The curves: `LABEL/step`, and the metric under its name.
        metric: The metric's name.
        words: What the axis says of it.
    """
    with lines_figure(path, title) as axis:
        for mode, style in mode_lines(list(labels)).items():
            first = labels[mode][0]
            draw_seeds(
                axis,
                np.array([arrays[f"{each}/{metric}"] for each in labels[mode]]),
                arrays[f"{first}/step"],
                marker=".",
                **style,
            )
        axis.set_xlabel("training steps")
        axis.set_ylabel(words)
