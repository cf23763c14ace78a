import pytest

from keras_padpos.published import load_table
from keras_padpos.studies.fconv_tests import STUDY


def red_green(accuracy, **changed):
    return {
        "test": "red_green",
        "splits": "released",
        "convolution": "same",
        "padding_mode": "circular",
        "test_set": "similar",
        "seed": 0,
        "accuracy": accuracy,
        **changed,
    }


def quadrants(accuracy, **changed):
    return {
        "test": "four_quadrants",
        "backbone": "resnet18",
        "weights": "random",
        "train": "frozen",
        "padding_mode": "zeros",
        "splits": "released",
        "border": 64,
        "seed": 0,
        "accuracy": accuracy,
        "difference": 1.0,
        **changed,
    }


def lines(rows):
    """The lines of the only table."""
    (table,) = STUDY.lay_out(rows)
    return table["rows"]


def test_seeds_go_together_and_nothing_else_does():
    rows = [
        red_green(0.70),
        red_green(0.50, test_set="dissimilar"),
        red_green(0.74, seed=1),
        quadrants(1.0),
    ]
    first, second = STUDY.lay_out(rows)[0]["rows"]
    assert (first["seeds"], second["seeds"]) == (2, 1)
    assert (first["accuracy"], second["accuracy"]) == ("72.0 ± 2.8", "50.0")
    assert (first["paper"], first["fits"]) == ("73.7 ± 1.0", True)
    assert (second["paper"], second["fits"]) == ("73.7 ± 1.0", False)
    assert (first["less_paper"], second["less_paper"]) == ("-1.7", "-23.7")
    # 2.83 by Student's t with one degree of freedom: 12.7 times 2, cut at 100.
    assert (first["accuracy_ci95"], second["accuracy_ci95"]) == (
        "[46.6, 97.4]",
        None,
    )


def test_a_seed_counts_once():
    rows = [red_green(0.7), red_green(0.9), red_green(0.8, seed=1)]
    (line,) = lines(rows)
    assert (line["seeds"], line["accuracy"]) == (2, "75.0 ± 7.1")


def test_nothing_is_better_than_all_or_worse_than_nothing():
    rows = [red_green(0.0), red_green(0.9, seed=1)]
    (line,) = lines(rows)
    assert line["accuracy_ci95"] == "[0.0, 100.0]"


@pytest.mark.parametrize(
    ("accuracy", "fits"),
    [(0.767, True), (0.7671, True), (0.768, False), (0.706, False)],
)
def test_three_points_are_within_three_points(accuracy, fits):
    (line,) = lines([red_green(accuracy)])
    assert line["fits"] is fits
    # Of one seed there is no interval.
    assert "accuracy_ci95" not in line


def test_what_the_paper_did_not_measure_has_no_number():
    rows = [
        red_green(0.7, splits="disjoint"),
        red_green(0.7, convolution="full"),
    ]
    for line in lines(rows):
        assert (line["paper"], line["fits"]) == (None, None)


def test_quadrants_find_their_network_and_border():
    rows = [
        quadrants(0.8),
        quadrants(0.8, seed=1, difference=2.5),
        quadrants(0.8, padding_mode="own"),
        quadrants(0.8, border=48),
        quadrants(0.8, weights="/some/where/mine.h5"),
    ]
    shown = lines(rows)
    assert [line["paper"] for line in shown] == ["80.0", "80.0", None, None]
    assert shown[0]["difference"] == 2.5
    assert shown[-1]["weights"] == "mine.h5"


def test_every_published_number_can_be_met():
    for name, make in (("red_green", red_green), ("four_quadrants", quadrants)):
        table = load_table(f"fconv2020_{name}").rows
        rows = [
            make(row["accuracy_percent"] / 100, **{k: row[k] for k in keys})
            for row in table
            for keys in [set(row) & set(make(0))]
        ]
        shown = lines(rows)
        assert len(shown) == len(table)
        assert all(line["fits"] for line in shown)
