"""The tables and figures of texture recognition."""

import numpy as np
import pytest
from drawn_figures import DrawnFigures

from keras_padpos.report.content import figure_words
from keras_padpos.studies.texture_figures import draw_texture_figures
from keras_padpos.studies.texture_report import texture_tables

REASON = "weights are not finite: training has diverged"


def scored(mode="zeros", seed=0, accuracy=0.5, **more):
    row = {
        "backbone": "vgg16",
        "weights": "bundled",
        "padding_mode": mode,
        "train": "frozen",
        "seed": seed,
        "layer": None,
        "train_set": "pictures/train",
        "test_set": "pictures/test",
        "classes": 4,
        "accuracy": accuracy,
        "accuracy_ci95": [accuracy - 0.1, accuracy + 0.1],
        "class_accuracy": accuracy / 2,
        "train_images": 96,
        "test_images": 20,
        "epochs": 9,
        "steps": 4,
        **more,
    }
    about = (row["backbone"], row["train"], mode, str(seed))
    return {"arrays": "-".join(about), **row}


def lost(mode="zeros", seed=0, **more):
    """What a network leaves that has diverged."""
    row = scored(mode, seed, reason=REASON, **more)
    for name in ("accuracy", "accuracy_ci95", "class_accuracy"):
        del row[name]
    return row


def lines_of(rows):
    (table,) = texture_tables(rows)
    return table["rows"]


def test_seeds_are_averaged_and_networks_kept_apart():
    zeros, none, scratch = lines_of(
        [
            scored("zeros", 0, 0.5),
            scored("none", 0, 0.3),
            scored("zeros", 0, 0.9, train="scratch"),
            scored("zeros", 1, 0.7),
        ]
    )
    # (50 + 70) / 2, and half their difference times the root of 2.
    assert zeros["accuracy"] == "60.0 ± 14.1"
    assert zeros["class_accuracy"] == "30.0 ± 7.1"
    assert (zeros["seeds"], zeros["interval"]) == (2, None)
    assert (none["accuracy"], none["interval"]) == ("30.0", "20.0 to 40.0")
    assert (none["seeds"], none["chance"]) == (1, "25.0")
    assert scratch["accuracy"] == "90.0"


def test_steps_are_told_that_training_made():
    (table,) = texture_tables([scored()])
    assert "steps" in table["columns"] and "epochs" not in table["columns"]
    assert table["rows"][0]["steps"] == 4


def test_what_has_diverged_is_said_and_left_out():
    (table,) = texture_tables(
        [
            lost("zeros", 0),
            scored("zeros", 1, 0.7),
            lost("none", 0),
            lost("none", 1),
        ]
    )
    zeros, none = table["rows"]
    assert (zeros["seeds"], zeros["accuracy"]) == ("1 of 2", "70.0")
    assert zeros["interval"] == "60.0 to 80.0"
    assert (none["seeds"], none["accuracy"]) == ("0 of 2", None)
    assert (none["interval"], none["class_accuracy"]) == (None, None)
    assert none["chance"] == "25.0"
    for mode, seed in (("zeros", 0), ("none", 0), ("none", 1)):
        assert (
            f"vgg16, bundled, frozen, {mode}, pictures/test, seed {seed}: "
            f"{REASON}"
        ) in table["notes"]


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    def draw(rows, confusions=None):
        arrays = {}
        for row in rows:
            label = row["arrays"]
            arrays[f"{label}/step"] = np.array([2, 4])
            arrays[f"{label}/accuracy"] = np.array([0.1, 0.5 + row["seed"] / 4])
            arrays[f"{label}/confusion"] = np.eye(4, dtype=int)
        figures = DrawnFigures(tmp_path, monkeypatch)
        draw_texture_figures(figures, rows, {**arrays, **(confusions or {})})
        for name in figures.found:
            words = figure_words("texture", name)
            assert not words.startswith("Figure of")
        return figures

    return draw


def test_learning_is_drawn_for_each_way_of_training(drawn):
    figures = drawn(
        [
            scored("zeros", 0),
            scored("zeros", 1),
            scored("none", 0),
            lost("none", 1),
            lost("reflect"),
            scored("zeros", 0, train="scratch"),
        ]
    )
    assert set(figures.found) == {
        f"{what}_vgg16-bundled-{train}"
        for what in ("learning", "confusion")
        for train in ("frozen", "scratch")
    }
    # Half of 0.5 and 0.75, the two seeds.
    assert figures.lines("learning_vgg16-bundled-frozen") == {
        "zeros": [[2, 0.1], [4, 0.625]],
        "none": [[2, 0.1], [4, 0.5]],
    }
    assert figures.legend("learning_vgg16-bundled-frozen") == ["zeros", "none"]
    title = figures.found["learning_vgg16-bundled-frozen"].get_suptitle()
    assert title == "vgg16 (bundled), frozen, pictures/test"


def test_confusions_are_shares_of_all_seeds_together(drawn):
    one = np.array([[3, 1, 0], [0, 0, 0], [2, 0, 2]])
    two = np.array([[0, 4, 0], [0, 0, 0], [2, 0, 2]])
    figures = drawn(
        [scored("zeros", 0), scored("zeros", 1), scored("none", 0)],
        {
            "vgg16-frozen-zeros-0/confusion": one,
            "vgg16-frozen-zeros-1/confusion": two,
            "vgg16-frozen-none-0/confusion": two,
        },
    )
    panels = figures.panels("confusion_vgg16-bundled-frozen")
    shown = {
        mode: panels[mode].images[0].get_array() for mode in ("zeros", "none")
    }
    assert shown["zeros"][[0, 2]].tolist() == [
        [3 / 8, 5 / 8, 0],
        [0.5, 0, 0.5],
    ]
    assert shown["none"][0].tolist() == [0, 1, 0]
    # There is no picture of the second class, which is not to be never right.
    assert np.ma.getmaskarray(shown["zeros"])[1].all()
    for axis in (panels["zeros"], panels["none"]):
        assert axis.images[0].get_clim() == (0, 1)


@pytest.mark.parametrize("count", [3, 20, 21])
def test_few_classes_have_their_names(drawn, count):
    names = [f"{number}{'-long' * number}" for number in range(count)]
    confusions = {
        f"vgg16-frozen-{mode}-0/confusion": np.eye(count, dtype=int)
        for mode in ("zeros", "none")
    }
    figures = drawn(
        [scored(mode, class_names=names) for mode in ("zeros", "none")],
        confusions,
    )
    panels = figures.panels("confusion_vgg16-bundled-frozen")
    for mode in ("zeros", "none"):
        for labels in (
            panels[mode].get_xticklabels(),
            panels[mode].get_yticklabels(),
        ):
            words = [label.get_text() for label in labels]
            if count > 20:
                assert not any("long" in word for word in words)
                continue
            assert len(set(words)) == len(words) == count
            assert words[:3] == names[:3]
            assert max(map(len, words)) <= 18


@pytest.mark.parametrize("about", [{}, {"class_names": None}])
def test_classes_without_names_have_numbers(drawn, about):
    panels = drawn([scored(**about)]).panels("confusion_vgg16-bundled-frozen")
    labels = panels["zeros"].get_xticklabels()
    assert {"0", "3"} <= {label.get_text() for label in labels}


def test_networks_of_one_name_have_figures_of_their_own(drawn):
    paths = ("one/net.keras", "two/net.keras", "one-net.keras")
    rows = [scored(backbone=path, weights="file") for path in paths]
    figures = drawn(rows)
    titles = {figure.get_suptitle() for figure in figures.found.values()}
    assert len(figures.found) == 6
    assert titles == {f"{path} (file), frozen, pictures/test" for path in paths}


def test_where_all_have_diverged_nothing_is_drawn(drawn):
    assert drawn([lost(), lost("none")]).found == {}
