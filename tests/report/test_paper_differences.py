import pytest
from finished_probe import probe_row
from finished_probe import rgb_row

from keras_padpos import published
from keras_padpos.report._paper_differences import paper_coverage
from keras_padpos.report._paper_differences import paper_difference_tables
from keras_padpos.report._paper_differences import paper_differences
from keras_padpos.report.table import grouped


@pytest.fixture
def differences(measured):
    return lambda rows, **config: paper_differences(measured(*rows, **config))


def table_1(lines, target="horizontal", test_set="PASCAL-S"):
    """The cell of VGG16 in Table 1."""
    cell = ["table", "model", "target", "paper_test_set"]
    (line,) = grouped(lines, cell)["Table 1", "VGG16", target, test_set]
    return line


def ours(lines, table, *fields):
    """The fields of a table's cells that have one of ours."""
    return [
        tuple(line[name] for name in fields)
        for line in lines
        if line["network"] and line["table"] == table
    ]


def test_every_published_cell_is_there(differences):
    lines = differences([probe_row()])
    cells = [
        (table.name, row["spearman"], row["mae"])
        for table in published.probe_tables().values()
        for row in table.rows
    ]
    fields = ("name", "paper_spearman", "paper_mae")
    assert [tuple(line[name] for name in fields) for line in lines] == cells
    # Table 1's cell stands in Tables 2a, 2b, 3, 4 and 6 too.
    tables = [line["table"] for line in lines if line["network"]]
    assert tables == [f"Table {n}" for n in ("1", "2a", "2b", "3", "4", "6")]


def test_ours_less_the_papers(differences):
    line = table_1(differences([probe_row(0.8, mae=0.1)]))
    assert line["spearman_difference"] == pytest.approx(0.8 - 0.742)
    assert line["mae_difference"] == pytest.approx(0.1 - 0.149)
    assert line["spearman_ci95"] == pytest.approx([0.78, 0.82])
    assert (line["seeds"], line["train_images"]) == ([0], 8)
    assert line["network"] == "vgg16 (HED), zeros padding"


@pytest.mark.parametrize(
    ("target_range", "factor"), [("released", 2), ("paper", 1)]
)
def test_stripes_are_compared_in_the_papers_unit(
    differences, target_range, factor
):
    rows = [
        probe_row(target=target, mae=0.3)
        for target in ("horizontal", "horizontal_stripes")
    ]
    lines = differences(rows, target_range=target_range)
    plain, stripes = table_1(lines), table_1(lines, "horizontal_stripes")
    assert plain["mae_factor"] == 1
    assert stripes["mae_factor"] == factor
    assert stripes["mae"] == 0.3
    assert stripes["mae_difference"] == pytest.approx(factor * 0.3 - 0.556)


def test_networks_stand_for_those_of_the_paper_and_no_others(differences):
    rows = [
        probe_row(0.1, weights="random"),
        probe_row(0.2, padding_mode="reflect"),
        probe_row(0.3, backbone="mobilenet"),
        probe_row(0.4, backbone="resnet50"),
        probe_row(0.5, weights="my.h5"),
        rgb_row(0.6),
    ]
    assert ours(differences(rows), "Table 1", "model", "spearman") == [
        ("PosENet", pytest.approx(0.6)),
        ("VGG16", pytest.approx(0.5)),
        ("ResNet152", pytest.approx(0.4)),
    ]


def test_removed_padding_is_a_cell_of_its_own(differences):
    rows = [probe_row(0.8), probe_row(0.3, padding_mode="none")]
    fields = ("bare", "paper_spearman", "spearman")
    assert ours(differences(rows), "Table 4", *fields) == [
        (False, 0.742, pytest.approx(0.8)),
        (True, 0.381, pytest.approx(0.3)),
    ]


def test_of_several_fits_the_exact_one_on_most_pictures_is_taken(differences):
    rows = [
        probe_row(0.1, solver="sgd", train_images=90),
        probe_row(0.2, ridge_asked="1", train_images=5),
        probe_row(0.3),
        probe_row(0.4, train_images=7),
    ]
    line = table_1(differences(rows))
    assert line["spearman"] == pytest.approx(0.3)


def test_each_set_of_photographs_is_a_line_and_controls_are_their_own(
    differences,
):
    rows = [probe_row(test_set=name) for name in ("a", "b", "white")]
    fields = ("paper_test_set", "test_set")
    lines = ours(differences(rows), "Table 1", *fields)
    assert lines == [("PASCAL-S", "a"), ("PASCAL-S", "b"), ("white", "white")]


def test_the_table_tells_what_is_covered(differences):
    rows = [
        probe_row(0.5, solver="sgd", seed=seed, target="horizontal_stripes")
        for seed in range(3)
    ]
    lines = differences(rows)
    tables = paper_difference_tables(lines)
    # Table 3 has no stripes.
    assert len(tables) == 5
    table = tables["islam2020_table1"]
    (line,) = table["rows"]
    assert line["spearman"] == "0.500 ± 0.000"
    assert (line["seeds"], line["fitted"]) == (3, "sgd, 8 pictures")
    assert line["mae_difference"].endswith(" *")
    notes = " ".join(table["notes"])
    assert "±" in notes and "doubled" in notes


def test_coverage_counts_cells(differences):
    rows = [probe_row(), probe_row(test_set="black"), rgb_row()]
    coverage = {
        line["name"]: line for line in paper_coverage(differences(rows), [])
    }
    assert list(coverage) == published.list_tables()
    first = coverage["islam2020_table1"]
    assert (first["cells"], first["covered"]) == (60, 3)
    # Of PosENet and VGG16 each twenty, and all of ResNet152.
    missing = "PosENet, 3x3: 19; VGG16, 3x3: 18; ResNet152, 3x3: 20"
    assert first["without"] == missing
    assert coverage["islam2020_table5b"]["covered"] is None
    assert coverage["fconv2020_red_green"]["covered"] == 0
    for line in coverage.values():
        assert line["cells"] == len(published.load_table(line["name"]).rows)


def test_coverage_of_both_of_f_convs_tests():
    table = published.load_table("fconv2020_four_quadrants").rows
    rows = [{"test": "four_quadrants", **row, "seed": 0} for row in table[:5]]
    rows.append({**rows[0], "padding_mode": "own", "seed": 1})
    rows.append({**rows[0], "border": 7})
    coverage = {line["name"]: line for line in paper_coverage([], rows)}
    line = coverage["fconv2020_four_quadrants"]
    assert (line["cells"], line["covered"]) == (len(table), 5)
