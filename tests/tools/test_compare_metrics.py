import math

import pytest
from run_tool import run_tool
from scipy import stats

from keras_padpos import runs
from keras_padpos.studies.metric_comparison import comparison_tables

ABOUT = {"machine": {"line": "1 core"}, "wall_seconds": 1.0, "skipped": {}}
SCORES = {"zeros": (0.8, 0.6), "reflect": (0.5, 0.5), "none": (0.1, 0.3)}


def network(mode, seed, folder="nets"):
    return {
        "backbone": f"{folder}/vgg5-{mode}-seed{seed}-0a1b2c3d.keras",
        "weights": "file",
        "padding_mode": "own",
        "seed": 0,
    }


def probe_rows(scores=SCORES):
    return [
        {
            **network(mode, seed),
            "target": "horizontal",
            "test_set": "photos",
            "stages": "all",
            "kernel_size": 1,
            "head_layers": 1,
            "head_padding": 0,
            "spearman": score,
        }
        for mode, each in scores.items()
        for seed, score in enumerate(each)
    ]


def pattern_row(layer, **changes):
    return {
        "layer": layer,
        "relative": 0.5,
        "snr": 0.25,
        **changes,
    }


def finished(path, experiment, rows):
    work = runs.WorkDirectory(path, experiment, {})
    work.write_results(rows, ABOUT)
    return work


def compared(path, scores):
    """The line of what one metric says, and that of the comparison."""
    finished(path / "probe", "position_probe", probe_rows(scores))
    said, line = comparison_tables([path / "probe"])
    return said["rows"][0], line["rows"][0]


def text(value, low, high):
    return f"{value:.3g} ({low:.3g} to {high:.3g})"


def test_by_hand(tmp_path):
    said, line = compared(tmp_path, SCORES)
    assert said == {
        "metric": "PosENet SPC, horizontal",
        "networks": 6,
        "zeros": f"0.7 ± {math.sqrt(0.02):.2g}",
        "reflect": "0.5 ± 0",
        "none": f"0.2 ± {math.sqrt(0.02):.2g}",
    }
    # The deviation pooled over two modes of one degree of freedom each is 0.1,
    # the range of their means 0.2.
    ends = (0.5 / math.sqrt(stats.chi2.ppf(p, 2) / 2) for p in (0.975, 0.025))
    assert line["stability"] == text(0.5, *ends)
    # Mean squares: between 0.04, within 0.01.
    assert line["share"].startswith("0.6 (0 to ")
    # Both samples have a variance of 0.02.
    reach = stats.t.ppf(0.975, 2) * math.sqrt(0.02)
    assert line["difference"] == text(0.4, 0.4 - reach, 0.4 + reach)
    assert line["standardised"] == f"{0.4 / math.sqrt(0.02):.3g}"
    assert (line["higher"], line["sides"]) == ("1", "2, 0 of 2")


def test_overlap_is_seen(tmp_path):
    scores = {"zeros": (0.3, 0.5), "none": (0.3, 0.4), "reflect": (0.1, 0.2)}
    _, line = compared(tmp_path, scores)
    # Of zeros 0.3 ties one and 0.5 beats two; reflect lies below both.
    assert line["higher"] == f"{2.5 / 8:.3g}"
    assert line["sides"] == "0, 1 of 2"


@pytest.mark.parametrize("none", [(0.2, 0.2), (0.2, 0.2 + 1e-6)])
def test_no_padding_may_be_all_alike(none, tmp_path):
    scores = {"zeros": (0.5, 0.7), "reflect": (0.3, 0.5), "none": none}
    _, line = compared(tmp_path, scores)
    # Means 0.6 and 0.4: standard error 0.1, one degree of freedom.
    reach = stats.t.ppf(0.975, 1) * 0.1
    assert line["difference"] == text(0.3, 0.3 - reach, 0.3 + reach)


def test_what_is_missing_is_none(tmp_path):
    _, line = compared(tmp_path, {"zeros": (0.5,)})
    assert line.pop("metric") and set(line.values()) == {None}


def values_of(paths, layers=("last",)):
    """What the first tables show, by model, padding mode and metric."""
    return {
        (table["title"].partition(":")[0], mode, row["metric"]): row[mode]
        for table in comparison_tables(paths, layers)
        if "what each metric says" in table["title"]
        for row in table["rows"]
        for mode in row.keys() - {"metric", "networks"}
        if row[mode] is not None
    }


def test_metrics_of_all_experiments(tmp_path):
    scores = {"zeros": (0.6,), "none": (0.1,)}
    works = [
        finished(tmp_path / "probe", "position_probe", probe_rows(scores)),
        finished(
            tmp_path / "pattern",
            "padding_pattern",
            [
                {**network("reflect", 1), **pattern_row(layer)}
                for layer in ("one", "two")
            ],
        ),
        finished(
            tmp_path / "formation",
            "pattern_formation",
            [
                {
                    "model": "vgg5",
                    "padding_mode": "zeros",
                    "seed": 0,
                    "step": step,
                    **pattern_row("two", relative=step / 10),
                }
                for step in (0, 9)
            ],
        ),
        finished(
            tmp_path / "fconv",
            "fconv_tests",
            [
                {"test": "red_green", "accuracy": 0.1},
                *(
                    {
                        **network("none", 0),
                        "test": "four_quadrants",
                        "train": "frozen",
                        "splits": splits,
                        "border": 16,
                        "accuracy": 0.5,
                    }
                    for splits in ("released", "disjoint")
                ),
            ],
        ),
    ]
    paths = [work.path for work in works]
    found = values_of(paths)
    spc = "PosENet SPC, horizontal"
    assert found["vgg5", "zeros", spc] == "0.6"
    assert found["vgg5", "none", spc] == "0.1"
    assert found["vgg5", "reflect", "PPP snr, two"] == "0.25"
    assert found["vgg5", "zeros", "PPP relative, two"] == "0.9"
    quadrants = "F-Conv quadrants, border 16, splits disjoint"
    assert found["vgg5", "none", quadrants] == "0.5"
    assert len(found) == 2 + 2 + 2 + 2
    chosen = values_of(paths[1:2], ["one"])
    assert {metric for _, _, metric in chosen} == {
        "PPP relative, one",
        "PPP snr, one",
    }
    assert len(values_of(paths[1:2], ["all"])) == 4


def test_conversions_and_named_networks_stand_apart(tmp_path):
    rows = [
        {**network("zeros", 2), "padding_mode": "reflect"},
        {**network("zeros", 2), "padding_mode": "zeros"},
        {
            "backbone": "vgg16",
            "weights": "random",
            "padding_mode": "none",
            "seed": 4,
        },
    ]
    # The last layer is not the same one everywhere.
    rows = [
        {**row, **pattern_row("two" if row["seed"] else "one")} for row in rows
    ]
    work = finished(tmp_path / "pattern", "padding_pattern", rows)
    assert {key[:2] for key in values_of([work.path])} == {
        ("vgg5 trained with zeros", "reflect"),
        ("vgg5", "zeros"),
        ("vgg16 (random)", "none"),
    }


def test_the_tool(tmp_path):
    finished(tmp_path / "probe", "position_probe", probe_rows())
    done = run_tool("tools.compare_metrics", "probe", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    (line,) = [line for line in lines if "0.7 ± 0.14" in line]
    assert "0.5 ± 0" in line and "0.2 ± 0.14" in line
    (line,) = [line for line in lines if "2, 0 of 2" in line]
    assert "0.5 (0.26 to 3.14)" in line
    markdown = run_tool(
        "tools.compare_metrics", "probe", "--format=markdown", cwd=tmp_path
    )
    assert line in markdown.stdout.splitlines()
    assert markdown.stdout.startswith("**vgg5: what each metric says")


def test_errors(tmp_path):
    done = run_tool("tools.compare_metrics", "nowhere", cwd=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "no work directory of a finished run of position_probe" in line
    assert "'nowhere' is no work directory" in line
    assert "(there is no results.json)" in line
    finished(tmp_path / "other", "count", [])
    with pytest.raises(runs.InputError, match="'.*other' is no .*one of count"):
        comparison_tables([tmp_path / "other"])
    rows = probe_rows()
    work = finished(tmp_path / "one", "position_probe", rows)
    again = finished(tmp_path / "two", "position_probe", rows[:1])
    with pytest.raises(runs.InputError, match="Two rows give PosENet SPC"):
        comparison_tables([work.path, again.path])
    rows[0]["backbone"] = "nets/mine.keras"
    bad = finished(tmp_path / "bad", "position_probe", rows)
    with pytest.raises(runs.InputError, match="MODEL-MODE-seedN.*'mine.keras'"):
        comparison_tables([bad.path])
    empty = finished(tmp_path / "empty", "position_probe", [])
    with pytest.raises(runs.InputError, match="hold no metric"):
        comparison_tables([empty.path])
