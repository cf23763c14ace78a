"""The tables and figures of semantic heads."""

import numpy as np
import pytest

from keras_padpos.studies.semantic_head import STUDY

REASON = "weights are not finite: training has diverged"
BANDS = ("0-5 %", "5-10 %", "interior")
SCORES = ("mean_iou", "pixel_accuracy", "class_iou", "class_names")


def scored(mode="zeros", seed=0, whole=0.5, bands=(0.2, 0.3, 0.4), **more):
    """Rows of one network, as `semantic_head` writes them."""
    about = {
        "task": "segmentation",
        "backbone": "vgg5",
        "weights": "random",
        "stages": "all",
        "head": "fcn",
        "enlarge": "places",
        "padding_mode": mode,
        "seed": seed,
        "train_images": 96,
        "test_images": 20,
        "steps": 4,
        "arrays": f"{mode}-{seed}",
        **more,
    }
    scores = zip(("overall", *BANDS), (whole, *bands), strict=True)
    return [
        {
            **about,
            "band": band,
            "mean_iou": score,
            "pixel_accuracy": score and score / 2,
            "class_iou": score and [score, None],
            "class_names": ["sky", "road"],
        }
        for band, score in scores
    ]


def lost(mode="zeros", seed=0):
    """What a network leaves that has diverged."""
    row = {**scored(mode, seed)[0], "reason": REASON}
    return [{name: row[name] for name in row if name not in SCORES}]


@pytest.fixture
def rows():
    names = ("weights", "stages", "head", "enlarge", "arrays")
    baseline = {**dict.fromkeys(names), "backbone": "majority"}
    return [
        *scored(None, None, 0.1, (0.1, 0.1, 0.1), **baseline),
        *scored("zeros", 0, 0.5, (0.2, 0.3, 0.4)),
        *scored("none", 0, 0.3, (0.1, None, 0.5)),
        *scored("zeros", 1, 0.7, (0.4, 0.3, None)),
    ]


def lines_of(table):
    return {line["padding_mode"]: line for line in table["rows"]}


def test_seeds_are_averaged_and_networks_kept_apart(rows):
    table, _, bands = STUDY.lay_out(rows)
    lines = lines_of(table)
    # (50 + 70) / 2, and half their difference times the root of 2.
    expected = {"mean_iou": "60.0 ± 14.1", "pixel_accuracy": "30.0 ± 7.1"}
    assert {**expected, "seeds": 2}.items() <= lines["zeros"].items()
    expected = {"mean_iou": "30.0", "seeds": 1, "steps": 4}
    assert expected.items() <= lines["none"].items()
    assert "steps" in dict(table["columns"])
    # The baseline stands under no padding, and has no seeds.
    assert lines[None]["backbone"] == "majority"
    assert lines[None]["seeds"] is None
    expected = {"seeds": None, "interior": "10.0", "overall": "10.0"}
    assert expected.items() <= lines_of(bands)[None].items()


def test_bands_stand_from_the_border_inwards(rows):
    table = STUDY.lay_out(rows)[2]
    columns = [("overall", "all pixels"), *((band, band) for band in BANDS)]
    assert table["columns"][-4:] == columns
    lines = lines_of(table)
    # One seed has no interior.
    assert [lines["zeros"][name] for name, _ in columns] == [
        *("60.0 ± 14.1", "30.0 ± 14.1", "30.0 ± 0.0", "40.0")
    ]
    assert lines["none"]["5-10 %"] is None


def test_classes_have_a_line_and_networks_a_column(rows):
    table = STUDY.lay_out([*rows, *lost("reflect", 0)])[1]
    columns = ["class", "majority", "zeros", "none"]
    assert list(dict(table["columns"])) == columns
    # The second is neither in a mask nor in an answer.
    assert [[line[name] for name in columns] for line in table["rows"]] == [
        ["sky", "10.0", "60.0 ± 14.1", "30.0"],
        ["road", None, None, None],
    ]
    # Without names they have numbers.
    rows = [{**row, "class_names": None} for row in rows]
    table = STUDY.lay_out(rows)[1]
    assert [line["class"] for line in table["rows"]] == ["0", "1"]
    # Columns say what tells networks apart.
    table = STUDY.lay_out([*rows, *scored("zeros", 0, head="fcn_skips")])[1]
    columns = list(dict(table["columns"]))
    assert columns[2:] == ["fcn zeros", "fcn none", "fcn_skips zeros"]


def test_what_has_diverged_is_said_and_left_out(rows):
    assert REASON not in " ".join(STUDY.lay_out(rows)[0]["notes"])
    rows += [*lost("none", 1), *lost("reflect", 0)]
    table, _, bands = STUDY.lay_out(rows)
    for each, name, score in (
        (table, "mean_iou", "30.0"),
        (bands, "0-5 %", "10.0"),
    ):
        lines = lines_of(each)
        modes = ("zeros", "none", "reflect")
        seeds = [lines[mode]["seeds"] for mode in modes]
        assert seeds == [2, "1 of 2", "0 of 1"]
        assert lines["none"][name] == score
        assert lines["reflect"][name] is None
        assert any(REASON in note for note in each["notes"])


def test_invariance_is_told_where_it_was_measured(rows):
    assert "disR" not in str(STUDY.lay_out(rows)[0]["columns"])
    for row in rows:
        if row["band"] == "overall" and row["seed"] is not None:
            row["disagreement"] = 0.25 + row["seed"] / 2
            row |= {"mean_entropy": 0.5, "invariance_images": 3}
    table = STUDY.lay_out(rows)[0]
    columns = str(table["columns"])
    assert "disR" in columns and "meanE" in columns
    lines = lines_of(table)
    assert lines["zeros"]["disagreement"] == "50.0 ± 35.4"
    assert lines["none"]["mean_entropy"] == "0.500"
    assert any("pictures: 3" in note for note in table["notes"])


@pytest.fixture
def plot(drawn):
    shape = (1, 4, 6)
    arrays = {
        "masks/pictures": np.full((*shape, 3), 99, "uint8"),
        "masks/truth": np.full(shape, 255, "uint8"),
    }

    def plot(rows):
        figures = drawn(
            STUDY,
            rows,
            arrays,
            loss=lambda row: [3, 1 + (row["seed"] or 0)],
            answers=lambda row: np.full(shape, row["seed"] or 0, "uint8"),
        )
        return {name.partition("_")[0]: name for name in figures.found}, figures

    return plot


def test_figures_show_means_over_seeds_and_baselines(rows, plot):
    names, figures = plot([*rows, *lost("none", 1), *lost("reflect")])
    assert set(names) == {"bands", "learning", "examples"}
    bands = figures.lines(names["bands"])
    assert list(bands) == ["zeros", "no padding", "majority"]
    assert bands["zeros"][:2] == [[0, 30], [1, 30]]
    assert np.isnan(bands["no padding"][1][1]) and bands["no padding"][2] == [
        2,
        50,
    ]
    assert bands["majority"] == [[0, 10], [1, 10], [2, 10]]
    for axis in (axes := figures.found[names["bands"]].axes):
        ticks = [text.get_text() for text in axis.get_xticklabels()]
        assert ticks == list(BANDS)
    # Seed by seed: the first one of none has a counterpart with zeros.
    _, less = axes[1].get_lines()
    assert (less.get_label(), len(axes)) == ("no padding", 2)
    # Of the first seed: 10 less 20, nothing less 30, 50 less 40.
    np.testing.assert_allclose(less.get_ydata(), [-10, np.nan, 10])
    assert figures.lines(names["learning"]) == {
        "zeros": [[2, 3], [4, 1.5]],
        "no padding": [[2, 3], [4, 1]],
    }


def test_answers_stand_beside_pictures_and_masks(rows, plot):
    names, figures = plot(rows)
    panels = figures.panels(names["examples"])
    assert list(panels) == ["picture", "mask", "zeros", "no padding"]
    # What belongs to no class is blank.
    assert np.ma.getmaskarray(panels["mask"].images[0].get_array()).all()
    assert (panels["zeros"].images[0].get_array() == 0).all()


def test_every_head_has_figures_of_its_own(rows, plot):
    _, figures = plot([*rows, *scored(head="fcn_skips", arrays="skips")])
    assert len(figures.found) == 6
