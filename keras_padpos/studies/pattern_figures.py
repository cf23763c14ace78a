"""The figures of a run of `padding_pattern`."""

import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.depth_figure import pattern_depth_figure
from keras_padpos.report.depth_figure import pattern_profile_figure
from keras_padpos.report.maps_figure import pattern_modes_figure
from keras_padpos.report.maps_figure import pattern_surface_figure
from keras_padpos.report.names import pattern_networks
from keras_padpos.runs.work_directory import WorkDirectory

_FEATURES = "features_"


def draw_pattern_figures(
    work: WorkDirectory,
    rows: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Draw all figures of a run.

    For each network, with its number before the name where there are several:

    * `figures/surface_LAYER.png`: mean features over 1, 10, 100 and all crops
      beside the pattern, as surfaces and as heat maps, of the first padding
      mode that adds cells;
    * `figures/modes.png`: the pattern of every mode at every layer;
    * `figures/profile.png`: the pattern against the distance to the border;
    * `figures/depth.png`: its size and signal-to-noise ratios against depth.

    Example:

    >>> import tempfile
    >>> row = {"backbone": "vgg16", "weights": "bundled", "seed": 0,
    ...        "padding_mode": "none", "layer": "conv", "images": 2,
    ...        "pictures": 2, "relative": 0.0, "snr": 0.0,
    ...        "snr_of_means": 0.0, "arrays": "net"}
    >>> arrays = {"net/pattern": np.zeros((4, 4)), "net/profile": np.zeros(2)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     work = WorkDirectory(f"{folder}/run", "padding_pattern", {})
    ...     draw_pattern_figures(work, [row], arrays)
    ...     sorted(file.name for file in (work.path / "figures").iterdir())
    ['depth.png', 'modes.png', 'profile.png']

    Args:
        work: The run's directory.
        rows: Rows of the run, which name their arrays.
        arrays: As `PatternMeasurement.arrays` gives them.
    """
    networks = pattern_networks(rows)
    for number, (name, mine) in enumerate(networks.items(), start=1):
        before = f"{number}_" if len(networks) > 1 else ""
        modes = list(dict.fromkeys(row["padding_mode"] for row in mine))
        layers = list(dict.fromkeys(row["layer"] for row in mine))
        about = (
            f"{name}, {mine[0]['images']} crops of {mine[0]['pictures']} "
            "pictures"
        )
        found = {(row["padding_mode"], row["layer"]): row for row in mine}

        def of(what, found=found):
            return {
                key: arrays[f"{row['arrays']}/{what}"]
                for key, row in found.items()
            }

        adding = [mode for mode in modes if mode != "none"]
        for layer in layers if adding else []:
            row = found[adding[0], layer]
            pattern_surface_figure(
                work.figure_path(f"{before}surface_{_file_words(layer)}"),
                _features(arrays, row["arrays"]),
                _features(arrays, row["reference"]),
                arrays[f"{row['reference']}/place"],
                arrays[f"{row['arrays']}/pattern"],
                f"{about}\n{layer}, {adding[0]} padding: channel mean of "
                "features (colour: with padding; grey: around the crop), and "
                "the pattern",
            )
        pattern_modes_figure(
            work.figure_path(f"{before}modes"),
            of("pattern"),
            modes,
            layers,
            f"Pattern of padding: channel mean of |E[D]|\n{about}",
        )
        pattern_profile_figure(
            work.figure_path(f"{before}profile"),
            of("profile"),
            modes,
            layers,
            f"Pattern against the distance to the border\n{about}",
        )
        pattern_depth_figure(
            work.figure_path(f"{before}depth"),
            found,
            modes,
            layers,
            f"Pattern against depth\n{about}",
        )


def _file_words(layer):
    """A layer's name as part of a file's."""
    return re.sub(r"[^\w.+=-]+", "-", layer, flags=re.ASCII)


def _features(arrays, key):
    """From a number of crops to the mean features over so many."""
    start = f"{key}/{_FEATURES}"
    found = {
        int(name.removeprefix(start)): array
        for name, array in arrays.items()
        if name.startswith(start)
    }
    return dict(sorted(found.items()))
