from keras_padpos.report.read_runs import RunRecord
from keras_padpos.report.read_runs import run_groups
from keras_padpos.studies.layouts import LAYOUTS


def groups(*configs, told=("seed", "padding_mode"), rows=None):
    runs = [
        RunRecord(
            number,
            str(number),
            "count",
            config,
            rows=tuple(rows[number]) if rows else (),
        )
        for number, config in enumerate(configs)
    ]
    return [
        "".join(run.name for run in group) for group in run_groups(runs, told)
    ]


def test_only_told_flags_may_differ():
    assert groups(
        {"seed": 0, "padding_mode": ["zeros"], "epochs": 1},
        {"seed": 1, "padding_mode": ["zeros"], "epochs": 1},
        {"seed": 0, "padding_mode": ["reflect"], "epochs": 1},
        {"seed": 0, "padding_mode": ["circular"], "epochs": 2},
    ) == ["012", "3"]


def test_repeated_runs_share_no_table():
    config = {"seed": 0}
    assert groups(config, config, {"seed": 1}, config) == ["02", "1", "3"]


def test_rows_that_say_the_same_share_no_table():
    rows = [
        [{"padding_mode": "zeros", "x": 0.1}],
        [{"padding_mode": "zeros", "x": 0.2}, {"padding_mode": "reflect"}],
        [{"padding_mode": "none", "x": 0.1}],
    ]
    configs = [{"padding_mode": [str(number)]} for number in range(3)]
    assert groups(*configs, rows=rows) == ["02", "1"]


def test_a_flag_that_is_not_set_is_as_if_unknown():
    assert groups({"seed": 0}, {"seed": 1, "width": None}) == ["01"]


def test_layouts_are_those_of_the_binaries():
    assert set(LAYOUTS) == {
        "position_probe",
        "padding_pattern",
        "pattern_formation",
        "fconv_tests",
        "prediction_agreement",
        "location_task",
        "semantic_head",
        "robustness",
        "texture",
    }
    for layout in LAYOUTS.values():
        assert "epochs" not in layout.told and "crop" not in layout.told
