"""Finished runs of `position_probe`, made by hand."""

import numpy as np

from keras_padpos.runs import WorkDirectory

PROVENANCE = {
    "skipped": {},
    "machine": {"line": "1 core"},
    "wall_seconds": 1.0,
}
GRID = 6


def probe_row(spearman=0.5, **changes):
    """A row of VGG16 (HED), read exactly by a 3x3 head; no arrays yet.

    `scores` gives the SPC of each picture; else four around `spearman`.
    """
    scores = changes.pop("scores", None)
    if scores is None:
        scores = spearman + np.array([-0.02, -0.01, 0.01, 0.02])
    row = {
        "backbone": "vgg16",
        "weights": "bundled",
        "padding_mode": "zeros",
        "seed": 0,
        "stages": "all",
        "target": "horizontal",
        "kernel_size": 3,
        "head_layers": 1,
        "head_padding": 0,
        "head_width": None,
        "head_output": "linear",
        "solver": "exact",
        "ridge": 1e-3,
        "positions_per_image": GRID * GRID,
        "train_images": 8,
        "test_set": "photos/test",
        "mae": 0.25,
        "chance_mae": 0.25,
        **changes,
    }
    scores = np.array(scores, "float64")
    return {
        **row,
        "images": len(scores),
        "spearman": float(scores.mean()),
        "spearman_ci95": [float(scores.min()), float(scores.max())]
        if len(scores) > 1
        else None,
        "scores": scores,
    }


def rgb_row(spearman=0.0, **changes):
    bare = {"backbone": "rgb", "weights": "none", "padding_mode": "none"}
    return probe_row(spearman, **bare, **changes)


def finished_probe(path, rows, pictures=0, **config):
    """Write the rows with their arrays; `pictures` tells test sets apart."""
    config = {"train_images": "photos/train", "target_range": "released"} | (
        config
    )
    work = WorkDirectory(path, "position_probe", config)
    saved, arrays = made_arrays(rows, pictures)
    work.save_arrays(arrays)
    work.write_results(saved, PROVENANCE)
    return work.path


def made_arrays(rows, pictures=0):
    """Rows that name arrays, and these."""
    saved, arrays = [], {}
    ramp = np.tile(np.linspace(0, 1, GRID), (GRID, 1))
    for number, row in enumerate(rows):
        row = dict(row)
        name = f"{number}"
        arrays[f"{name}/spearman"] = row.pop("scores")
        arrays[f"{name}/target"] = ramp
        arrays[f"{name}/median_map"] = ramp + 0.1
        arrays[f"{name}/examples"] = np.stack([ramp + 0.1, ramp - 0.3])
        arrays[f"pictures/{row['test_set']}"] = np.full(
            (4, 8, 8, 3), pictures, "uint8"
        )
        saved.append({**row, "arrays": name})
    return saved, arrays
