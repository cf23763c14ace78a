import re

import pytest
from finished_probe import probe_row
from finished_probe import rgb_row

from keras_padpos import published
from keras_padpos.report import paper_tables
from keras_padpos.report import tables_markdown
from keras_padpos.report.table import grouped

NUMBERS = ("1", "2a", "2b", "3", "4", "6")


def _tables(rows, **options):
    return dict(zip(NUMBERS, paper_tables(rows, **options), strict=True))


def _ours(table, target="horizontal", head="3x3", test_set="PASCAL-S"):
    """Our cells of one line, without those of networks that lack it."""
    lines = grouped(table["rows"], ["target", "head", "test_set"])
    (line,) = lines[target, head, test_set]
    return {
        name.removeprefix("ours: "): cell
        for name, cell in line.items()
        if name.startswith("ours: ") and cell is not None
    }


@pytest.fixture
def rows(measured):
    return measured(
        probe_row(0.8),
        probe_row(0.9, test_set="black"),
        probe_row(0.3, padding_mode="none"),
        probe_row(0.2, padding_mode="reflect"),
        probe_row(0.7, stages="5"),
        probe_row(0.6, kernel_size=1, target="horizontal_stripes"),
        rgb_row(0.1, head_padding=1),
        rgb_row(0.0),
        *(
            probe_row(0.9 + seed / 100, weights="random", seed=seed, mae=0.1)
            for seed in range(3)
        ),
    )


def test_every_published_number_is_there_once_a_test_set(rows):
    for number, table in _tables(rows).items():
        printed = published.probe_tables([number])[number].rows
        cells = [
            (name.removeprefix("paper: "), cell)
            for line in table["rows"]
            for name, cell in line.items()
            if name.startswith("paper: ")
        ]
        assert sorted(cells) == sorted(
            (row["model"], f"{row['spearman']:.3f} / {row['mae']:.3f}")
            for row in printed
        )


def test_ours_stand_where_the_same_was_measured(rows):
    tables = _tables(rows)
    table = tables["1"]
    assert _ours(table) == {
        "vgg16 (HED)": "0.800 / 0.250",
        "vgg16 (HED), reflect padding": "0.200 / 0.250",
        "vgg16 (random)": "0.910 ± 0.010 / 0.100 ± 0.000",
        "head only (RGB)": "0.000 / 0.250",
    }
    assert set(table["columns"]) >= {f"ours: {name}" for name in _ours(table)}
    assert _ours(table, test_set="black") == {"vgg16 (HED)": "0.900 / 0.250"}
    assert _ours(table, "vertical") == {}
    # Removed padding fills its own lines.
    removed = _ours(tables["4"], head="3x3, network without padding")
    assert removed == {"vgg16 (HED)": "0.300 / 0.250"}
    padded = _ours(tables["4"], head="3x3, pad 1")
    assert padded == {"head only (RGB)": "0.100 / 0.250"}
    # Heads and stages.
    stage = _ours(tables["3"], head="3x3, stage 5")
    assert stage == {"vgg16 (HED)": "0.700 / 0.250"}
    small = _ours(tables["2b"], "horizontal stripes", "1x1")
    assert small == {"vgg16 (HED)": "0.600 / 0.250"}
    # Table 3 has no PosENet, and nothing with more layers was measured.
    assert "ours: head only (RGB)" not in tables["3"]["columns"]
    assert _ours(tables["2a"], head="3x3 x 2") == {}


def test_the_notes_say_what_stands_for_what(rows, measured):
    tables = _tables(rows)
    notes = " ".join(tables["2b"]["notes"])
    for text in (
        "8 of photos/train",
        "for PASCAL-S stand 4 of photos/test",
        "in closed form (ridge 0.001)",
        "over seeds (3 seeds)",
        "double our MAE of stripes",
        ".723",
    ):
        assert text in notes
    # No stripes of ours stand in Table 4; the paper's range needs no note.
    assert "double" not in " ".join(tables["4"]["notes"])
    stripes = probe_row(target="horizontal_stripes")
    tables = _tables(measured(stripes, target_range="paper"))
    assert "double" not in " ".join(tables["1"]["notes"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"positions_per_image": 9}, "fitted on 9 of the 36 positions"),
        (
            {"solver": "adam", "ridge": None, "head_output": "sigmoid"},
            "fitted by adam, sigmoid output",
        ),
        ({"head_width": 64}, "hidden layers of 64 channels"),
    ],
)
def test_what_was_not_fitted_as_the_rest_has_a_footnote(
    measured, change, words
):
    rows = measured(probe_row(0.8), probe_row(target="gaussian", **change))
    table = _tables(rows)["1"]
    assert _ours(table) == {"vgg16 (HED)": "0.800 / 0.250"}
    assert _ours(table, "gaussian") == {"vgg16 (HED)": "0.500 / 0.250 [1]"}
    assert table["notes"][-1].startswith(f"[1] {words}")


def test_several_runs_and_sets_of_photographs(measured):
    rows = measured(probe_row(0.8)) + measured(
        probe_row(0.7, test_set="/far/away/other/test"),
        probe_row(0.6, weights="x/net.h5"),
        pictures=3,
    )
    table = _tables(rows)["1"]
    lines = grouped(table["rows"], ["target", "test_set"])
    names = ("ours_on", "ours: vgg16 (HED)", "ours: vgg16 (net.h5)")
    assert [
        tuple(line[name] for name in names)
        for line in lines["horizontal", "PASCAL-S"]
    ] == [
        ("photos/test", "0.800 / 0.250", "0.600 / 0.250"),
        ("other/test", "0.700 / 0.250", None),
    ]
    assert ("ours_on", "ours on") in table["columns"]


def test_seeds_of_several_runs_go_together_whatever_their_crops(measured):
    one, other = (
        measured(
            probe_row(0.8 + seed / 10, weights="random", seed=seed),
            pictures=seed,
        )
        for seed in range(2)
    )
    cells = _ours(_tables(one + other)["1"])
    assert cells == {"vgg16 (random)": "0.850 ± 0.071 / 0.250 ± 0.000"}


def test_markdown_has_intervals_and_each_note_once(rows):
    tables = _tables(rows, intervals=True)
    text = tables_markdown(tables.values(), repeat_notes=False)
    assert re.findall(r"^\*\*Table (\w+):", text, re.M) == list(NUMBERS)
    # Each table stands apart, as Markdown wants it.
    assert text.count("\n\n| target") == 6
    low, high = rows[0]["spearman_ci95"]
    assert f"0.800 [{low:.3f}, {high:.3f}] / 0.250" in text
    assert text.count("The paper's stripes lie in [-1, 1]") == 1
    assert text.count("SPC / MAE. Paper:") == 1
