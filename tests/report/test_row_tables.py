import pytest
from report_runs import own_run

from keras_padpos.report.content import MOST_ROWS
from keras_padpos.report.content import row_tables
from keras_padpos.report.read_runs import RunRecord
from keras_padpos.report.read_runs import find_runs


def record(name, rows, **config):
    return RunRecord(name, name, "count", config, rows=tuple(rows))


def headings(table):
    return [heading for _, heading in table["columns"]]


def test_seeds_of_several_runs_are_one_row(tmp_path):
    for seed in range(3):
        own_run(tmp_path / f"run{seed}", seed)
    (table,) = row_tables(find_runs([str(tmp_path)]))
    assert [row["padding_mode"] for row in table["rows"]] == [
        "zeros",
        "circular",
    ]
    for row in table["rows"]:
        assert row["accuracy"] == "0.600 ± 0.100"
        assert row["run"] == "run0, run1, run2"
        assert row["seed"] == "0, 1, 2"
        # The same in all, so their mean is.
        assert row["per_cell"] == "9 numbers, 0.100 to 0.300"
    assert headings(table) == ["run", "padding mode", "accuracy", "per cell"]
    assert table["notes"][0] == (
        "In all rows: seed 0, 1, 2, model vgg5, task classification, grid 3."
    )


def test_runs_with_other_flags_stay_apart_and_say_so(tmp_path):
    own_run(tmp_path / "a", 0)
    own_run(tmp_path / "b", 1, learning_rate=0.2)
    (table,) = row_tables(find_runs([str(tmp_path)]))
    # The same padding beside each other.
    assert [row["--learning_rate"] for row in table["rows"]] == [
        "0.1",
        "0.2",
    ] * 2
    assert "--learning_rate" in headings(table)


def test_a_flag_whose_name_alone_is_that_of_a_field_is_not_told_by_it():
    runs = [
        record(name, [{"train_images": 8, "loss": 0.5}], train_images=name)
        for name in ("photos", "noise")
    ]
    (table,) = row_tables(runs)
    assert [row["--train_images"] for row in table["rows"]] == [
        "photos",
        "noise",
    ]


def test_flags_that_rows_tell_are_no_columns():
    runs = [
        record(mode, [{"padding_mode": mode, "x": 0.5}], padding_mode=[mode])
        for mode in ("zeros", "reflect")
    ]
    (table,) = row_tables(runs)
    assert headings(table) == ["run", "padding mode", "x"]


def test_the_same_seed_twice_is_not_averaged():
    rows = [{"seed": 0, "x": 0.1}, {"seed": 0, "x": 0.3}, {"seed": 1, "x": 0.5}]
    (table,) = row_tables([record("a", rows)])
    assert [row["x"] for row in table["rows"]] == [0.1, 0.3, 0.5]


def test_a_seed_without_a_number_leaves_no_mean():
    rows = [{"seed": 0, "x": 0.1}, {"seed": 1, "x": None}]
    (table,) = row_tables([record("a", rows)])
    assert [row["x"] for row in table["rows"]] == [None]


def test_kinds_of_rows_have_tables_of_their_own():
    rows = [
        {"task": "classification", "accuracy": 0.5},
        {"task": "segmentation", "mean_iou": 0.4},
        {"task": "classification", "accuracy": 0.6},
    ]
    tables = row_tables([record("a", rows)])
    assert [table["title"] for table in tables] == [
        "count, task: classification: 2 rows",
        "count, task: segmentation: 1 row",
    ]


def test_intervals_stand_behind_their_numbers_and_pointers_nowhere():
    rows = [
        {
            "x": 0.5,
            "n": n,
            "y_ci95": [0, 1],
            "x_ci95": [0.4, 0.6],
            "arrays": "a",
        }
        for n in (1, 2)
    ]
    (table,) = row_tables([record("a", rows)])
    assert headings(table) == ["x", "95 %", "n"]
    assert table["rows"][0]["x_ci95"] == "[0.400, 0.600]"
    # A list of whole numbers says on what was measured.
    assert table["notes"] == ["In all rows: 95 % [0, 1]."]


def test_alike_networks_of_several_runs_stand_together():
    runs = [
        record(
            str(number), [{"backbone": net, "padding_mode": mode, "n": number}]
        )
        for number, (net, mode) in enumerate(
            [("b", "zeros"), ("a", "zeros"), ("b", "reflect"), ("b", "zeros")]
        )
    ]
    (table,) = row_tables(runs)
    assert [row["run"] for row in table["rows"]] == ["0", "3", "2", "1"]


@pytest.mark.parametrize("rows", [[], [{}], [{}, {}]])
def test_rows_may_hold_nothing(rows):
    tables = row_tables([record("a", rows)])
    assert [len(table["rows"]) for table in tables] == [len(rows)] * bool(rows)


def test_long_tables_end_somewhere_and_say_so():
    rows = [{"n": number} for number in range(MOST_ROWS + 1)]
    (table,) = row_tables([record("a", rows)])
    assert len(table["rows"]) == MOST_ROWS
    assert f"{MOST_ROWS} of {MOST_ROWS + 1} rows" in table["notes"][-1]


def test_fields_with_names_of_ours_keep_their_values():
    (table,) = row_tables([record("a", [{"run": 7, "seeds": 9, "n": 1}])])
    (row,) = table["rows"]
    assert (row["row: run"], row["row: seeds"], row["run"]) == (7, 9, "a")
