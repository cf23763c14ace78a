"""What the papers measured where we measured something."""

from collections.abc import Mapping
from typing import Any

from keras_padpos.published._position_tables import CONTROLS
from keras_padpos.published.tables import load_table
from keras_padpos.published.tables import lookup

_MODELS = {"vgg16": "VGG16", "resnet152": "ResNet152", "rgb": "PosENet"}


def counterpart(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Find Islam et al.'s number for a row of `position_probe`.

    Photographs are set against the papers' PASCAL-S, and VGG16 with any
    trained weights against its VGG16 with ImageNet's. Where the papers have no
    head of the same size, their row with a 3x3 head serves; look at its
    `kernel_size` before you compare.

    Example:

    >>> found = counterpart({
    ...     "backbone": "vgg16", "weights": "imagenet", "padding_mode": "none",
    ...     "target": "horizontal", "stages": "all", "kernel_size": 1,
    ...     "head_layers": 1, "head_padding": 0, "test_set": "photographs",
    ... })
    >>> found["spearman"], found["kernel_size"], found["table"]
    (0.381, 3, 'Table 4')

    Args:
        row: A row as `position_probe` writes it.

    Returns:
        The published row, or `None` where the papers measured no such thing.
    """
    model = _MODELS.get(row["backbone"])
    if model is None or row["weights"] == "random":
        return None
    test_set = row["test_set"]
    criteria = {
        "reproduction": False,
        "model": model,
        "target": row["target"],
        "head_layers": row["head_layers"],
        "head_padding": row["head_padding"],
        "test_set": test_set if test_set in CONTROLS else "PASCAL-S",
    }
    if model != "PosENet":
        criteria["padding_mode"] = row["padding_mode"]
        criteria["stages"] = row["stages"]
    for kernel_size in (row["kernel_size"], 3):
        rows = lookup(**criteria, kernel_size=kernel_size)
        if rows:
            return {**rows[0], "table": load_table(rows[0]["table"]).table}
    return None
