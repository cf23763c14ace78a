"""The networks of several rows by names that tell them apart."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from keras_padpos.runs.distinct_parts import distinct_parts
from keras_padpos.runs.network_identity import network_identity
from keras_padpos.runs.position_words import network_words


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
