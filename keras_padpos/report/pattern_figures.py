"""The figures of patterns that padding leaves."""

import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.depth_figure import formation_steps_figure
from keras_padpos.report.depth_figure import pattern_depth_figure
from keras_padpos.report.depth_figure import pattern_profile_figure
from keras_padpos.report.maps_figure import pattern_modes_figure
from keras_padpos.report.maps_figure import pattern_surface_figure
from keras_padpos.report.names import pattern_networks
from keras_padpos.report.table import grouped
from keras_padpos.report.table import values_of


def plot_patterns(
    work: Any,
    rows: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Plot all figures of a run of `padding_pattern`.

    For each network, with its number before the name where there are several:

    * `surface_LAYER`: mean features over 1, 10, 100 and all crops beside the
      pattern, as surfaces and as heat maps, of the first padding mode that
      adds cells;
    * `modes`: the pattern of every mode at every layer;
    * `profile`: the pattern against the distance to the border;
    * `depth`: its size and signal-to-noise ratios against depth.

    Args:
        work: The run's directory; its `figure_path` makes paths of names.
        rows: Rows of the run, which name their arrays.
        arrays: As `PatternMeasurement.arrays` gives them.
    """
    networks = pattern_networks(rows)
    for number, (name, group) in enumerate(networks.items(), start=1):
        before = f"{number}_" if len(networks) > 1 else ""
        modes = values_of(group, "padding_mode")
        layers = values_of(group, "layer")
        about = (
            f"{name}, {group[0]['images']} crops of {group[0]['pictures']} "
            "pictures"
        )
        lines = {(row["padding_mode"], row["layer"]): row for row in group}
        adding = [mode for mode in modes if mode != "none"]
        for layer in layers if adding else []:
            row = lines[adding[0], layer]
            file = re.sub(r"[^\w.+=-]+", "-", layer, flags=re.ASCII)
            pattern_surface_figure(
                work.figure_path(f"{before}surface_{file}"),
                _features(arrays, row["arrays"]),
                _features(arrays, row["reference"]),
                arrays[f"{row['reference']}/place"],
                arrays[f"{row['arrays']}/pattern"],
                f"{about}\n{layer}, {adding[0]} padding: channel mean of "
                "features (colour: with padding; grey: around the crop), and "
                "the pattern",
            )
        pattern, profile = (
            {
                key: arrays[f"{row['arrays']}/{kind}"]
                for key, row in lines.items()
            }
            for kind in ("pattern", "profile")
        )
        pattern_modes_figure(
            work.figure_path(f"{before}modes"),
            pattern,
            modes,
            layers,
            f"Pattern of padding: channel mean of |E[D]|\n{about}",
        )
        pattern_profile_figure(
            work.figure_path(f"{before}profile"),
            profile,
            modes,
            layers,
            f"Pattern against the distance to the border\n{about}",
        )
        pattern_depth_figure(
            work.figure_path(f"{before}depth"),
            lines,
            modes,
            layers,
            f"Pattern against depth\n{about}",
        )


def plot_formation(
    work: Any,
    rows: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Plot all figures of a run of `pattern_formation`.

    * `formation`: the patterns' size and signal-to-noise ratio against
      training steps, a panel a layer;
    * `first_patterns` and `last_patterns`: the pattern of every mode at every
      layer before and after training, mean over seeds.

    Args:
        work: The run's directory; its `figure_path` makes paths of names.
        rows: Rows of the run, which name their arrays.
        arrays: Maps under `ARRAYS/pattern`.
    """
    modes, layers = values_of(rows, "padding_mode"), values_of(rows, "layer")
    steps, seeds = values_of(rows, "step"), len(values_of(rows, "seed"))
    about = (
        f"{rows[0]['model']}, {seeds} seed{'s' if seeds > 1 else ''} a mode, "
        f"{rows[0]['images']} crops"
    )
    formation_steps_figure(
        work.figure_path("formation"),
        rows,
        modes,
        layers,
        "Pattern of padding while training: geometric mean and range over "
        f"seeds\n{about}",
    )
    for name, time, step in (
        ("first_patterns", "before training", min(steps)),
        ("last_patterns", f"after {max(steps)} steps", max(steps)),
    ):
        at_step = [row for row in rows if row["step"] == step]
        groups = grouped(at_step, ["padding_mode", "layer"])
        pattern_modes_figure(
            work.figure_path(name),
            {
                key: np.mean(
                    [arrays[f"{row['arrays']}/pattern"] for row in group],
                    axis=0,
                )
                for key, group in groups.items()
            },
            modes,
            layers,
            f"Pattern of padding {time}: channel mean of |E[D]|\n{about}",
        )


def _features(arrays, key):
    """From a number of crops to the mean features over so many."""
    start = f"{key}/features_"
    features = {
        int(name.removeprefix(start)): array
        for name, array in arrays.items()
        if name.startswith(start)
    }
    return dict(sorted(features.items()))
