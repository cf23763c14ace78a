"""Networks and heads as a person would name them."""

import os
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from typing import NamedTuple

from keras_padpos.report.identity import network_identity


def distinct_parts(paths: Iterable[str]) -> int:
    """How many parts of paths, from their ends, tell them apart.

    Example:
        >>> distinct_parts(["one/net.h5", "two/net.h5", "vgg16"])
        2
        >>> distinct_parts(["one/net.h5", "one/other.h5"])
        1

    Args:
        paths: Paths, or plain names.

    Returns:
        At least 1.
    """
    split = {PurePath(path).parts for path in paths}
    parts = 1
    while len({path[-parts:] for path in split}) < len(split):
        parts += 1
    return parts


def path_end(path: str | None, parts: int = 1) -> str:
    """The last parts of a path; a name that is none stays as it is.

    Example:
        >>> path_end("a/one/net.h5", 2), path_end("vgg16", 2)
        ('one/net.h5', 'vgg16')

    Args:
        path: A path, a plain name, or nothing.
        parts: How many parts; `distinct_parts` counts.
    """
    return PurePath(*PurePath(path).parts[-parts:]).as_posix() if path else ""


class ProbedNetwork(NamedTuple):
    """What tells one network of a run from another.

    Example:

    >>> ProbedNetwork("vgg16", "weights/mine.h5", "reflect", 3).label
    'vgg16-mine.h5-reflect-seed3'

    Attributes:
        backbone: A name out of `models.backbone_names`, or the path of a
            `.keras` file.
        weights: See `models.backbone`.
        padding_mode: See `models.backbone`.
        seed: Of random weights and of trained heads.
    """

    backbone: str
    weights: str
    padding_mode: str
    seed: int

    @property
    def label(self) -> str:
        """What it is called in progress and checkpoints."""
        if self.backbone == "rgb":
            return "rgb"
        words = (self.backbone, self.weights, self.padding_mode)
        return f"{'-'.join(map(os.path.basename, words))}-seed{self.seed}"


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


def unique_network_words(
    rows: Iterable[Mapping[str, Any]],
) -> dict[tuple, str]:
    """Name each network, no two alike.

    Files of one name have as many of their folders before it as tell them
    apart, and calibrated networks the number of pictures, but only if there
    are others that would be called the same but for their padding or seed.

    Example:

    >>> rows = [
    ...     {"backbone": "vgg16", "weights": weights, "padding_mode": "zeros"}
    ...     for weights in ("one/net.h5", "two/net.h5", "one/other.h5")
    ... ]
    >>> for words in unique_network_words(rows).values():
    ...     print(words)
    vgg16 (one/net.h5), zeros padding
    vgg16 (two/net.h5), zeros padding
    vgg16 (other.h5), zeros padding

    Args:
        rows: Rows of `position_probe`, all that are shown together.

    Returns:
        From each network's `network_identity` to its words, in order of first
        appearance. A seed is mentioned if the network's first row has one;
        see `network_words`.
    """
    networks: dict[tuple, Mapping[str, Any]] = {}
    for row in rows:
        networks.setdefault(network_identity(row), row)
    alike: dict[str, list[Mapping[str, Any]]] = {}
    for row in networks.values():
        alike.setdefault(_in_short(row), []).append(row)
    details = {short: _details(same) for short, same in alike.items()}
    return {
        identity: network_words(row, **details[_in_short(row)])
        for identity, row in networks.items()
    }


def _in_short(row):
    """What networks have in common that are easily taken for one another."""
    return network_words({**row, "seed": None, "padding_mode": "any"})


def _details(rows):
    """What `network_words` has to tell for each to have its own."""
    counts = {row.get("calibration_images") or 0 for row in rows}
    return {
        "backbone_parts": distinct_parts(row["backbone"] for row in rows),
        "weights_parts": distinct_parts(row["weights"] for row in rows),
        "count": len(counts) > 1,
    }


def pattern_networks(
    rows: Iterable[Mapping[str, Any]],
) -> dict[str, list[Mapping[str, Any]]]:
    """Group rows by network, whatever its padding, in the order of layers.

    Example:

    >>> rows = [
    ...     {"backbone": "vgg16", "weights": "bundled", "seed": 0,
    ...      "padding_mode": mode, "layer": layer}
    ...     for mode in ("zeros", "reflect") for layer in ("one", "two")
    ... ]
    >>> (name, mine), = pattern_networks(rows).items()
    >>> name, [(row["layer"], row["padding_mode"]) for row in mine][:2]
    ('vgg16 (HED)', [('one', 'zeros'), ('one', 'reflect')])

    Args:
        rows: Rows of one run or more.

    Returns:
        From a network's name to its rows: all padding modes of the first
        layer, then of the next.
    """
    grouped: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in rows:
        bare = {**row, "padding_mode": "any", "calibration_images": 0}
        key = network_identity(bare), row["seed"]
        grouped.setdefault(key, []).append(row)
    words = unique_network_words(
        {**mine[0], "padding_mode": "any", "seed": None}
        for mine in grouped.values()
    )
    # Trained weights have several where several runs have other crops.
    seeds = Counter(identity for identity, _ in grouped)
    found = {}
    for (identity, seed), mine in grouped.items():
        name = words[identity].rpartition(", ")[0]
        if mine[0]["weights"] == "random" or seeds[identity] > 1:
            name += f", seed {seed}"
        layers = list(dict.fromkeys(row["layer"] for row in mine))
        found[name] = sorted(mine, key=lambda row: layers.index(row["layer"]))
    return found
