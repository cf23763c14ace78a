"""The tables and figures of location-dependent tasks."""

import numpy as np
import pytest

from keras_padpos.runs.location_figures import draw_location_figures
from keras_padpos.runs.location_report import location_table
from keras_padpos.runs.location_report import unit_table

ABOUT = {
    "model": "vgg5",
    "task": "both",
    "canvas": "black",
    "grid": 3,
    "channels": "ordered",
    "train_images": 96,
    "test_images": 12,
    "steps": 4,
}


def scored(mode, seed, low, high, head="class", **more):
    per_cell = np.full((3, 3), low)
    per_cell[1, 1] = high
    return {
        **ABOUT,
        "padding_mode": mode,
        "seed": seed,
        "head": head,
        "accuracy": per_cell.mean(),
        "chance": 0.1,
        "per_cell": per_cell.tolist(),
        "by_border_distance": [low, high],
        "arrays": f"{mode}-{seed}",
        **more,
    }


def units(mode, seed, aware, **layers):
    return {
        **ABOUT,
        "padding_mode": mode,
        "seed": seed,
        "head": "latent",
        "units": 10,
        "neurons_location": 4 + seed,
        "neurons_class": 3,
        "neurons_residual": 3 - seed,
        "score_location": 0.5,
        "score_class": 0.25,
        "position_units": {
            "first": {"units": 30, "aware": aware, "by_side": {}},
            "tiny": {"units": 99, "aware": None, "by_side": None},
        },
        "arrays": f"{mode}-{seed}",
    }


@pytest.fixture
def rows():
    return [
        scored("zeros", 0, 0.2, 0.5),
        units("zeros", 0, 3),
        scored("none", 0, 0.1, 0.3),
        units("none", 0, 0),
        scored("zeros", 1, 0.4, 0.7),
        units("zeros", 1, 9),
    ]


def test_seeds_are_averaged_and_modes_kept_apart(rows):
    zeros, none = location_table(rows)["rows"]
    assert (zeros["padding_mode"], zeros["seeds"]) == ("zeros", 2)
    # (8 * 20 + 50) / 9 and (8 * 40 + 70) / 9: 23.33 and 43.33.
    assert zeros["score"] == "33.3 ± 14.1"
    assert (zeros["border"], zeros["centre"]) == ("30.0", "60.0")
    assert (none["seeds"], none["score"]) == (1, "12.2")
    assert none["chance"] == "10.0"
    assert none["steps"] == 4


def test_layers_without_an_interior_do_not_count(rows):
    zeros, none = unit_table(rows)["rows"]
    assert zeros["aware"] == "20.0 ± 14.1"
    assert zeros["neurons_location"] == "4.5 ± 0.7"
    assert zeros["score_class"] == "0.250 ± 0.000"
    assert (none["aware"], none["canvases"]) == ("0.0", 12)


def test_what_has_diverged_is_said_and_left_out(rows):
    lost = {
        **ABOUT,
        "padding_mode": "none",
        "seed": 1,
        "head": "class",
        "arrays": "none-1",
        "reason": "weights are not finite",
    }
    table = location_table([*rows, lost])
    assert [line["seeds"] for line in table["rows"]] == [2, 1]
    assert "none-1 (class): weights are not finite" in table["notes"]
    (line,) = location_table([lost])["rows"]
    assert (line["seeds"], line["score"], line["border"]) == (0, "-", "-")


class Figures:
    """Stands in for a work directory."""

    def __init__(self, path):
        self.path = path

    def figure_path(self, name):
        return self.path / f"{name}.png"


def test_every_figure_is_drawn_and_what_diverged_is_left_out(rows, tmp_path):
    rows += [
        scored("zeros", 0, 0.2, 0.5, head="cell"),
        {**rows[0], "head": "cell", "seed": 1, "reason": "diverged"},
    ]
    curves = {
        f"{row['arrays']}/{name}": np.arange(3.0)
        for row in rows
        for name in ("step", "class_accuracy", "cell_accuracy")
    }
    draw_location_figures(Figures(tmp_path), rows, curves)
    assert {file.stem for file in tmp_path.iterdir()} == {
        f"{what}_vgg5_both_{head}_black_3_ordered"
        for what in ("cells", "distance", "learning")
        for head in ("class", "cell")
    }
