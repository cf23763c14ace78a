"""Rows of `padding_pattern`, network by network."""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from keras_padpos.runs.network_identity import network_identity
from keras_padpos.runs.unique_network_words import unique_network_words


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
