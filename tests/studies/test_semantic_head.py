"""The tables and figures of semantic heads."""

import numpy as np
import pytest
from drawn_figures import DrawnFigures

from keras_padpos.studies.semantic_head import STUDY

REASON = "weights are not finite: training has diverged"
BANDS = ("0-5 %", "5-10 %", "interior")


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
    row = scored(mode, seed)[0] | {"reason": REASON}
    for name in ("mean_iou", "pixel_accuracy", "class_iou", "class_names"):
        del row[name]
    return [row]


def baseline(name, whole, bands):
    nothing = dict.fromkeys(("weights", "stages", "head", "enlarge", "arrays"))
    return scored(None, None, whole, bands, backbone=name, **nothing)


@pytest.fixture
def rows():
    return [
        *baseline("majority", 0.1, (0.1, 0.1, 0.1)),
        *scored("zeros", 0, 0.5, (0.2, 0.3, 0.4)),
        *scored("none", 0, 0.3, (0.1, None, 0.5)),
        *scored("zeros", 1, 0.7, (0.4, 0.3, None)),
    ]


def overall(rows):
    return STUDY.lay_out(rows)[0]


def by_class(rows):
    return STUDY.lay_out(rows)[1]


def by_band(rows):
    return STUDY.lay_out(rows)[2]


def modes_of(table):
    return {line["padding_mode"]: line for line in table["rows"]}


def test_seeds_are_averaged_and_networks_kept_apart(rows):
    table = overall(rows)
    lines = modes_of(table)
    # (50 + 70) / 2, and half their difference times the root of 2.
    assert lines["zeros"]["mean_iou"] == "60.0 ± 14.1"
    assert lines["zeros"]["pixel_accuracy"] == "30.0 ± 7.1"
    assert lines["none"]["mean_iou"] == "30.0"
    assert [str(lines[mode]["seeds"]) for mode in ("zeros", "none")] == [
        "2",
        "1",
    ]
    assert lines["none"]["steps"] == 4
    assert "steps" in dict(table["columns"])


def test_baselines_have_scores_and_no_seeds(rows):
    for table in (overall(rows), by_band(rows)):
        (line,) = [
            line for line in table["rows"] if line["backbone"] == "majority"
        ]
        assert line["seeds"] is None
    assert line["interior"] == line["overall"] == "10.0"


def test_bands_stand_from_the_border_inwards(rows):
    table = by_band(rows)
    assert table["columns"][-4:] == [
        ("overall", "all pixels"),
        *((band, band) for band in BANDS),
    ]
    lines = modes_of(table)
    assert lines["zeros"]["0-5 %"] == "30.0 ± 14.1"
    assert lines["zeros"]["5-10 %"] == "30.0 ± 0.0"
    assert lines["zeros"]["overall"] == "60.0 ± 14.1"
    # One seed has no such pixels, and one network has none at all.
    assert lines["zeros"]["interior"] == "40.0"
    assert lines["none"]["5-10 %"] is None


def test_classes_have_a_line_and_networks_a_column(rows):
    table = by_class([*rows, *lost("reflect", 0)])
    assert list(dict(table["columns"])) == [
        "class",
        "majority",
        "zeros",
        "none",
    ]
    sky, road = table["rows"]
    assert sky == {
        "class": "sky",
        "majority": "10.0",
        "zeros": "60.0 ± 14.1",
        "none": "30.0",
    }
    # Neither in a mask nor in an answer.
    assert set(road.values()) == {"road", None}


def test_columns_of_classes_say_what_tells_networks_apart(rows):
    other = scored("zeros", 0, head="fcn_skips")
    columns = dict(by_class([*rows, *other])["columns"])
    assert list(columns)[2:] == [
        "fcn zeros",
        "fcn none",
        "fcn_skips zeros",
    ]


def test_classes_without_names_have_numbers(rows):
    rows = [{**row, "class_names": None} for row in rows]
    assert [line["class"] for line in by_class(rows)["rows"]] == ["0", "1"]


def test_what_has_diverged_is_said_and_left_out(rows):
    rows += [*lost("none", 1), *lost("reflect", 0)]
    for table in (overall(rows), by_band(rows)):
        lines = modes_of(table)
        assert [
            str(lines[mode]["seeds"]) for mode in ("zeros", "none", "reflect")
        ] == ["2", "1 of 2", "0 of 1"]
    assert lines["none"]["0-5 %"] == "10.0"
    assert lines["reflect"]["overall"] is None
    table = overall(rows)
    assert modes_of(table)["none"]["mean_iou"] == "30.0"
    assert modes_of(table)["reflect"]["mean_iou"] is None
    assert any(REASON in note for note in table["notes"])
    assert not any(REASON in note for note in overall(rows[:12])["notes"])


def test_invariance_is_told_where_it_was_measured(rows):
    def words(table):
        return " ".join(map(str, table["columns"]))

    assert "disR" not in words(overall(rows))
    for row in rows:
        if row["band"] == "overall" and row["seed"] is not None:
            row |= {
                "disagreement": 0.25 + row["seed"] / 2,
                "mean_entropy": 0.5,
                "invariance_images": 3,
            }
    table = overall(rows)
    assert "disR" in words(table) and "meanE" in words(table)
    lines = modes_of(table)
    assert lines["zeros"]["disagreement"] == "50.0 ± 35.4"
    assert lines["none"]["mean_entropy"] == "0.500"
    assert any("pictures: 3" in note for note in table["notes"])


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    def draw(rows):
        shape = (1, 4, 6)
        arrays = {
            "masks/pictures": np.full((*shape, 3), 99, "uint8"),
            "masks/truth": np.full(shape, 255, "uint8"),
        }
        for row in rows:
            if row["seed"] is not None:
                label, seed = row["arrays"], row["seed"]
                arrays[f"{label}/step"] = np.array([2, 4])
                arrays[f"{label}/loss"] = np.array([3.0, 1 + seed])
                arrays[f"{label}/answers"] = np.full(shape, seed, "uint8")
        figures = DrawnFigures(tmp_path, monkeypatch)
        STUDY.figures(figures, rows, arrays)
        return {name.partition("_")[0]: name for name in figures.found}, figures

    return draw


def test_figures_show_means_over_seeds_and_baselines(rows, drawn):
    names, figures = drawn([*rows, *lost("none", 1), *lost("reflect")])
    assert set(names) == {"bands", "learning", "examples"}
    bands = figures.lines(names["bands"])
    assert list(bands) == ["zeros", "none", "majority"]
    assert bands["zeros"][:2] == [[0, 30], [1, 30]]
    assert np.isnan(bands["none"][1][1]) and bands["none"][2] == [2, 50]
    assert bands["majority"] == [[0, 10], [1, 10], [2, 10]]
    (axis,) = figures.found[names["bands"]].axes
    assert [text.get_text() for text in axis.get_xticklabels()] == list(BANDS)
    assert figures.lines(names["learning"]) == {
        "zeros": [[2, 3], [4, 1.5]],
        "none": [[2, 3], [4, 1]],
    }


def test_answers_stand_beside_pictures_and_masks(rows, drawn):
    names, figures = drawn(rows)
    panels = figures.panels(names["examples"])
    assert list(panels) == ["picture", "mask", "zeros", "none"]
    # What belongs to no class is blank.
    assert np.ma.getmaskarray(panels["mask"].images[0].get_array()).all()
    assert (panels["zeros"].images[0].get_array() == 0).all()


def test_every_head_has_figures_of_its_own(rows, drawn):
    more = scored("zeros", 0, head="fcn_skips")
    for row in more:
        row["arrays"] = "skips"
    _, figures = drawn([*rows, *more])
    assert len(figures.found) == 6
