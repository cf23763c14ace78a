"""What `position_probe` shows of its results: tables and a figure."""

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from keras_padpos.runs.predicted_maps_figure import predicted_maps_figure
from keras_padpos.runs.table import print_table
from keras_padpos.runs.work_directory import WorkDirectory

_CONTROLS = ("black", "white", "noise")


def network_words(row: Mapping[str, Any]) -> str:
    """A network's name as a person would say it.

    Example:

    >>> network_words({"backbone": "vgg16", "weights": "bundled",
    ...                "padding_mode": "none", "seed": 0})
    'vgg16 (HED), no padding'

    Args:
        row: Holds `backbone`, `weights`, `padding_mode` and `seed`.

    Returns:
        A few words.
    """
    if row["backbone"] == "rgb":
        return "head only (RGB)"
    weights = row["weights"]
    if weights == "random":
        weights = f"random, seed {row['seed']}"
    elif weights == "bundled":
        weights = "HED"
    else:
        weights = PurePath(weights).name
    mode = "no" if row["padding_mode"] == "none" else row["padding_mode"]
    return f"{row['backbone']} ({weights}), {mode} padding"


def head_words(row: Mapping[str, Any]) -> str:
    """A head's shape in a few characters.

    Example:

    >>> head_words({"kernel_size": 3, "head_layers": 2, "head_padding": 1})
    '3x3 x 2, pad 1'

    Args:
        row: Holds `kernel_size`, `head_layers` and `head_padding`.

    Returns:
        A few words.
    """
    words = f"{row['kernel_size']}x{row['kernel_size']}"
    if row["head_layers"] > 1:
        words += f" x {row['head_layers']}"
    if row["head_padding"]:
        words += f", pad {row['head_padding']}"
    return words


def draw_position_maps(
    work: WorkDirectory,
    rows: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Draw the median predicted maps into `figures/predicted_maps.png`.

    Args:
        work: The run's directory.
        rows: Rows of the run; those of the first test set and the first head
            are drawn. Each names its arrays in `arrays`.
        arrays: Under each row's `arrays` name: `.../median_map` and
            `.../target`.
    """
    first = rows[0]
    drawn = [
        row
        for row in rows
        if row["test_set"] == first["test_set"]
        and head_words(row) == head_words(first)
    ]
    columns = list(dict.fromkeys(row["target"] for row in drawn))
    maps = {
        "target": [
            arrays[f"{row['arrays']}/target"] for row in drawn[: len(columns)]
        ]
    }
    captions = {"target": [""] * len(columns)}
    for row in drawn:
        name = "\n".join(network_words(row).rsplit(", ", 1))
        maps.setdefault(name, []).append(arrays[f"{row['arrays']}/median_map"])
        captions.setdefault(name, []).append(f"SPC {row['spearman']:.3f}")
    predicted_maps_figure(
        work.figure_path("predicted_maps"),
        maps,
        columns,
        captions,
        f"Position read out of features\nmedian over {first['images']} "
        f"pictures of {PurePath(first['test_set']).name}, "
        f"{head_words(first)} head, {first['solver']} solver",
    )


def print_position_report(work: WorkDirectory) -> None:
    """Print what a finished run measured, the papers' numbers beside it.

    Args:
        work: The run's directory.
    """
    from keras_padpos import published

    results = work.load_results()
    targets = results["config"]["targets"]
    rows = []
    for row in results["rows"]:
        row = {**row, "network": network_words(row), "head": head_words(row)}
        theirs = published.counterpart(row)
        if theirs:
            row["paper"] = (
                f"{theirs['spearman']:.3f} / {theirs['mae']:.3f} "
                f"({head_words(theirs)}, {theirs['table']})"
            )
        rows.append(row)
    rows.sort(key=lambda row: targets.index(row["target"]))
    for test_set in results["config"]["test_images"]:
        if test_set in _CONTROLS:
            continue
        mine = [row for row in rows if row["test_set"] == test_set]
        print_table(
            f"Position read-out on {test_set}: {mine[0]['images']} pictures, "
            f"{mine[0]['train_images']} to fit on, {mine[0]['solver']} solver",
            [
                "target",
                "network",
                "head",
                ("spearman", "SPC"),
                ("spearman_ci95", "95 % interval"),
                ("mae", "MAE"),
                ("chance_mae", "chance MAE"),
                ("paper", "paper: SPC / MAE"),
            ],
            mine,
        )
    _print_controls(rows)
    provenance = results["provenance"]
    for name, broken in provenance["skipped"].items():
        print(f"{name}: {len(broken)} unreadable pictures were left out:")
        for line in broken:
            print(f"  {line}")
    print(
        "SPC: Spearman correlation of predicted and true map, mean over "
        "pictures; a constant map scores 0.\n"
        "paper: Islam et al. (ICLR 2020), VGG16 with ImageNet weights, SGD, "
        "PASCAL-S; its stripes lie in [-1, 1], so their MAE is in other "
        "units.\n"
        f"{provenance['machine']['line']}; "
        f"{provenance['wall_seconds']:.0f} s; results in {work.path}"
    )


def _print_controls(rows):
    """One line a network, target and head; one column a control."""
    lines, counts = {}, {}
    for row in rows:
        if row["test_set"] in _CONTROLS:
            key = row["target"], row["network"], row["head"]
            line = lines.setdefault(
                key, dict(zip(("target", "network", "head"), key, strict=True))
            )
            line[row["test_set"]] = row["spearman"]
            counts[row["test_set"]] = row["images"]
    if lines:
        print_table(
            "SPC on pictures without content: "
            + ", ".join(f"{name} ({count})" for name, count in counts.items()),
            ["target", "network", "head", *counts],
            list(lines.values()),
        )
