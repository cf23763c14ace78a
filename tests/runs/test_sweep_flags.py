import pytest
from stub_experiment import write_stub

from keras_padpos.runs import InputError
from keras_padpos.sweep import SweepRun
from keras_padpos.sweep import grid as check_sweep_flags


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("flags")
    write_stub(path)
    (path / "stubs" / "bare.py").write_text("import absl.app")
    (path / "stubs" / "sick.py").write_text("import no_such_package")
    (path / "stubs" / "ill.py").write_text("1 / 0")
    (path / "stubs" / "dead.py").write_text("import os; os._exit(3)")
    return path


@pytest.fixture
def check(folder, monkeypatch):
    monkeypatch.chdir(folder)
    root = __file__.rpartition("/tests/")[0]
    monkeypatch.setenv("PYTHONPATH", root)

    def ask(experiment, *flags):
        check_sweep_flags(
            [
                SweepRun(experiment, given, place=f"study.yaml, block {number}")
                for number, given in enumerate(flags, start=1)
            ]
        )

    return ask


def test_flags_that_the_binary_takes(check):
    check(
        "stubs.count",
        {"units": 3, "list": ["a", "b"], "mixed_precision": True},
        {"units": "3", "list": "a", "fail": "error", "seed": 1},
        {},
    )


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"unit": 1}, "stubs.count has no flag `unit`; `units` is one."),
        ({"workdir": "x"}, "`workdir` must be left out: the sweep gives"),
        ({"resume": False}, "`resume` must be left out"),
        ({"overwrite": True}, "`overwrite` must be left out"),
        ({"flagfile": "x"}, "`flagfile` must be left out"),
        ({"units": 0}, "flag --units=0: 0 is not"),
        ({"units": "many"}, "flag --units=many"),
        ({"fail": "yes"}, "flag --fail=yes: value should be one of"),
        ({"fail": False}, "`fail` must be text or a number. Received: False"),
        ({"list": ["a", True]}, "`list` must be text or a number"),
        ({"mixed_precision": 1}, "`mixed_precision` must be true or false"),
    ],
)
def test_flags_that_it_does_not_take(check, flags, words):
    with pytest.raises(InputError) as error:
        check("stubs.count", {"units": 1}, flags, {"units": 2})
    assert str(error.value).startswith("study.yaml, block 2: ")
    assert words in str(error.value)


def test_one_runs_values_are_not_the_next_ones(check, folder):
    (folder / "stubs" / "pair.py").write_text(
        "from absl import flags\n"
        "flags.DEFINE_string('workdir', None, '')\n"
        "flags.DEFINE_bool('a', False, '')\n"
        "flags.DEFINE_bool('b', False, '')\n"
        "flags.mark_bool_flags_as_mutual_exclusive(['a', 'b'])\n"
    )
    check("stubs.pair", {"a": True}, {"b": True})
    with pytest.raises(InputError, match="block 1: flags a=True, b=True"):
        check("stubs.pair", {"a": True, "b": True})


@pytest.mark.parametrize(
    ("experiment", "words"),
    [
        ("stubs.nowhere", "there is no experiment 'stubs.nowhere'."),
        ("no_stubs.count", "there is no experiment 'no_stubs.count'."),
        ("experiments.nowhere", "there is no experiment 'experiments.nowhere'"),
        ("stubs.bare", "stubs.bare has no --workdir"),
        ("stubs.sick", "cannot be imported: No module named 'no_such_package'"),
        ("stubs.ill", "cannot be imported: ZeroDivisionError"),
        ("stubs.dead", "stubs.dead cannot be asked for its flags"),
    ],
)
def test_modules_that_are_no_experiments(check, experiment, words):
    with pytest.raises(InputError) as error:
        check(experiment, {})
    assert str(error.value).startswith("study.yaml, block 1: ")
    assert words in str(error.value)
