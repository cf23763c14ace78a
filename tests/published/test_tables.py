import itertools

import pytest

from keras_padpos import published

COUNTS = {
    "chaman2021_shift": 3,
    "comp6248": 36,
    "fconv2020_four_quadrants": 63,
    "fconv2020_red_green": 8,
    "islam2020_figure6": 5,
    "islam2020_table1": 60,
    "islam2020_table2a": 18,
    "islam2020_table2b": 18,
    "islam2020_table3": 12,
    "islam2020_table4": 15,
    "islam2020_table5a": 6,
    "islam2020_table5b": 2,
    "islam2020_table6": 36,
    "islam2021_location": 8,
    "islam2021_shift": 6,
    "zhang2019_shift": 8,
}

# Typed from the printed tables, apart from the data files:
# table, target, model, test set, further criteria, Spearman, MAE.
CELLS = [
    ("table1", "horizontal", "PosENet", "noise", {}, 0.001, 0.251),
    ("table1", "vertical", "PosENet", "PASCAL-S", {}, 0.131, 0.248),
    ("table1", "gaussian", "PosENet", "noise", {}, -0.034, 0.214),
    ("table1", "horizontal_stripes", "PosENet", "black", {}, -0.055, 0.704),
    ("table1", "vertical_stripes", "PosENet", "white", {}, 0.081, 0.709),
    ("table1", "vertical_stripes", "ResNet152", "white", {}, 0.593, 0.514),
    ("table1", "vertical", "VGG16", "white", {}, 0.927, 0.138),
    ("table1", "horizontal", "ResNet152", "white", {}, 0.994, 0.078),
    (
        "table2a",
        "horizontal_stripes",
        "PosENet",
        "PASCAL-S",
        {"head_layers": 2},
        -0.006,
        0.628,
    ),
    (
        "table2a",
        "gaussian",
        "VGG16",
        "PASCAL-S",
        {"head_layers": 3},
        0.835,
        0.104,
    ),
    (
        "table2b",
        "horizontal_stripes",
        "PosENet",
        "PASCAL-S",
        {"kernel_size": 3},
        -0.001,
        0.723,
    ),
    (
        "table2b",
        "horizontal",
        "VGG16",
        "PASCAL-S",
        {"kernel_size": 7},
        0.828,
        0.120,
    ),
    ("table3", "horizontal", "VGG16", "PASCAL-S", {"stages": "4"}, 0.61, 0.181),
    ("table3", "gaussian", "VGG16", "PASCAL-S", {"stages": "1"}, 0.241, 0.182),
    (
        "table4",
        "horizontal_stripes",
        "PosENet",
        "PASCAL-S",
        {"head_padding": 2},
        0.214,
        0.595,
    ),
    (
        "table4",
        "gaussian",
        "VGG16",
        "PASCAL-S",
        {"padding_mode": "none"},
        0.359,
        0.174,
    ),
    ("table6", "horizontal", "VGG16 (SOD)", "black", {}, 0.857, 0.099),
    ("table6", "gaussian", "VGG16 (segmentation)", "white", {}, 0.989, 0.046),
    (
        "figure6",
        "gaussian",
        "PosENet",
        "single picture",
        {"head_padding": 1},
        0.227,
        0.18,
    ),
]

PROBE_TABLES = [f"islam2020_table{name}" for name in "1 2a 2b 3 4 6".split()]


def test_counts():
    assert published.list_tables() == sorted(COUNTS)
    counts = {
        name: len(published.load_table(name).rows)
        for name in published.list_tables()
    }
    assert counts == COUNTS


@pytest.mark.parametrize(
    ("table", "target", "model", "test_set", "more", "spearman", "mae"), CELLS
)
def test_cells(table, target, model, test_set, more, spearman, mae):
    (row,) = published.lookup(
        table=f"islam2020_{table}",
        target=target,
        model=model,
        test_set=test_set,
        **more,
    )
    assert (row["spearman"], row["mae"]) == (spearman, mae)


def test_task_tables():
    (row,) = published.lookup(
        table="islam2020_table5a", padding_mode="zeros", test_set="DUT-OMRON"
    )
    assert (row["f_measure"], row["mae"]) == (0.63, 0.18)
    (row,) = published.lookup(table="islam2020_table5b", padding_mode="none")
    assert row["mean_iou_percent"] == 12.3


def test_tables_of_later_papers():
    (row,) = published.lookup(
        table="islam2021_location", task="location", grid=7, channels="permuted"
    )
    assert row["accuracy_percent"] == 21.4
    (row,) = published.lookup(
        table="islam2021_shift", test_set="CIFAR-100", method="AugShift"
    )
    assert row["consistency_percent"] == 85.6
    (row,) = published.lookup(model="DenseNet121", method="BlurPool")
    assert row["consistency_percent"] == 90.29
    (row,) = published.lookup(method="APS")
    assert row["circular_consistency_percent"] == 100


def test_comp6248():
    table = published.load_table("comp6248")
    assert table.reproduction
    (row,) = published.lookup(
        reproduction=True,
        target="vertical_stripes",
        model="ResNet152",
        test_set="white",
    )
    assert (row["spearman"], row["mae"]) == (0.038, 0.305)
    (row,) = published.lookup(
        table="comp6248",
        target="gaussian",
        model="PosENet",
        test_set="single picture",
    )
    assert (row["spearman"], row["mae"]) == (-0.242, 0.234)
    undefined = {
        (row["model"], row["test_set"])
        for row in table.rows
        if row["spearman"] is None
    }
    assert undefined == {("PosENet", "black"), ("PosENet", "white")}
    assert [
        name for name in COUNTS if published.load_table(name).reproduction
    ] == ["chaman2021_shift", "comp6248"]


def test_shared_cells_agree_but_for_the_noted_one():
    metrics = {"spearman", "mae", "note", "table", "paper", "reproduction"}
    cells = {}
    for name in PROBE_TABLES:
        for row in published.lookup(table=name):
            key = frozenset((k, v) for k, v in row.items() if k not in metrics)
            cells.setdefault(key, []).append(row)
    odd = []
    for rows in cells.values():
        for first, second in itertools.combinations(rows, 2):
            assert first["table"] != second["table"]
            if any(first[m] != second[m] for m in ("spearman", "mae")):
                odd.append((first, second))
    shared = sum(len(rows) > 1 for rows in cells.values())
    # All of the cells for VGG16 in Table 6, and PosENet's at PASCAL-S.
    assert shared == 15
    assert len(odd) == 3
    for pair in odd:
        assert sorted(row["mae"] for row in pair) == [0.712, 0.723]
        assert {row["spearman"] for row in pair} == {-0.001}
        assert "islam2020_table2b" in {row["table"] for row in pair}
        assert all(".723" in row["note"] for row in pair)


def test_ranges_and_fields():
    targets = {
        "horizontal",
        "vertical",
        "gaussian",
        "horizontal_stripes",
        "vertical_stripes",
    }
    models = {
        "PosENet",
        "VGG16",
        "ResNet152",
        "VGG16 (SOD)",
        "VGG16 (segmentation)",
        "red-green net",
        "BagNet-33",
        "ResNet18",
        "DenseNet121",
        "ResNet50",
        "MobileNetV2",
    }
    for name in published.list_tables():
        table = published.load_table(name)
        assert table.paper["title"] and table.paper["venue"]
        assert table.caption and table.source
        for row in table.rows:
            assert set(table.metrics) <= set(row)
            assert row["model"] in models
            if "target" in row:
                assert row["target"] in targets
                assert (row["stages"] is None) == (row["model"] == "PosENet")
            if row.get("spearman") is not None:
                assert -1 <= row["spearman"] <= 1
            if "mae" in row:
                assert 0 <= row["mae"] <= 1


def test_rows_are_copies():
    published.lookup(table="comp6248")[0]["mae"] = 7
    published.load_table("comp6248").rows[0]["mae"] = 7
    assert published.load_table("comp6248").rows[0]["mae"] == 0.279


def test_errors():
    with pytest.raises(ValueError, match="`name` must be one of chaman2021_"):
        published.load_table("table1")
    with pytest.raises(ValueError, match=r"Received: targets='horizontal'"):
        published.lookup(targets="horizontal")
    assert published.lookup(target="diagonal") == []
