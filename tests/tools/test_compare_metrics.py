import math

import pytest
from run_binary import run_binary
from scipy import stats

from keras_padpos import runs
from keras_padpos import studies
from keras_padpos.studies._metric_comparison import metric_comparison
from keras_padpos.studies._metric_values import MetricValue
from keras_padpos.studies._metric_values import metric_values
from keras_padpos.studies.comparison_report import comparison_tables

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
        "snr_of_means": 0.2,
        **changes,
    }


def finished(path, experiment, rows):
    work = runs.WorkDirectory(path, experiment, {})
    work.write_results(rows, ABOUT)
    return work


def test_by_hand():
    values = [
        MetricValue("vgg5", mode, seed, "score", score)
        for mode, each in SCORES.items()
        for seed, score in enumerate(each)
    ]
    (line,) = metric_comparison(values)
    assert line["networks"] == 6
    mean, sd, count = line["modes"]["zeros"]
    assert (mean, sd, count) == (
        pytest.approx(0.7),
        pytest.approx(math.sqrt(0.02)),
        2,
    )
    # Pooled over two modes of one degree of freedom each.
    assert line["sd"] == pytest.approx(0.1)
    assert line["range"] == pytest.approx(0.2)
    assert line["stability"] == pytest.approx(0.5)
    low, high = line["stability_ci95"]
    assert low == pytest.approx(0.5 / math.sqrt(stats.chi2.ppf(0.975, 2) / 2))
    assert high == pytest.approx(0.5 / math.sqrt(stats.chi2.ppf(0.025, 2) / 2))
    # Mean squares: between 0.04, within 0.01.
    assert line["share"] == pytest.approx(0.03 / 0.05)
    assert line["difference"] == pytest.approx(0.6 - 0.2)
    # Both samples have a variance of 0.02.
    assert line["standardised"] == pytest.approx(0.4 / math.sqrt(0.02))
    reach = stats.t.ppf(0.975, 2) * math.sqrt(0.02)
    assert line["difference_ci95"] == pytest.approx([0.4 - reach, 0.4 + reach])
    assert line["higher"] == 1
    assert (line["above"], line["below"]) == (2, 0)
    assert line["padding_modes"] == 2


def test_overlap_is_seen():
    scores = {"zeros": (0.3, 0.5), "none": (0.3, 0.4), "reflect": (0.1, 0.2)}
    values = [
        MetricValue("vgg5", mode, seed, "score", score)
        for mode, each in scores.items()
        for seed, score in enumerate(each)
    ]
    (line,) = metric_comparison(values)
    # Of zeros 0.3 ties one and 0.5 beats two; reflect lies below both.
    assert line["higher"] == pytest.approx(2.5 / 8)
    assert (line["above"], line["below"]) == (0, 1)


@pytest.mark.parametrize("none", [(0.2, 0.2), (0.2, 0.2 + 1e-6)])
def test_no_padding_may_be_all_alike(none):
    scores = {"zeros": (0.5, 0.7), "reflect": (0.3, 0.5), "none": none}
    values = [
        MetricValue("vgg5", mode, seed, "score", score)
        for mode, each in scores.items()
        for seed, score in enumerate(each)
    ]
    (line,) = metric_comparison(values)
    # Means 0.6 and 0.4: standard error 0.1, one degree of freedom.
    reach = stats.t.ppf(0.975, 1) * 0.1
    assert line["difference_ci95"] == pytest.approx(
        [0.3 - reach, 0.3 + reach], abs=1e-4
    )


def test_what_is_missing_is_none():
    values = [MetricValue("vgg5", "zeros", 0, "score", 0.5)]
    (line,) = metric_comparison(values)
    for name in ("sd", "stability", "share", "difference", "above"):
        assert line[name] is None
    assert comparison_tables(values)[1]["rows"][0].get("stability") is None


def test_metrics_of_all_experiments(tmp_path):
    works = [
        finished(tmp_path / "probe", "position_probe", probe_rows()),
        finished(
            tmp_path / "pattern",
            "padding_pattern",
            [
                {**network("zeros", 1), **pattern_row(layer)}
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
    found = {value[:4]: value.value for value in metric_values(works)}
    spc = "PosENet SPC, horizontal"
    assert found["vgg5", "zeros", 1, spc] == 0.6
    assert found["vgg5", "none", 0, spc] == 0.1
    assert found["vgg5", "zeros", 1, "PPP snr, two"] == 0.25
    assert found["vgg5", "zeros", 0, "PPP relative, two"] == 0.9
    quadrants = "F-Conv quadrants, border 16, splits disjoint"
    assert found["vgg5", "none", 0, quadrants] == 0.5
    assert len(found) == 6 + 3 + 3 + 2
    chosen = metric_values(works[1:2], ["one"])
    assert {value.metric for value in chosen} == {
        "PPP relative, one",
        "PPP snr_of_means, one",
        "PPP snr, one",
    }
    assert len(metric_values(works[1:2], ["all"])) == 6


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
    assert {value[:3] for value in metric_values([work])} == {
        ("vgg5 trained with zeros", "reflect", 2),
        ("vgg5", "zeros", 2),
        ("vgg16 (random)", "none", 4),
    }


def test_the_tool(tmp_path):
    finished(tmp_path / "probe", "position_probe", probe_rows())
    done = run_binary("tools.compare_metrics", "probe", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    (line,) = [line for line in lines if "0.7 ± 0.14" in line]
    assert "0.5 ± 0" in line and "0.2 ± 0.14" in line
    (line,) = [line for line in lines if "2, 0 of 2" in line]
    assert "0.5 (0.26 to 3.14)" in line
    markdown = run_binary(
        "tools.compare_metrics", "probe", "--format=markdown", cwd=tmp_path
    )
    assert line in markdown.stdout.splitlines()
    assert markdown.stdout.startswith("**vgg5: what each metric says")


def test_errors(tmp_path):
    done = run_binary("tools.compare_metrics", "nowhere", cwd=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "WORKDIR must be that of a finished run of position_probe" in line
    assert "'nowhere' (there is no results.json)" in line
    finished(tmp_path / "other", "count", [])
    with pytest.raises(runs.InputError, match="'.*other' .it is one of count."):
        studies.open_metric_runs([tmp_path / "other"])
    rows = probe_rows()
    work = finished(tmp_path / "one", "position_probe", rows)
    again = finished(tmp_path / "two", "position_probe", rows[:1])
    with pytest.raises(runs.InputError, match="Two rows give PosENet SPC"):
        metric_values([work, again])
    rows[0]["backbone"] = "nets/mine.keras"
    bad = finished(tmp_path / "bad", "position_probe", rows)
    with pytest.raises(runs.InputError, match="MODEL-MODE-seedN.*'mine.keras'"):
        metric_values([bad])
    empty = finished(tmp_path / "empty", "position_probe", [])
    with pytest.raises(runs.InputError, match="hold no metric"):
        metric_values([empty])
