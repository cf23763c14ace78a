from collections import Counter

import numpy as np
import pytest
from finished_probe import probe_row
from finished_probe import rgb_row
from scipy import stats

from keras_padpos import published
from keras_padpos.metrics import paired_difference
from keras_padpos.report import evaluate_orderings
from keras_padpos.report import orderings_tables
from keras_padpos.report import seeds
from keras_padpos.report.table import grouped

OURS = {
    "PosENet": {"backbone": "rgb", "weights": "none", "padding_mode": "none"},
    "VGG16": {"backbone": "vgg16", "weights": "imagenet"},
    "ResNet152": {"backbone": "resnet152", "weights": "imagenet"},
}


@pytest.fixture
def evaluate(measured):
    """From an ordering's name to what is told of it, for rows of a run."""
    return lambda *rows: grouped_by_ordering(measured(*rows))


def grouped_by_ordering(rows):
    tried = grouped(evaluate_orderings(rows), ["ordering"])
    return {name: own for (name,), own in tried.items()}


def test_the_papers_own_numbers_are_in_its_orderings(evaluate):
    fields = ("target", "padding_mode", *seeds.HEAD[1:])
    cells = [
        {
            **{name: cell[name] for name in fields},
            "stages": cell["stages"] or "all",
            # Every picture alike: the paper prints means only.
            "scores": [cell["spearman"]] * 3,
            **OURS[cell["model"]],
        }
        for cell in published.lookup(reproduction=False, test_set="PASCAL-S")
        if cell["model"] in OURS and "kernel_size" in cell
    ]
    results = evaluate(*(probe_row(**cell) for cell in cells))
    orderings = published.load_orderings().orderings
    assert list(results) == [ordering["id"] for ordering in orderings]
    verdicts = {
        name: Counter(row["verdict"] for row in rows)
        for name, rows in results.items()
    }
    assert {v for own in verdicts.values() for v in own} == {
        "holds",
        "not tested",
    }
    counts = {name: n["holds"] for name, n in verdicts.items() if n["holds"]}
    # By hand, from the printed tables: targets times pairs, and networks.
    assert counts == {
        "head_only_near_chance": 5,
        "networks_above_head_only": 10,
        "resnet_above_vgg": 5,
        "ramps_above_stripes": 12 + 2,
        "more_layers_help": 6,
        "larger_kernels_help": 6,
        "later_stages_tell_more": 12,
        "zeros_in_the_head_help": 6,
        "removing_padding_lowers": 3,
        "some_is_left_without_padding": 3,
    }
    (dense,) = results["dense_tasks_tell_more"]
    assert dense["network"] is None
    assert "segmentation" in dense["remark"]


@pytest.mark.parametrize(
    ("by", "verdict"),
    [(0.1, "holds"), (-0.1, "reversed"), (0.0, "undecided")],
)
def test_the_verdict_is_that_of_the_paired_difference(evaluate, by, verdict):
    rng = np.random.default_rng(0)
    lesser = rng.uniform(0.2, 0.8, size=30)
    greater = lesser + by + rng.normal(scale=0.05, size=30)
    greater -= (greater - lesser).mean() - by
    rows = [probe_row(scores=lesser), probe_row(scores=greater, kernel_size=7)]
    first = evaluate(*rows)["larger_kernels_help"][3]
    assert (first["lesser"], first["greater"]) == ("3x3", "7x7")
    assert first["target"] == "horizontal"
    mean, interval = paired_difference(greater, lesser)
    assert first["difference"] == pytest.approx(mean)
    assert first["difference_ci95"] == interval
    assert first["verdict"] == verdict
    assert first["network"] == "vgg16 (HED), zeros padding"
    assert (first["test_set"], first["images"]) == ("photos/test", 30)


@pytest.mark.parametrize(
    ("targets", "verdict"), [(1, "holds"), (2, "undecided")]
)
def test_many_comparisons_need_more_each(evaluate, targets, verdict):
    # Of a p-value of about 0.03.
    by = np.linspace(-1, 1, 30)
    by += stats.t.ppf(0.985, 29) * stats.sem(by)
    names = ["horizontal", "gaussian"][:targets]
    rows = [
        probe_row(
            scores=0.5 + 0.1 * by * (size == 7), kernel_size=size, target=name
        )
        for name in names
        for size in (3, 7)
    ]
    tried = [
        row
        for row in evaluate(*rows)["larger_kernels_help"]
        if row["verdict"] != "not tested"
    ]
    assert [row["verdict"] for row in tried] == [verdict] * targets
    for row in tried:
        assert row["p_holm"] == pytest.approx(0.03 * targets)
        assert row["difference_ci95"][0] > 0


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        ([0.0, 0.1, -0.1, 0.05], "holds"),
        ([-0.3, -0.31], "reversed"),
        ([0.3, 0.31], "reversed"),
        ([0.1, 0.2], "undecided"),
        ([0.0], "undecided"),
    ],
)
def test_near_chance(evaluate, scores, verdict):
    first, *rest = evaluate(rgb_row(scores=scores))["head_only_near_chance"]
    assert first["verdict"] == verdict
    assert {row["verdict"] for row in rest} == {"not tested"}


def test_sides_are_found_in_other_runs_on_the_same_pictures(measured):
    padded = [probe_row(0.6), probe_row(0.7, padding_mode="reflect")]
    bare = [probe_row(0.2, padding_mode="none")]
    rows = measured(*padded)

    def first_of(others):
        results = grouped_by_ordering(rows + others)
        return results["removing_padding_lowers"][0]

    first = first_of(measured(*bare))
    assert first["verdict"] == "holds"
    assert first["difference"] == pytest.approx(0.4)
    assert first["lesser"] == "vgg16 (HED), no padding"
    assert first["remark"] == ""
    first = first_of(measured(*bare, pictures=9))
    assert first["verdict"] == "not tested"
    assert first["remark"] == "scored on other pictures"


@pytest.mark.parametrize("large", [False, True])
def test_the_first_head_of_the_papers_that_was_measured_serves(evaluate, large):
    rows = [
        probe_row(0.6, kernel_size=1),
        probe_row(0.1, kernel_size=1, padding_mode="none"),
        probe_row(0.2),
        probe_row(0.3, padding_mode="none"),
    ]
    results = evaluate(*rows[: 4 if large else 2])
    first = results["removing_padding_lowers"][0]
    expected = ("reversed", "3x3") if large else ("holds", "1x1")
    assert (first["verdict"], first["head"]) == expected


def test_other_recipes_are_compared_and_told(evaluate):
    rows = [
        probe_row(0.5),
        probe_row(0.4, solver="adam", ridge=None),
        probe_row(0.6, head_layers=2, solver="adam", ridge=None, head_width=64),
    ]
    first = evaluate(*rows)["more_layers_help"][0]
    # Adam against Adam.
    assert first["difference"] == pytest.approx(0.2)
    assert first["remark"] == "fitted differently: head width 64, None"


def test_what_is_missing_is_told(evaluate):
    results = evaluate(probe_row(stages="2"))
    first = results["later_stages_tell_more"][0]
    assert first["verdict"] == "not tested"
    assert first["remark"] == "not measured: 3x3, stage 1"
    first = results["networks_above_head_only"][0]
    assert "a head on the bare picture" in first["remark"]
    (only,) = results["head_only_near_chance"]
    assert only["verdict"] == "not tested"
    # Controls are no photographs.
    for (only,) in evaluate(rgb_row(test_set="black")).values():
        assert (only["verdict"], only["test_set"]) == ("not tested", None)


def test_the_summary_counts(measured):
    rows = [
        # Reversed for gaussian, from 3 to 7.
        probe_row(
            spearman - (size == 7) * fall, target=target, kernel_size=size
        )
        for target, fall in (("horizontal", 0), ("gaussian", 0.3))
        for size, spearman in ((1, 0.4), (3, 0.5), (7, 0.6))
    ]
    rows = measured(*rows) + measured(rgb_row(kernel_size=1))
    summary, comparisons = orderings_tables(evaluate_orderings(rows))
    lines = {line["statement"][:26]: line for line in summary["rows"]}
    text = lines["Heads with larger kernels "]["vgg16 (HED), zeros padding"]
    assert text == "3 of 4 hold, 1 reversed, 2 not tested"
    notes = "\n".join(summary["notes"])
    assert "Not tested: The deeper ResNet" in notes
    lines = grouped(comparisons["rows"], ["verdict"])
    (line,) = lines["reversed",]
    assert (line["target"], line["greater"]) == ("gaussian", "7x7")
    assert line["difference"] == pytest.approx(-0.2)
