"""The figures of a run of `pattern_formation`."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.depth_figure import formation_steps_figure
from keras_padpos.report.maps_figure import pattern_modes_figure
from keras_padpos.runs.work_directory import WorkDirectory


def draw_formation_figures(
    work: WorkDirectory,
    rows: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Draw all figures of a run.

    * `figures/formation.png`: the patterns' size and signal-to-noise ratio
      against training steps, a panel a layer;
    * `figures/first_patterns.png` and `figures/last_patterns.png`: the
      pattern of every mode at every layer before and after training, mean
      over seeds.

    Example:

    >>> import tempfile
    >>> rows = [
    ...     {"model": "vgg5", "padding_mode": "zeros", "seed": 0,
    ...      "step": step, "layer": "conv", "relative": 0.5, "images": 4,
    ...      "snr_of_means": 0.1, "arrays": str(step)} for step in (0, 9)
    ... ]
    >>> arrays = {"0/pattern": np.eye(3), "9/pattern": np.eye(3)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     work = WorkDirectory(f"{folder}/run", "pattern_formation", {})
    ...     draw_formation_figures(work, rows, arrays)
    ...     sorted(file.name for file in (work.path / "figures").iterdir())
    ['first_patterns.png', 'formation.png', 'last_patterns.png']

    Args:
        work: The run's directory.
        rows: Rows of the run, which name their arrays.
        arrays: Maps under `ARRAYS/pattern`.
    """
    modes = list(dict.fromkeys(row["padding_mode"] for row in rows))
    layers = list(dict.fromkeys(row["layer"] for row in rows))
    steps = sorted({row["step"] for row in rows})
    seeds = len({row["seed"] for row in rows})
    about = (
        f"{rows[0]['model']}, {seeds} seed{'s' if seeds > 1 else ''} a mode, "
        f"{rows[0]['images']} crops"
    )
    formation_steps_figure(
        work.figure_path("formation"),
        rows,
        modes,
        layers,
        f"Pattern of padding while training: geometric mean and range over "
        f"seeds\n{about}",
    )
    for name, words, step in (
        ("first_patterns", "before training", steps[0]),
        ("last_patterns", f"after {steps[-1]} steps", steps[-1]),
    ):
        maps = {
            (mode, layer): np.mean(
                [
                    arrays[f"{row['arrays']}/pattern"]
                    for row in rows
                    if (row["padding_mode"], row["layer"], row["step"])
                    == (mode, layer, step)
                ],
                axis=0,
            )
            for mode in modes
            for layer in layers
        }
        pattern_modes_figure(
            work.figure_path(name),
            maps,
            modes,
            layers,
            f"Pattern of padding {words}: channel mean of |E[D]|\n{about}",
        )
