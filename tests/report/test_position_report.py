import numpy as np
import pytest
from finished_probe import probe_row
from finished_probe import rgb_row

from keras_padpos.report import position_conclusion
from keras_padpos.report import position_notes
from keras_padpos.report import position_tables
from keras_padpos.report.cells import cell_text
from keras_padpos.report.cells import column_pairs

VGG = "vgg16 (HED),"


def _tables(rows):
    """From the title of each table to its lines, as they are printed."""
    return {
        table["title"]: [
            [cell_text(row.get(key)) for key, _ in columns]
            for row in table["rows"]
        ]
        for table in position_tables(rows)
        for columns in [column_pairs(table["columns"])]
    }


def test_one_head_is_told_in_full_as_before(measured):
    rows = [
        probe_row(scores=[0.7, 0.9], target="vertical"),
        probe_row(scores=[0.5, 0.7]),
        rgb_row(scores=[0.0, 0.2]),
        probe_row(scores=[0.4], test_set="black"),
    ]
    tables = _tables(measured(*rows))
    title = (
        "Position probe on photos/test: 2 pictures, 8 to fit on, exact solver"
    )
    vgg = "vgg16 (HED), zeros padding"
    # By target, in the order in which they were asked for.
    assert [" | ".join(line) for line in tables[title]] == [
        f"vertical | {vgg} | 3x3 | 0.800 | [0.700, 0.900] | 0.250 | 0.250 | "
        "0.816 / 0.129 (3x3, Table 1)",
        f"horizontal | {vgg} | 3x3 | 0.600 | [0.500, 0.700] | 0.250 | 0.250 | "
        "0.742 / 0.149 (3x3, Table 1)",
        "horizontal | head only (RGB) | 3x3 | 0.100 | [0.000, 0.200] | 0.250 | "
        "0.250 | 0.012 / 0.251 (3x3, Table 1)",
    ]
    assert tables["SPC on pictures without content: black (1)"] == [
        ["horizontal", vgg, "3x3", "0.400"]
    ]
    assert len(tables) == 3 and "±" not in str(tables)


def test_networks_are_set_against_the_first(measured):
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.4, 0.6, size=40)
    rows = [
        probe_row(scores=scores),
        probe_row(scores=scores, target="gaussian"),
        probe_row(scores=scores + 0.25, padding_mode="reflect"),
        rgb_row(scores=scores - 0.5, target="gaussian"),
        rgb_row(scores=[0.1], test_set="black"),
        # Seeds are averaged before.
        *(
            probe_row(scores=scores + by, weights="random", seed=seed)
            for seed, by in enumerate([0.1, 0.3])
        ),
        # Of one picture there is no interval; another head has no reference.
        probe_row(scores=[0.5], test_set="one"),
        rgb_row(scores=[0.25], test_set="one"),
        rgb_row(scores=scores, kernel_size=7),
    ]
    tables = _tables(measured(*rows))
    title = (
        "SPC on {} less that of vgg16 (HED), zeros padding, picture by "
        "picture, with 95 % interval"
    )
    assert tables[title.format("photos/test")] == [
        ["3x3", f"{VGG} reflect padding", "+0.250 [+0.250, +0.250]", "-"],
        ["3x3", "head only (RGB)", "-", "-0.500 [-0.500, -0.500]"],
        [
            "3x3",
            "vgg16 (random), zeros padding",
            "+0.200 [+0.200, +0.200]",
            "-",
        ],
    ]
    assert tables[title.format("one")] == [["3x3", "head only (RGB)", "-0.250"]]


def test_other_heads_are_a_line_each(measured):
    rows = [
        probe_row(
            spearman + (target == "gaussian") / 10,
            target=target,
            padding_mode=mode,
            **head,
        )
        for mode, spearman in (("zeros", 0.5), ("reflect", 0.2))
        for head in ({}, {"kernel_size": 7}, {"stages": "4,5"})
        for target in ("horizontal", "gaussian")
    ]
    tables = _tables(measured(*rows))
    full, other, differences = tables
    # Only the first head stands in the long table.
    assert len(tables[full]) == 4
    assert other == "Other heads on photos/test, exact solver: SPC / MAE"
    heads = ["3x3", "7x7", "3x3, stages 4,5"]
    reflect = f"{VGG} reflect padding"
    assert tables[other] == [
        line
        for head in heads[1:]
        for line in (
            [head, f"{VGG} zeros padding", "0.500 / 0.250", "0.600 / 0.250"],
            [head, reflect, "0.200 / 0.250", "0.300 / 0.250"],
        )
    ]
    lines = [line[:2] for line in tables[differences]]
    assert lines == [[head, reflect] for head in heads]


@pytest.mark.parametrize("heads", [1, 2])
def test_controls_are_those_of_the_first_head(measured, heads):
    rows = [
        probe_row(scores=[size / 10], kernel_size=size, test_set=control)
        for size in (3, 7)[:heads]
        for control in ("black", "white")
    ]
    (table,) = position_tables(measured(*rows))
    title, (line,) = table["title"], table["rows"]
    assert title == "SPC on pictures without content: black (1), white (1)"
    assert (line["target"], line["head"]) == ("horizontal", "3x3")
    assert line["black"] == line["white"] == pytest.approx(0.3)
    assert table["notes"] == ["Other heads: see results.json."] * (heads == 2)


def test_what_intervals_leave_out_is_said(measured):
    rows = [probe_row(), rgb_row()]
    out = " ".join(position_notes(measured(*rows)))
    assert "resample photographs, crops of one together" in out
    assert "With random weights they cover photographs, not seeds" in out
    assert "not corrected for the number of comparisons" in out


@pytest.mark.parametrize(
    ("photographs", "text"),
    [(2, "4 crops of 2 photographs"), (4, "4 pictures")],
)
def test_the_title_says_what_was_scored(measured, photographs, text):
    (table,) = position_tables(measured(probe_row(photographs=photographs)))
    assert text in table["title"]


def test_the_conclusion_compares_with_zeros(measured):
    rows = [
        probe_row(spearman + (target == "vertical") / 10, **changes)
        for target in ("horizontal", "vertical")
        for mode, spearman in (("zeros", 0.7), ("reference", 0.0))
        for changes in [{"target": target, "padding_mode": mode}]
    ]
    # Other heads and other pictures are told in the tables.
    rows += [
        probe_row(0.1, padding_mode="reflect", kernel_size=7),
        probe_row(0.1, padding_mode="reflect", test_set="other"),
        rgb_row(0.1),
    ]
    (sentence,) = position_conclusion(measured(*rows))
    assert sentence == (
        "vgg16 (HED): SPC (mean over 2 targets) 0.750 with zeros padding, "
        "0.050 with real neighbours (-0.700)."
    )
    assert position_conclusion(measured(probe_row())) == []


def test_modes_stand_less_zeros_of_the_same_weights_and_seed(measured):
    rows = [
        probe_row(scores=[spearman, spearman + 0.1], **network, seed=seed)
        for network in ({}, {"weights": "random"})
        for seed in ((0, 1) if network else (0,))
        for mode, spearman in (("zeros", 0.5 + seed / 10), ("reflect", 0.2))
        for network in [{**network, "padding_mode": mode}]
    ]
    (table, *_) = position_tables(measured(*rows))
    assert ("less_zeros", "less that of zeros") in table["columns"]
    less = {row["network"]: row["less_zeros"] for row in table["rows"]}
    assert less == {
        "vgg16 (HED), zeros padding": None,
        "vgg16 (HED), reflect padding": "-0.300 [-0.300, -0.300]",
        "vgg16 (random), zeros padding": None,
        # The mean over both seeds.
        "vgg16 (random), reflect padding": "-0.350 [-0.350, -0.350]",
    }
