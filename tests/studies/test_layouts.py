"""Which runs of texture share their tables."""

import functools

from report_runs import rewrite
from report_runs import texture_run

from keras_padpos.report import find_runs
from keras_padpos.report.content import report_content
from keras_padpos.studies.layouts import LAYOUTS


def changed(results, train, test_set):
    results["config"] |= {"train": [train], "test_set": test_set}
    for row in results["rows"]:
        row |= {"train": train, "test_set": test_set}


def test_ways_of_training_and_test_sets_share_a_table(tmp_path):
    ways = [("frozen", "a"), ("scratch", "a"), ("frozen", "b")]
    for number, (train, test_set) in enumerate(ways):
        path = tmp_path / str(number)
        texture_run(path)
        change = functools.partial(changed, train=train, test_set=test_set)
        rewrite(path, change)
    content = report_content(find_runs([str(tmp_path)]), LAYOUTS)
    (part,) = content.experiments["texture"]
    (table,) = part.tables
    assert [(line["train"], line["test_set"]) for line in table["rows"]] == [
        way for way in ways for _ in ("zeros", "none")
    ]
