"""Which runs of robustness and texture share their tables."""

from report_runs import rewrite
from report_runs import robustness_run
from report_runs import texture_run

from keras_padpos.report import find_runs
from keras_padpos.report.content import report_content
from keras_padpos.studies.layouts import LAYOUTS


def changed(path, make, config=(), **row):
    """A run whose config and rows say something else."""
    make(path)
    rewrite(
        path,
        lambda results: [
            results["config"].update(config),
            *(each.update(row) for each in results["rows"]),
        ],
    )


def test_ways_of_training_and_test_sets_share_a_table(tmp_path):
    ways = [("frozen", "a"), ("scratch", "a"), ("frozen", "b")]
    for number, (train, test_set) in enumerate(ways):
        changed(
            tmp_path / str(number),
            texture_run,
            {"train": [train], "test_set": test_set},
            train=train,
            test_set=test_set,
        )
    content = report_content(find_runs([str(tmp_path)]), LAYOUTS)
    (part,) = content.experiments["texture"]
    (table,) = part.tables
    assert [(line["train"], line["test_set"]) for line in table["rows"]] == [
        way for way in ways for _ in ("zeros", "none")
    ]


def test_a_network_that_diverged_is_told_in_the_tables_of_its_experiment(
    tmp_path,
):
    changed(tmp_path / "a", robustness_run)
    changed(tmp_path / "b", robustness_run, {"seed": 1}, seed=1)

    def diverge(results):
        first = results["rows"][0]
        for name in ("accuracy", "fraction"):
            del first[name]
        trial = ("attack", "fill", "region", "share", "epsilon")
        first |= {**dict.fromkeys(trial), "reason": "diverged"}
        results["rows"] = [first]

    rewrite(tmp_path / "b", diverge)
    content = report_content(find_runs([str(tmp_path)]), LAYOUTS)
    assert "Files that are not as they should be" not in content.missing
    (part,) = content.experiments["robustness"]
    for table in part.tables:
        assert [line["seeds"] for line in table["rows"]] == ["1 of 2"]
        assert "vgg5, zeros, off, seed 1: diverged" in table["notes"]
