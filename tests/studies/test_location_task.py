"""The tables and figures of location-dependent tasks."""

import numpy as np
import pytest

from keras_padpos.studies.location_task import STUDY


def row_of(mode, seed, head, **scores):
    return {
        "model": "vgg5",
        "task": "both",
        "canvas": "black",
        "grid": 3,
        "channels": "ordered",
        "train_images": 96,
        "test_images": 12,
        "steps": 4,
        "padding_mode": mode,
        "seed": seed,
        "head": head,
        "arrays": f"{mode}-{seed}",
        **scores,
    }


def scored(mode, seed, low, high, head="class"):
    per_cell = np.full((3, 3), low)
    per_cell[1, 1] = high
    return row_of(
        mode,
        seed,
        head,
        accuracy=per_cell.mean(),
        chance=0.1,
        per_cell=per_cell.tolist(),
        by_border_distance=[low, high],
    )


def units(mode, seed, aware):
    return row_of(
        mode,
        seed,
        "latent",
        units=10,
        neurons_location=4 + seed,
        neurons_class=3,
        neurons_residual=3 - seed,
        score_location=0.5,
        score_class=0.25,
        position_units={
            "first": {"units": 30, "aware": aware, "by_side": {}},
            "tiny": {"units": 99, "aware": None, "by_side": None},
        },
    )


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
    scores, of_units = STUDY.lay_out(rows)
    names = ("padding_mode", "seeds", "score", "border", "centre", "chance")
    # (8 * 20 + 50) / 9 and (8 * 40 + 70) / 9: 23.33 and 43.33.
    assert [[line[name] for name in names] for line in scores["rows"]] == [
        ["zeros", 2, "33.3 ± 14.1", "30.0", "60.0", "10.0"],
        ["none", 1, "12.2", "10.0", "30.0", "10.0"],
    ]
    assert scores["rows"][1]["steps"] == 4
    # Layers without an interior do not count.
    names = ("aware", "neurons_location", "score_class", "canvases")
    assert [[line[name] for name in names] for line in of_units["rows"]] == [
        ["20.0 ± 14.1", "4.5 ± 0.7", "0.250 ± 0.000", 12],
        ["0.0", "4.0", "0.250", 12],
    ]


@pytest.fixture
def plot(drawn):
    curves = {
        "class_accuracy": lambda row: [0, 0.5],
        "cell_accuracy": lambda row: [0, 1],
    }
    return lambda rows: drawn(STUDY, rows, **curves)


def test_every_figure_is_drawn_and_what_diverged_is_left_out(rows, plot):
    rows += [
        scored("zeros", 0, 0.2, 0.5, head="cell"),
        {**rows[0], "head": "cell", "seed": 1, "reason": "diverged"},
    ]
    figures = plot(rows)
    assert set(figures.found) == {
        f"{what}_vgg5_both_{head}_black_3_ordered"
        for what in ("cells", "distance", "learning")
        for head in ("class", "cell")
    }
    for head, last in (("class", 0.5), ("cell", 1)):
        name = f"learning_vgg5_both_{head}_black_3_ordered"
        assert figures.lines(name)["zeros"] == [[2, 0], [4, last]]
    assert figures.found[name].get_suptitle() == (
        "Accuracy while training\nvgg5, task both (head cell), black canvas, "
        "3 x 3 cells, ordered channels"
    )


def test_figures_show_means_over_seeds(rows, plot):
    figures = plot(rows)
    name = "vgg5_both_class_black_3_ordered"
    lines = figures.lines(f"distance_{name}")
    assert lines["zeros"] == [[0, 0.3], [1, 0.6]]
    assert lines["no padding"] == [[0, 0.1], [1, 0.3]]
    assert [y for _, y in lines["chance"]] == [0.1, 0.1]
    legend = figures.legend(f"distance_{name}")
    assert legend == ["zeros", "no padding", "chance"]
    # Two seeds have a band, one has none.
    axis = figures.found[f"distance_{name}"].axes[0]
    assert len(axis.collections) == 1
    panels = figures.panels(f"cells_{name}")
    zeros = np.full((3, 3), 0.3)
    zeros[1, 1] = 0.6
    assert np.allclose(panels["zeros"].images[0].get_array(), zeros)
    # One scale, of all that is shown.
    for mode in ("zeros", "no padding"):
        assert np.allclose(panels[mode].images[0].get_clim(), (0.1, 0.6))
