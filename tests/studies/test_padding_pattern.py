"""The table of `padding_pattern`."""

import pytest
from example_pattern_run import example_run

from keras_padpos.studies.padding_pattern import STUDY


def rows_of(*changes):
    (row,), _ = example_run()
    row |= {"crop": 8, "activation": "after", "image_set": "photos"}
    return [{**row, **each} for each in changes]


def networks_of(*networks):
    names = ("backbone", "weights", "seed")
    rows = rows_of(*(dict(zip(names, each, strict=True)) for each in networks))
    tables = STUDY.lay_out(rows)
    return [table["title"].partition(":")[0] for table in tables]


def test_networks_are_told_apart():
    assert networks_of(
        ("vgg16", "random", 0),
        ("vgg16", "random", 1),
        ("vgg16", "bundled", 0),
        ("a/net.keras", "file", 0),
        ("b/net.keras", "file", 0),
    ) == [
        "vgg16 (random), seed 0",
        "vgg16 (random), seed 1",
        "vgg16 (HED)",
        "a/net.keras (file)",
        "b/net.keras (file)",
    ]


def test_seeds_of_a_trained_network_are_told_apart():
    # Several runs measured it on other crops.
    assert networks_of(("vgg16", "bundled", 0), ("vgg16", "bundled", 1)) == [
        "vgg16 (HED), seed 0",
        "vgg16 (HED), seed 1",
    ]


def test_the_conclusion_is_of_the_last_layer():
    rows = rows_of(
        {"layer": "first", "padding_mode": "zeros", "relative": 0.9},
        {"layer": "first", "padding_mode": "none", "relative": 0.0},
        {"layer": "last", "padding_mode": "zeros", "relative": 0.456},
        {"layer": "last", "padding_mode": "none", "relative": 0.0},
    )
    (line,) = STUDY.conclusion(rows)
    assert line.endswith(
        "at last the pattern is, in standard deviations of "
        "the features, 0.46 with zeros, 0 with none."
    )


def test_crops_have_tables_of_their_own():
    tables = STUDY.lay_out(rows_of({}, {"crop": 16}))
    assert ["8x8" in table["title"] for table in tables] == [True, False]


def test_rows_of_a_network_go_layer_by_layer():
    (table,) = STUDY.lay_out(
        rows_of(
            *(
                {"padding_mode": mode, "layer": layer}
                for mode in ("zeros", "reflect")
                for layer in ("one", "two")
            )
        )
    )
    assert [(row["layer"], row["padding_mode"]) for row in table["rows"]] == [
        ("one", "zeros"),
        ("one", "reflect"),
        ("two", "zeros"),
        ("two", "reflect"),
    ]


@pytest.mark.parametrize(
    ("ratio", "text"), [(100.0, "20.0"), (1e-7, "-70.0"), (0.0, "-inf")]
)
def test_numbers_have_three_digits_and_ratios_are_in_decibels(ratio, text):
    (table,) = STUDY.lay_out(
        rows_of(
            {
                "snr": ratio,
                "snr_ci95": [ratio, 1e3 * ratio],
                "mae": 0.00056789,
            }
        )
    )
    (line,) = table["rows"]
    assert line["snr"] == text
    assert line["snr_ci95"] == (
        f"{text} to {float(text) + 30:.1f}" if ratio else None
    )
    assert line["snr_unbiased"] is None
    assert (line["mae"], line["relative_ci95"]) == ("0.000568", "0.4 to 0.6")
