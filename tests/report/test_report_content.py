import functools
import itertools

import pytest
import report_runs
from finished_probe import finished_probe
from finished_probe import probe_row

from keras_padpos.report.content import report_content
from keras_padpos.report.read_runs import find_runs
from keras_padpos.studies.fconv_tests import STUDY as FCONV
from keras_padpos.studies.layouts import LAYOUTS


def content_of(path, **options):
    return report_content(find_runs([str(path)]), LAYOUTS, **options)


@pytest.fixture(scope="module")
def everything(all_runs):
    return report_content(all_runs, LAYOUTS)


def test_every_run_has_its_place(everything):
    groups = itertools.chain(*everything.experiments.values())
    shown = [run.name for group in groups for run in group.runs]
    assert sorted(shown) == sorted(run.name for run in everything.runs)
    assert len(everything.overview["rows"]) == len(shown) == 13
    assert everything.title.endswith("and 8 more: 13 runs")
    states = {row["run"]: row["state"] for row in everything.overview["rows"]}
    assert (states["begun"], states["damaged"]) == ("unfinished", "damaged")
    assert set(everything.experiments) >= {*LAYOUTS, "own_task"}


def test_known_experiments_have_the_tables_of_their_binaries(everything):
    for name in LAYOUTS:
        (with_tables,) = [
            part for part in everything.experiments[name] if part.tables
        ]
        titles = [table["title"] for table in with_tables.tables]
        assert not any("rows" in title for title in titles), titles
    (part, _) = everything.experiments["fconv_tests"]
    assert list(part.tables) == FCONV.lay_out(part.runs[0].rows)


def test_what_is_missing_is_told(everything):
    missing = everything.missing
    assert missing["Runs that are not finished"] == [
        "begun (fconv_tests): finished: red_green-seed0."
    ]
    (line,) = missing["Damaged results"]
    assert line.startswith("damaged (prediction_agreement): results.json")
    numbers = missing["Papers' numbers that no run has beside"]
    # Of Table 1 the runs measured the 3x3 head of VGG16 and of RGB alone.
    (first,) = [line for line in numbers if "Table 1:" in line]
    assert "56 of 60" in first and "ResNet152, 3x3: 20" in first


def test_our_numbers_stand_beside_the_papers(everything):
    tables = [part["published"].table for part in everything.papers]
    assert "Table 1" in tables and everything.orderings
    covered = {
        (row["cite"][:5], row["table"]): row["covered"]
        for row in everything.coverage["rows"]
    }
    assert covered["Islam", "Table 1"] == 4
    assert covered["Kayha", "red-green table"] == 2
    assert covered["Islam", "Table 5b"] is None


def test_seeds_of_several_runs_share_a_table(tmp_path):
    for seed in range(2):
        rows = [probe_row(0.5 + seed / 10, weights="random", seed=seed)]
        finished_probe(tmp_path / f"{seed}", rows, pictures=seed, seed=seed)
    content = content_of(tmp_path)
    (part,) = content.experiments["position_probe"]
    assert [run.name for run in part.runs] == ["0", "1"]
    (line,) = part.tables[0]["rows"]
    assert line["network"] == "vgg16 (random), zeros padding"
    assert line["spearman"] == "0.550 ± 0.071 (2 seeds)"
    # They score other crops, over which there is no interval.
    assert line["spearman_ci95"] is None


def test_trained_networks_of_several_seeds_are_told_apart(tmp_path):
    for seed in range(2):
        rows = [
            probe_row(0.5 + seed / 10, seed=seed),
            probe_row(0.1, seed=seed, padding_mode="reflect"),
        ]
        finished_probe(tmp_path / f"{seed}", rows, pictures=seed, seed=seed)
    (part,) = content_of(tmp_path).experiments["position_probe"]
    full, differences = part.tables
    assert ("seed_words", "seeds") in full["columns"]
    lines = [(row["padding_mode"], row["seed_words"]) for row in full["rows"]]
    assert lines == [
        (mode, seed) for seed in "01" for mode in ("zeros", "reflect")
    ]
    assert [row["seed_words"] for row in differences["rows"]] == ["0", "1"]


def test_repeated_runs_stay_apart(tmp_path):
    for name in "ab":
        report_runs.fconv_run(tmp_path / name)
    parts = content_of(tmp_path).experiments["fconv_tests"]
    assert [[run.name for run in part.runs] for part in parts] == [["a"], ["b"]]
    # Four rows of each, and not eight seeds.
    for part in parts:
        assert {row["seeds"] for row in part.tables[0]["rows"]} == {2}


def test_seeds_that_differ_are_told(tmp_path):
    report_runs.fconv_run(tmp_path / "a", seeds=range(5), modes=["zeros"])
    report_runs.fconv_run(tmp_path / "b", seeds=range(1), modes=["circular"])
    missing = content_of(tmp_path).missing
    assert missing["Seeds that differ"] == [
        "fconv_tests: circular: 1 seed of 5, 1 to 4 are missing."
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[0].pop("convolution"), "'convolution' is missing"),
        (lambda rows: rows[0].update(accuracy="high"), ""),
        (lambda rows: rows[1].update(accuracy=None), ""),
        (lambda rows: rows[0].update(padding_mode={"a": 1}), ""),
    ],
)
def test_rows_that_are_not_as_expected_are_shown_all_the_same(
    change, words, tmp_path
):
    report_runs.fconv_run(tmp_path / "good", modes=["circular"])
    report_runs.fconv_run(tmp_path / "odd", modes=["zeros"])
    report_runs.rewrite(
        tmp_path / "odd", lambda results: change(results["rows"])
    )
    content = content_of(tmp_path)
    good, odd = content.experiments["fconv_tests"]
    assert good.tables[0]["title"].startswith("Red-green test")
    assert odd.tables[0]["title"].startswith("fconv_tests: ")
    (line,) = content.missing["Files that are not as they should be"]
    assert line.startswith("odd: Shown row by row")
    assert words in line


def test_a_probe_without_its_arrays_is_shown_by_its_rows(tmp_path):
    report_runs.probe_run(tmp_path / "good")
    report_runs.probe_run(tmp_path / "bare")
    (tmp_path / "bare" / "arrays.npz").unlink()
    content = content_of(tmp_path)
    (line,) = content.missing["Files that are not as they should be"]
    assert line.startswith("bare: ") and "arrays.npz" in line
    shown = {
        part.runs[0].name: part.tables[0]["title"]
        for part in content.experiments["position_probe"]
    }
    assert shown["good"].startswith("Position probe on photos/test")
    assert shown["bare"] == "position_probe: 5 rows"
    # The papers' tables are made of what is whole.
    assert content.papers


def test_versions_that_differ_and_pictures_left_out_are_told(tmp_path):
    for name, version in (("a", "3.14"), ("b", "3.15")):
        report_runs.own_run(tmp_path / name)
        about = {
            "versions": {"keras": version, "numpy": "2"},
            "skipped": {"photos": [f"{name}.png: torn"] * 5, "noise": []},
        }
        report_runs.rewrite(
            tmp_path / name, functools.partial(dict.update, provenance=about)
        )
    missing = content_of(tmp_path).missing
    assert missing["Versions that differ"] == ["keras: 3.14 (a); 3.15 (b)."]
    assert missing["Pictures that were left out"][0] == (
        "a: photos: 5 left out (a.png: torn; a.png: torn; a.png: torn; 2 more)."
    )


def test_an_unknown_experiment_has_its_rows_and_misses_nothing(tmp_path):
    report_runs.own_run(tmp_path / "a")
    content = content_of(tmp_path)
    assert content.title == "own_task: 1 run"
    assert content.missing == {}
    ((table,),) = [part.tables for part in content.experiments["own_task"]]
    assert table["title"] == "own_task: 2 rows"
    assert content_of(tmp_path, title="Mine").title == "Mine"
