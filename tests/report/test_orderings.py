import numpy as np
import pytest
from finished_probe import probe_row
from finished_probe import rgb_row

from keras_padpos import published
from keras_padpos.metrics import paired_difference
from keras_padpos.report import evaluate_orderings
from keras_padpos.report import orderings_tables

OURS = {
    "PosENet": {"backbone": "rgb", "weights": "none", "padding_mode": "none"},
    "VGG16": {"backbone": "vgg16", "weights": "imagenet"},
    "ResNet152": {"backbone": "resnet152", "weights": "imagenet"},
}


def _found(rows, name):
    return [row for row in rows if row["ordering"] == name]


def _verdicts(rows, name):
    return [row["verdict"] for row in _found(rows, name)]


def test_the_papers_own_numbers_are_in_its_orderings(measured):
    rows = []
    for row in published.lookup(reproduction=False, test_set="PASCAL-S"):
        if row["model"] in OURS and "kernel_size" in row:
            same = {
                k: row[k]
                for k in ("kernel_size", "head_layers", "head_padding")
            }
            same["padding_mode"] = row["padding_mode"]
            rows.append(
                probe_row(
                    # Every picture alike: the paper prints means only.
                    scores=[row["spearman"]] * 3,
                    target=row["target"],
                    stages=row["stages"] or "all",
                    **{**same, **OURS[row["model"]]},
                )
            )
    tried = evaluate_orderings(measured(*rows))
    assert {row["ordering"] for row in tried} == {
        ordering["id"] for ordering in published.load_orderings().orderings
    }
    tested = [row for row in tried if row["verdict"] != "not tested"]
    assert [row for row in tested if row["verdict"] != "holds"] == []
    counts = {
        name: len(_found(tested, name))
        for name in {r["ordering"] for r in tested}
    }
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
    (dense,) = _found(tried, "dense_tasks_tell_more")
    assert dense["network"] is None
    assert "segmentation" in dense["remark"]


@pytest.mark.parametrize(
    ("by", "verdict"),
    [(0.1, "holds"), (-0.1, "reversed"), (0.0, "undecided")],
)
def test_the_verdict_is_that_of_the_paired_interval(measured, by, verdict):
    rng = np.random.default_rng(0)
    lesser = rng.uniform(0.2, 0.8, size=30)
    greater = lesser + by + rng.normal(scale=0.05, size=30)
    greater -= (greater - lesser).mean() - by
    rows = [probe_row(scores=lesser), probe_row(scores=greater, kernel_size=7)]
    tried = evaluate_orderings(measured(*rows))
    first = _found(tried, "larger_kernels_help")[3]
    assert (first["target"], first["lesser"], first["greater"]) == (
        "horizontal",
        "3x3",
        "7x7",
    )
    mean, interval = paired_difference(greater, lesser)
    assert first["difference"] == pytest.approx(mean)
    assert first["difference_ci95"] == interval
    assert first["verdict"] == verdict
    assert first["network"] == "vgg16 (HED), zeros padding"
    assert (first["test_set"], first["images"]) == ("photos/test", 30)


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        ([0.0, 0.1, -0.1, 0.05], "holds"),
        ([-0.3, -0.4], "reversed"),
        ([0.3, 0.4], "reversed"),
        ([0.1, 0.2], "undecided"),
        ([0.0], "undecided"),
    ],
)
def test_near_chance(measured, scores, verdict):
    tried = evaluate_orderings(measured(rgb_row(scores=scores)))
    assert _verdicts(tried, "head_only_near_chance")[0] == verdict
    assert set(_verdicts(tried, "head_only_near_chance")[1:]) == {"not tested"}


@pytest.mark.parametrize(
    ("backbone", "tested"),
    [("resnet152", True), ("resnet50", True), ("resnet18", False)],
)
def test_only_a_deeper_resnet_is_one(measured, backbone, tested):
    rows = [
        probe_row(0.5),
        probe_row(0.7, backbone=backbone, weights="a.weights.h5"),
    ]
    tried = evaluate_orderings(measured(*rows))
    first = _found(tried, "resnet_above_vgg")[0]
    assert first["verdict"] == ("holds" if tested else "not tested")


def test_sides_are_found_in_other_runs_on_the_same_pictures(measured):
    padded = [probe_row(0.6), probe_row(0.7, padding_mode="reflect")]
    bare = [probe_row(0.2, padding_mode="none")]
    rows = measured(*padded)
    (first, *_) = _found(
        evaluate_orderings(rows + measured(*bare)), "removing_padding_lowers"
    )
    assert first["verdict"] == "holds"
    assert first["difference"] == pytest.approx(0.4)
    assert first["lesser"] == "vgg16 (HED), no padding"
    assert first["remark"] == ""
    other = measured(*bare, pictures=9)
    (first, *_) = _found(
        evaluate_orderings(rows + other), "removing_padding_lowers"
    )
    assert first["verdict"] == "not tested"
    assert first["remark"] == "scored on other pictures"


@pytest.mark.parametrize("large", [False, True])
def test_the_first_head_of_the_papers_that_was_measured_serves(measured, large):
    rows = [
        probe_row(0.6, kernel_size=1),
        probe_row(0.1, kernel_size=1, padding_mode="none"),
        probe_row(0.2),
        probe_row(0.3, padding_mode="none"),
    ]
    tried = evaluate_orderings(measured(*rows[: 4 if large else 2]))
    first = _found(tried, "removing_padding_lowers")[0]
    expected = ("reversed", "3x3") if large else ("holds", "1x1")
    assert (first["verdict"], first["head"]) == expected


def test_other_recipes_are_compared_and_told(measured):
    rows = [
        probe_row(0.5),
        probe_row(0.4, solver="adam", ridge=None),
        probe_row(0.6, head_layers=2, solver="adam", ridge=None, head_width=64),
    ]
    tried = evaluate_orderings(measured(*rows))
    first = _found(tried, "more_layers_help")[0]
    # Adam against Adam.
    assert first["difference"] == pytest.approx(0.2)
    assert first["remark"] == "fitted differently: head width 64, None"


def test_what_is_missing_is_told(measured):
    tried = evaluate_orderings(measured(probe_row(stages="2")))
    first = _found(tried, "later_stages_tell_more")[0]
    assert first["verdict"] == "not tested"
    assert first["remark"] == "not measured: 3x3, stage 1"
    (first, *_) = _found(tried, "networks_above_head_only")
    assert "a head on the bare picture" in first["remark"]
    assert _verdicts(tried, "head_only_near_chance") == ["not tested"]
    # Controls are no photographs.
    tried = evaluate_orderings(measured(rgb_row(test_set="black")))
    assert {row["verdict"] for row in tried} == {"not tested"}
    assert {row["test_set"] for row in tried} == {None}


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
    (line,) = [
        line
        for line in summary["rows"]
        if line["statement"].startswith("Heads with larger kernels")
    ]
    assert line["vgg16 (HED), zeros padding"] == (
        "3 of 4 hold, 1 reversed, 2 not tested"
    )
    assert any(
        note.startswith("Not tested: The deeper ResNet")
        for note in summary["notes"]
    )
    (line,) = [
        line for line in comparisons["rows"] if line["verdict"] == "reversed"
    ]
    assert (line["target"], line["greater"]) == ("gaussian", "7x7")
    assert line["difference"] == pytest.approx(-0.2)
