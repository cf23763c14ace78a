"""What F-Conv's paper measured where we measured something."""

from collections.abc import Mapping
from typing import Any

FCONV_KEYS = {
    "red_green": ("splits", "convolution", "padding_mode", "test_set"),
    "four_quadrants": (
        "backbone",
        "weights",
        "train",
        "padding_mode",
        "splits",
        "border",
    ),
}
"""From each test to the fields that tell its cells apart, but for seeds."""


def fconv_counterpart(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Find Kayhan and van Gemert's number for a row of `fconv_tests`.

    Example:

    >>> found = fconv_counterpart({
    ...     "test": "red_green", "splits": "released", "convolution": "full",
    ...     "padding_mode": "zeros", "test_set": "similar"})
    >>> found["accuracy_percent"]
    89.7

    Args:
        row: A row as `fconv_tests` writes it. What Keras' networks pad with
            on their own is zeros.

    Returns:
        The published row, or `None` where the paper measured no such thing.
    """
    from keras_padpos import published

    test = row["test"]
    ours = {name: row[name] for name in FCONV_KEYS[test]}
    if ours["padding_mode"] == "own":
        ours["padding_mode"] = "zeros"
    for theirs in published.load_table(f"fconv2020_{test}").rows:
        if all(theirs[name] == value for name, value in ours.items()):
            return theirs
    return None
