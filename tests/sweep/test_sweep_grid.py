from pathlib import Path

import pytest

from keras_padpos.runs import InputError
from keras_padpos.sweep import SweepRun
from keras_padpos.sweep import grid as check_sweep_flags
from keras_padpos.sweep import grid as sweep_grid

ROOT = Path(__file__).parents[2]


@pytest.fixture
def grid(tmp_path):
    def read(text):
        file = tmp_path / "study.yaml"
        file.write_text(text)
        return sweep_grid(file)

    return read


def test_every_combination_in_the_order_of_the_file(grid):
    runs = grid("""
        experiment: fconv_tests
        flags: {test: red_green, mixed_precision: false}
        grid:
          padding_mode: [zeros, [reflect, circular]]
          seed: [0, 1.5]
    """)
    assert {run.experiment for run in runs} == {"experiments.fconv_tests"}
    assert [run.command("W")[3:] for run in runs] == [
        [
            "--test=red_green",
            "--mixed_precision=false",
            f"--padding_mode={mode}",
            f"--seed={seed}",
            "--workdir=W",
        ]
        for mode in ("zeros", "reflect,circular")
        for seed in ("0", "1.5")
    ]


def test_uneven_blocks_share_what_they_do_not_say_themselves(grid):
    runs = grid("""
        experiment: one
        flags: {seed: 3, units: 1}
        runs:
          - grid: {list: [a, b]}
          - experiment: stubs.two
            flags: {seed: 4}
          - grid: {seed: [5]}
    """)
    assert [(run.experiment, dict(run.flags)) for run in runs] == [
        ("experiments.one", {"seed": 3, "units": 1, "list": "a"}),
        ("experiments.one", {"seed": 3, "units": 1, "list": "b"}),
        ("stubs.two", {"seed": 4, "units": 1}),
        ("experiments.one", {"seed": 5, "units": 1}),
    ]


def test_what_varies_anywhere_in_the_file_is_in_the_names(grid):
    runs = grid("""
        experiment: one
        flags: {units: 3}
        runs:
          - flags: {weights: bundled}
            grid: {seed: [0]}
          - flags: {weights: random, fail: "no"}
            grid: {seed: [0]}
          - experiment: two
            flags: {seed: 1}
    """)
    assert [run.label for run in runs] == [
        "one weights=bundled",
        "one weights=random fail=no",
        "two",
    ]


def test_names_say_what_varies_and_are_those_of_the_flags():
    first = SweepRun("a.count", {"seed": 1, "to": ["x/y", "z"]}, ("to",))
    assert first.label == "count to=x/y,z"
    assert first.name == f"count-to=x-y-z-{first.digest}"
    # Neither the order nor how a value is written makes another run.
    again = SweepRun("a.count", {"to": "x/y,z", "seed": "1"})
    assert again.digest == first.digest
    others = [
        SweepRun("b.count", first.flags),
        SweepRun("a.count", {**first.flags, "seed": 2}),
        SweepRun("a.count", {"seed": 1}),
    ]
    assert len({run.digest for run in [first, *others]}) == 4
    long = SweepRun("a.count", {"to": "x" * 300}, ("to",))
    assert len(long.name) < 140


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "study.yaml must be a mapping"),
        ("- experiment: a", "study.yaml must be a mapping"),
        ("experiment: [a", "study.yaml, line 1: "),
        ("experiment: a\n? [b]\n: c", "study.yaml, line 2: "),
        ("experiment: a\nexperiment: b", "line 2: key 'experiment' stands"),
        ("experiment: a\nflags: {x: 1, x: 2}", "line 2: key 'x' stands twice"),
        ("\x00", "Cannot read "),
        ("experiment: a\nfalgs: {}", "study.yaml: key 'falgs' is not known"),
        ("flags: {x: 1}", "study.yaml: `experiment` must name a binary"),
        ("experiment: 3", "`experiment` must name a binary"),
        ("experiment: a\nflags: [x]", "`flags` must be a mapping"),
        ("experiment: a\nflags:", "`flags` must be a mapping"),
        ("experiment: a\nflags: {on: 1}", "flags: a flag's name must be text"),
        ("experiment: a\nflags: {x: {}}", "flags: `x` must be text, a number"),
        ("experiment: a\nflags: {x: []}", "flags: `x` must be text, a number"),
        ("experiment: a\nflags: {x: }", "flags: `x` must be text, a number"),
        ("experiment: a\nflags: {x: 2020-02-02}", "flags: `x` must be text"),
        ("experiment: a\ngrid: {}", "study.yaml: `grid` is empty"),
        ("experiment: a\ngrid:", "`grid` must be a mapping"),
        ("experiment: a\ngrid: {x: 1}", "grid: `x` must be a list of values"),
        ("experiment: a\ngrid: {x: []}", "grid: `x` must be a list of values"),
        ("experiment: a\ngrid: {x: [[]]}", "grid: `x` must be text"),
        ("experiment: a\ngrid: {x: [~]}", "grid: `x` must be text"),
        (
            "experiment: a\nflags: {x: 1}\ngrid: {x: [1]}",
            "`x` stands in `flags` and in `grid`",
        ),
        (
            "experiment: a\ngrid: {x: [0, 0]}",
            "study.yaml: the run 'experiments.a --x=0' stands there twice.",
        ),
        ("runs: []", "`runs` must be a list of blocks"),
        ("runs: {experiment: a}", "`runs` must be a list of blocks"),
        ("runs: [a]", "study.yaml, block 1 must be a mapping"),
        ("runs: [{experiment: a}, {}]", "study.yaml, block 2 must be a mapp"),
        ("runs: [{experiment: a, x: 1}]", "block 1: key 'x' is not known"),
        ("grid: {x: [1]}\nruns: [{experiment: a}]", "key 'grid' is not known"),
        ("flags: 3\nruns: [{experiment: a}]", "study.yaml: `flags` must be"),
        (
            "runs: [{experiment: a}, {experiment: b, flags: {x: {}}}]",
            "block 2, flags: `x` must be text",
        ),
        (
            "runs: [{experiment: a}, {experiment: a}]",
            "block 2: the run 'experiments.a' stands there twice (and in",
        ),
        (
            "experiment: a\ngrid:\n"
            + "".join(f"  {name}: {[*range(10)]}\n" for name in "abcdef"),
            "`grid` makes 1000000 runs",
        ),
    ],
)
def test_a_fault_names_file_block_and_key(grid, text, words):
    with pytest.raises(InputError) as error:
        grid(text)
    assert words in str(error.value)
    assert "study.yaml" in str(error.value)


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"experiment: \xff")
    for name in ("latin.yaml", "nowhere.yaml", "."):
        with pytest.raises(InputError, match="Cannot read "):
            sweep_grid(tmp_path / name)


@pytest.mark.parametrize(
    "file",
    sorted((ROOT / "experiments" / "grids").glob("*.yaml")),
    ids=lambda file: file.name,
)
def test_the_grids_that_come_along(file, monkeypatch):
    monkeypatch.chdir(ROOT)
    runs = sweep_grid(file)
    check_sweep_flags(runs)
    assert len(runs) > 1
