import dataclasses
import functools
import json
from pathlib import Path

import pytest
from absl import flags
from stub_experiment import write_stub

from keras_padpos.errors import InputError
from keras_padpos.sweep import SweepRun
from keras_padpos.sweep import grid as grid_module
from keras_padpos.sweep import sweep_grid

ROOT = Path(__file__).parents[2]


def define_flags():
    """The flags of a binary."""
    defined = flags.FlagValues()
    flags.DEFINE_integer("units", 2, "", lower_bound=1, flag_values=defined)
    flags.DEFINE_list("list", [], "", flag_values=defined)
    flags.DEFINE_enum("fail", "no", ["no", "error"], "", flag_values=defined)
    for name in ("mixed_precision", "deterministic"):
        flags.DEFINE_bool(name, False, "", flag_values=defined)
    flags.mark_bool_flags_as_mutual_exclusive(
        ["mixed_precision", "deterministic"], flag_values=defined
    )
    return defined


@pytest.fixture
def write(tmp_path):
    def written(text):
        file = tmp_path / "study.yaml"
        # JSON is YAML.
        file.write_text(text if isinstance(text, str) else json.dumps(text))
        return file

    return written


@pytest.fixture
def read(write, monkeypatch):
    """Reads a file; no binary checks its flags."""
    monkeypatch.setattr(grid_module, "_first_fault", lambda *_: None)
    return lambda text: sweep_grid(write(text))


@pytest.fixture
def in_this_process(monkeypatch):
    """Studies check their flags without a process for each."""

    def first_fault(experiment, flag_sets):
        declared = grid_module._flags_of(experiment)
        return grid_module._first_flag_fault(*declared, experiment, flag_sets)

    monkeypatch.setattr(grid_module, "_first_fault", first_fault)


def test_every_combination_in_the_order_of_the_file(read):
    runs = read("""
        experiment: fconv_tests
        flags: {test: red_green, mixed_precision: false}
        grid:
          padding_mode: [zeros, [reflect, circular]]
          seed: [0, 1.5]
    """)
    assert {run.experiment for run in runs} == {"fconv_tests"}
    assert [
        dataclasses.replace(run, workdir="W").command()[2:] for run in runs
    ] == [
        [
            "keras_padpos",
            "fconv_tests",
            "--test=red_green",
            "--mixed_precision=false",
            f"--padding_mode={mode}",
            f"--seed={seed}",
            "--workdir=W",
        ]
        for mode in ("zeros", "reflect,circular")
        for seed in ("0", "1.5")
    ]


def test_a_block_overrides_what_all_blocks_share(read):
    runs = read("""
        experiment: one
        flags: {seed: 3, units: 1}
        runs:
          - grid: {list: [a, b]}
          - experiment: stubs.two
            flags: {seed: 4}
          - grid: {seed: [5]}
    """)
    assert [(run.experiment, dict(run.flags)) for run in runs] == [
        ("one", {"seed": 3, "units": 1, "list": "a"}),
        ("one", {"seed": 3, "units": 1, "list": "b"}),
        ("stubs.two", {"seed": 4, "units": 1}),
        ("one", {"seed": 5, "units": 1}),
    ]


def test_flags_that_vary_in_an_experiment_are_in_the_labels(read):
    runs = read("""
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


def test_names_hold_what_varies_and_a_digest_of_the_flags():
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
    assert len(SweepRun("a.count", {"to": "x" * 300}, ("to",)).name) < 140


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "study.yaml must be a mapping"),
        ("experiment: [a", "study.yaml, line 1: "),
        ("experiment: a\n? [b]\n: c", "study.yaml, line 2: "),
        ("experiment: a\nexperiment: b", "line 2: key 'experiment' appears"),
        ("experiment: a\nflags: {x: 1, x: 2}", "line 2: key 'x' appears twice"),
        ("\x00", "Cannot read "),
        ("experiment: a\nfalgs: {}", "yaml: a key must be of experiment, flag"),
        ("flags: {x: 1}", "study.yaml: `experiment` must be the name"),
        ("experiment: a\nflags: [x]", "`flags` must be a mapping"),
        ("experiment: a\nflags: {on: 1}", "flags: a flag's name must be text"),
        ("experiment: a\nflags: {x: {}}", "flags: `x` must be text, a number"),
        ("experiment: a\nflags: {x: 2020-02-02}", "flags: `x` must be text"),
        ("experiment: a\ngrid: {}", "study.yaml: `grid` must be a mapping"),
        ("experiment: a\ngrid: {x: 1}", "grid: `x` must be a list of values"),
        ("experiment: a\ngrid: {x: [[]]}", "grid: `x` must be text"),
        (
            "experiment: a\nflags: {x: 1}\ngrid: {x: [1]}",
            "`x` is in `flags` and in `grid`",
        ),
        ("runs: []", "`runs` must be a list of blocks"),
        ("runs: [{experiment: a}, {}]", "study.yaml, block 2 must be a mapp"),
        ("grid: {x: [1]}\nruns: [{experiment: a}]", "Received: 'grid'"),
        ("flags: 3\nruns: [{experiment: a}]", "study.yaml: `flags` must be"),
        (
            "runs: [{experiment: a}, {experiment: a}]",
            "block 2: the run 'a' appears twice, first in ",
        ),
        (
            "experiment: a\ngrid:\n"
            + "".join(f"  {name}: {[*range(10)]}\n" for name in "abcdef"),
            "`grid` makes 1000000 runs",
        ),
    ],
)
def test_an_error_names_file_block_and_key(read, text, message):
    with pytest.raises(InputError) as error:
        read(text)
    assert message in str(error.value)
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
def test_the_bundled_grids(file, monkeypatch, in_this_process):
    monkeypatch.chdir(ROOT)
    assert len(sweep_grid(file)) > 1


def blocks(*flag_sets, experiment="stubs.count"):
    return {"runs": [{"experiment": experiment, "flags": f} for f in flag_sets]}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"unit": 1}, "stubs.count has no flag `unit`; `units` is one."),
        ({"workdir": "x"}, "`workdir` must be left out: the sweep gives"),
        ({"resume": False}, "`resume` must be left out"),
        ({"units": 0}, "flag --units=0: 0 is not"),
        ({"fail": "yes"}, "flag --fail=yes: value should be one of"),
        ({"fail": False}, "`fail` must be text or a number. Received: False"),
        ({"list": ["a", True]}, "`list` must be text or a number"),
        ({"mixed_precision": 1}, "`mixed_precision` must be true or false"),
        (
            {"mixed_precision": True, "deterministic": True},
            "flags mixed_precision=True, deterministic=True",
        ),
    ],
)
def test_values_that_a_flag_does_not_take(write, monkeypatch, values, message):
    defined = define_flags()
    monkeypatch.setattr(
        grid_module,
        "_first_fault",
        lambda *args: grid_module._first_flag_fault(defined, {}, *args),
    )
    # One run's values are not the next one's.
    before = {"mixed_precision": True, "units": "3", "list": ["a", "b"]}
    with pytest.raises(InputError) as error:
        sweep_grid(write(blocks(before, {"deterministic": True}, values, {})))
    assert f"study.yaml, block 3: {message}" in str(error.value)


@pytest.fixture
def stubs(tmp_path, monkeypatch):
    write_stub(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path / "stubs"


def test_a_study_checks_what_it_declares(write, monkeypatch, in_this_process):
    monkeypatch.chdir(ROOT)
    texture = functools.partial(blocks, experiment="texture")
    (run,) = sweep_grid(write(texture({"padding_mode": ["zeros", "reflect"]})))
    assert run.experiment == "texture"
    for flag_set, message in (
        ({"padding_mod": "zeros"}, "no flag `padding_mod`; `padding_mode` is"),
        (
            {"padding_mode": ["zeros", "x"]},
            "--padding_mode must be one of zeros, ",
        ),
    ):
        with pytest.raises(InputError) as error:
            sweep_grid(write(texture({}, flag_set)))
        assert "study.yaml, block 2: " in str(error.value)
        assert message in str(error.value)


def test_a_binary_checks_the_flags_of_its_runs(stubs, write):
    good = {"units": "3", "list": ["a", "b"], "mixed_precision": True}
    assert len(sweep_grid(write(blocks(good, {"fail": "error"}, {})))) == 3
    with pytest.raises(InputError, match="block 2: flag --units=0: 0 is not"):
        sweep_grid(write(blocks(good, {"units": 0})))


@pytest.mark.parametrize(
    ("experiment", "code", "message"),
    [
        ("no_stubs.none", None, "there is no module 'no_stubs.none'."),
        ("textures", None, "no study 'textures'. Did you mean texture?"),
        ("stubs.bare", "import absl.app", "stubs.bare has no --workdir"),
        ("stubs.sick", "import no_such", "imported: No module named 'no_such'"),
        ("stubs.ill", "1 / 0", "cannot be imported: ZeroDivisionError"),
        (
            "stubs.dead",
            "import os; os._exit(3)",
            "stubs.dead does not define its flags",
        ),
    ],
)
def test_modules_that_are_no_experiments(
    stubs, write, experiment, code, message
):
    if code is not None:
        (stubs / f"{experiment.partition('.')[2]}.py").write_text(code)
    with pytest.raises(InputError) as error:
        sweep_grid(write(blocks({}, experiment=experiment)))
    assert "study.yaml, block 1: " in str(error.value)
    assert message in str(error.value)
