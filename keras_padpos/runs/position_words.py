"""Networks and heads as a person would name them."""

from collections.abc import Mapping
from typing import Any

from keras_padpos.runs.path_end import path_end


def network_words(
    row: Mapping[str, Any],
    *,
    backbone_parts: int = 1,
    weights_parts: int = 1,
    count: bool = False,
) -> str:
    """A network's name as a person would say it.

    Example:

    >>> network_words({"backbone": "vgg16", "weights": "bundled",
    ...                "padding_mode": "none", "seed": 0})
    'vgg16 (HED), no padding'

    Others may have the same name: see `unique_network_words`.

    Args:
        row: Holds `backbone`, `weights` and `padding_mode`, and may hold
            `seed` (no seed, or `None`, is not mentioned) and
            `calibration_images`, on which its BatchNorm was set.
        backbone_parts: How many parts of a file's path to tell, from its end.
        weights_parts: The same of weights out of a file.
        count: Whether to say on how many pictures BatchNorm was set.

    Returns:
        A few words.
    """
    if row["backbone"] == "rgb":
        return "head only (RGB)"
    weights = row["weights"]
    if weights == "random":
        if row.get("seed") is not None:
            weights += f", seed {row['seed']}"
        if row.get("calibration_images"):
            weights += ", calibrated"
            if count:
                weights += f" on {row['calibration_images']}"
    elif weights == "bundled":
        weights = "HED"
    else:
        weights = path_end(weights, weights_parts)
    mode = "no" if row["padding_mode"] == "none" else row["padding_mode"]
    backbone = path_end(row["backbone"], backbone_parts)
    return f"{backbone} ({weights}), {mode} padding"


def head_words(row: Mapping[str, Any]) -> str:
    """A head's shape, and the stages that it reads, in a few characters.

    Example:

    >>> head_words({"kernel_size": 3, "head_layers": 2, "head_padding": 1})
    '3x3 x 2, pad 1'
    >>> head_words({"kernel_size": 1, "head_layers": 1, "head_padding": 0,
    ...             "stages": "4,5"})
    '1x1, stages 4,5'

    Args:
        row: Holds `kernel_size`, `head_layers` and `head_padding`, and may
            hold `stages`. All stages, or none, are not mentioned.

    Returns:
        A few words.
    """
    words = f"{row['kernel_size']}x{row['kernel_size']}"
    if row["head_layers"] > 1:
        words += f" x {row['head_layers']}"
    if row["head_padding"]:
        words += f", pad {row['head_padding']}"
    stages = row.get("stages") or "all"
    if stages != "all":
        words += f", stage{'s' if ',' in stages else ''} {stages}"
    return words


def set_words(test_set: str) -> str:
    """A set of pictures by its name, without the folders that it lies in.

    Example:

    >>> set_words("/home/me/bsds500/test[:60]"), set_words("samples:test")
    ('bsds500/test[:60]', 'samples:test')
    >>> set_words("bsds500/train,bsds500/val")
    'bsds500/train,bsds500/val'

    Args:
        test_set: What `--train_images` or `--test_images` says; several with
            commas between them.

    Returns:
        The last two parts of a path.
    """
    return ",".join(path_end(part, 2) for part in test_set.split(","))
