"""Networks, heads and picture sets: what identifies them, their labels."""

import functools
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from keras_padpos.report.style import MODE_LABELS

_Row = Mapping[str, Any]

NETWORK = ("backbone", "weights", "padding_mode", "calibration_images")
"""The fields that identify a network; random weights have a `seed` beside."""


def network_identity(row: _Row) -> tuple:
    """The values of `NETWORK`; a path is the same however it is spelt."""
    return (
        _normalized(row["backbone"]),
        _normalized(row["weights"]),
        row.get("padding_mode"),
        # Runs of earlier versions did not have them.
        row.get("calibration_images") or 0,
    )


@functools.lru_cache(maxsize=1024)
def _normalized(path: str) -> str:
    return PurePath(path).as_posix()


def distinct_parts(paths: Iterable[str]) -> int:
    """How many parts of paths, from their ends, tell them apart."""
    split = {PurePath(path).parts for path in paths}
    parts = 1
    while len({path[-parts:] for path in split}) < len(split):
        parts += 1
    return parts


def path_end(path: str | None, parts: int = 1) -> str:
    """The last parts of a path; a name that is none stays as it is."""
    return PurePath(*PurePath(path).parts[-parts:]).as_posix() if path else ""


def set_label(test_set: str) -> str:
    """Sets of pictures, by commas, each by the last two parts of its path."""
    return ",".join(path_end(part, 2) for part in test_set.split(","))


def head_label(row: _Row) -> str:
    """A head's shape, and the stages that it reads unless these are all."""
    label = f"{row['kernel_size']}x{row['kernel_size']}"
    if row["head_layers"] > 1:
        label += f" x {row['head_layers']}"
    if row["head_padding"]:
        label += f", pad {row['head_padding']}"
    stages = row.get("stages") or "all"
    if stages != "all":
        label += f", stage{'s' if ',' in stages else ''} {stages}"
    return label


def _network_label(row, alike=()):
    """A network's name, with as many folders as tell it from those alike."""
    if row["backbone"] == "rgb":
        return "head only (RGB)"
    weights, calibrated = row["weights"], row.get("calibration_images")
    if weights == "random":
        if row.get("seed") is not None:
            weights += f", seed {row['seed']}"
        if calibrated:
            weights += ", calibrated"
            counts = {other.get("calibration_images") or 0 for other in alike}
            if len(counts) > 1:
                weights += f" on {calibrated}"
    elif weights == "bundled":
        weights = "HED"
    else:
        parts = distinct_parts(other["weights"] for other in alike)
        weights = path_end(weights, parts)
    mode = row["padding_mode"]
    mode = MODE_LABELS.get(mode, f"{mode} padding")
    parts = distinct_parts(other["backbone"] for other in alike)
    return f"{path_end(row['backbone'], parts)} ({weights}), {mode}"


def network_labels(rows: Iterable[_Row]) -> dict[tuple, str]:
    """From each network's `network_identity` to a label, no two alike."""
    networks: dict[tuple, tuple[_Row, list[_Row]]] = {}
    # By what networks have in common that are easily taken for one another.
    alike: dict[str, list[_Row]] = {}
    for row in rows:
        identity = network_identity(row)
        if identity not in networks:
            bare = {**row, "seed": None, "padding_mode": "any"}
            networks[identity] = row, alike.setdefault(_network_label(bare), [])
            networks[identity][1].append(row)
    return {
        identity: _network_label(row, others)
        for identity, (row, others) in networks.items()
    }


def pattern_networks(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    """Group rows by network, whatever its padding, in the order of layers.

    From a network's name to its rows: all padding modes of the first layer,
    then of the next.
    """
    groups: dict[tuple, list[_Row]] = {}
    for row in rows:
        bare = {**row, "padding_mode": "any", "calibration_images": 0}
        key = network_identity(bare), row["seed"]
        groups.setdefault(key, []).append(row)
    labels = network_labels(
        {**group[0], "padding_mode": "any", "seed": None}
        for group in groups.values()
    )
    # Trained weights have several where several runs have other crops.
    seeds = Counter(identity for identity, _ in groups)
    named = {}
    for (identity, seed), group in groups.items():
        name = labels[identity].rpartition(", ")[0]
        if group[0]["weights"] == "random" or seeds[identity] > 1:
            name += f", seed {seed}"
        layers = list(dict.fromkeys(row["layer"] for row in group))
        named[name] = sorted(group, key=lambda row: layers.index(row["layer"]))
    return named
