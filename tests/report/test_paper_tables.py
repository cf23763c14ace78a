import re

import pytest
from finished_probe import probe_row
from finished_probe import rgb_row

from keras_padpos import published
from keras_padpos.report import paper_tables
from keras_padpos.report import tables_markdown

NUMBERS = ("1", "2a", "2b", "3", "4", "6")


def _tables(rows):
    return dict(zip(NUMBERS, paper_tables(rows), strict=True))


def _markdown(rows):
    tables = paper_tables(rows, intervals=True)
    return tables_markdown(tables, repeat_notes=False)


def _line(table, **wanted):
    (line,) = [
        line
        for line in table["rows"]
        if all(line[name] == value for name, value in wanted.items())
    ]
    return line


@pytest.fixture
def work(measured):
    rows = [
        probe_row(0.8),
        probe_row(0.9, test_set="black"),
        probe_row(0.3, padding_mode="none"),
        probe_row(0.2, padding_mode="reflect"),
        probe_row(0.7, stages="5"),
        probe_row(0.6, kernel_size=1, target="horizontal_stripes"),
        rgb_row(0.1, head_padding=1),
        rgb_row(0.0),
    ]
    rows += [
        probe_row(0.9 + seed / 100, weights="random", seed=seed, mae=0.1)
        for seed in range(3)
    ]
    return measured(*rows)


def test_every_published_number_is_there_once_a_test_set(work):
    for number, table in _tables(work).items():
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


def test_ours_stand_where_the_same_was_measured(work):
    tables = _tables(work)
    assert set(tables["1"]["columns"]) >= {
        "ours: vgg16 (HED)",
        "ours: vgg16 (HED), reflect padding",
        "ours: vgg16 (random)",
        "ours: head only (RGB)",
    }
    line = _line(tables["1"], target="horizontal", test_set="PASCAL-S")
    assert line["paper: VGG16"] == "0.742 / 0.149"
    assert line["ours: vgg16 (HED)"] == "0.800 / 0.250"
    assert line["ours: vgg16 (HED), reflect padding"] == "0.200 / 0.250"
    assert line["ours: vgg16 (random)"] == "0.910 ± 0.010 / 0.100 ± 0.000"
    assert line["ours: head only (RGB)"] == "0.000 / 0.250"
    line = _line(tables["1"], target="horizontal", test_set="black")
    assert line["ours: vgg16 (HED)"] == "0.900 / 0.250"
    assert line["ours: vgg16 (random)"] is None
    line = _line(tables["1"], target="vertical", test_set="PASCAL-S")
    assert line["ours: vgg16 (HED)"] is None


def test_removed_padding_fills_its_own_lines(work):
    table = _tables(work)["4"]
    line = _line(
        table, target="horizontal", head="3x3, network without padding"
    )
    assert line["paper: VGG16"] == "0.381 / 0.223"
    assert line["ours: vgg16 (HED)"] == "0.300 / 0.250"
    assert line["ours: head only (RGB)"] is None
    line = _line(table, target="horizontal", head="3x3, pad 1")
    assert line["paper: PosENet"] == "0.274 / 0.239"
    assert line["ours: head only (RGB)"] == "0.100 / 0.250"


def test_heads_and_stages(work):
    tables = _tables(work)
    line = _line(tables["3"], target="horizontal", head="3x3, stage 5")
    assert line["ours: vgg16 (HED)"] == "0.700 / 0.250"
    line = _line(tables["2b"], target="horizontal stripes", head="1x1")
    assert line["ours: vgg16 (HED)"] == "0.600 / 0.250"
    # Table 3 has no PosENet, and nothing with more layers was measured.
    assert "ours: head only (RGB)" not in tables["3"]["columns"]
    line = _line(tables["2a"], target="horizontal", head="3x3 x 2")
    assert not any(v for k, v in line.items() if k.startswith("ours: "))


def test_the_notes_say_what_stands_for_what(work):
    tables = _tables(work)
    notes = " ".join(tables["2b"]["notes"])
    assert "8 of photos/train" in notes
    assert "for PASCAL-S stand 4 of photos/test" in notes
    assert "in closed form (ridge 0.001)" in notes
    assert "over seeds (3 seeds)" in notes
    assert "double our MAE of stripes" in notes
    assert ".723" in notes
    # No stripes of ours stand in Table 4.
    assert "double" not in " ".join(tables["4"]["notes"])


def test_stripes_of_the_papers_range_need_no_note(measured):
    rows = [probe_row(target="horizontal_stripes")]
    rows = measured(*rows, target_range="paper")
    assert "double" not in " ".join(_tables(rows)["1"]["notes"])


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
    rows = [probe_row(0.8), probe_row(0.5, target="gaussian", **change)]
    table = _tables(measured(*rows))["1"]
    cells = [
        _line(table, target=target, test_set="PASCAL-S")["ours: vgg16 (HED)"]
        for target in ("horizontal", "gaussian")
    ]
    assert cells == ["0.800 / 0.250", "0.500 / 0.250 [1]"]
    assert table["notes"][-1].startswith(f"[1] {words}")


def test_several_runs_and_sets_of_photographs(measured):
    rows = measured(probe_row(0.8)) + measured(
        probe_row(0.7, test_set="/far/away/other/test"),
        probe_row(0.6, weights="x/net.h5"),
        pictures=3,
    )
    table = _tables(rows)["1"]
    cells = {
        line["ours_on"]: (
            line["ours: vgg16 (HED)"],
            line["ours: vgg16 (net.h5)"],
        )
        for line in table["rows"]
        if (line["target"], line["test_set"]) == ("horizontal", "PASCAL-S")
    }
    assert cells == {
        "photos/test": ("0.800 / 0.250", "0.600 / 0.250"),
        "other/test": ("0.700 / 0.250", None),
    }
    assert ("ours_on", "ours on") in table["columns"]


def test_seeds_of_several_runs_go_together_whatever_their_crops(measured):
    rows = [
        row
        for seed, spearman in enumerate([0.8, 0.9])
        for row in measured(
            probe_row(spearman, weights="random", seed=seed), pictures=seed
        )
    ]
    line = _line(_tables(rows)["1"], target="horizontal", test_set="PASCAL-S")
    assert line["ours: vgg16 (random)"] == "0.850 ± 0.071 / 0.250 ± 0.000"


def test_networks_of_one_name_have_columns_of_their_own(measured):
    rows = [
        probe_row(0.1, weights="one/net.h5"),
        probe_row(0.2, weights="two/net.h5"),
        probe_row(0.3, weights="two/net.h5", padding_mode="none"),
    ]
    rows += [
        {**probe_row(spearman, weights="random"), "calibration_images": count}
        for spearman, count in ((0.5, 8), (0.6, 16))
    ]
    tables = _tables(measured(*rows))
    line = _line(tables["1"], target="horizontal", test_set="PASCAL-S")
    assert {
        name.removeprefix("ours: vgg16 "): cell
        for name, cell in line.items()
        if name.startswith("ours: ")
    } == {
        "(one/net.h5)": "0.100 / 0.250",
        "(two/net.h5)": "0.200 / 0.250",
        "(random, calibrated on 8)": "0.500 / 0.250",
        "(random, calibrated on 16)": "0.600 / 0.250",
    }
    line = _line(
        tables["4"], target="horizontal", head="3x3, network without padding"
    )
    assert line["ours: vgg16 (two/net.h5)"] == "0.300 / 0.250"
    assert line["ours: vgg16 (one/net.h5)"] is None


def test_intervals_stand_beside_scores_in_markdown(work):
    def cells(**options):
        return [
            re.sub(r" \[-?\d.+?, .+?\]", "", str(cell))
            for table in paper_tables(work, **options)
            for line in table["rows"]
            for cell in line.values()
        ]

    assert cells(intervals=True) == cells()
    text = _markdown(work)
    assert re.findall(r"^\*\*Table (\w+):", text, re.M) == list(NUMBERS)
    # Each table stands apart, as Markdown wants it.
    assert text.count("\n\n| target") == 6
    row = work[0]
    low, high = row["spearman_ci95"]
    cell = f"{row['spearman']:.3f} [{low:.3f}, {high:.3f}] / {row['mae']:.3f}"
    assert cell in text


def test_a_note_stands_in_markdown_once(work):
    text = _markdown(work)
    assert text.count("The paper's stripes lie in [-1, 1]") == 1
    assert text.count("SPC / MAE. Paper:") == 1
