"""Flags of binaries that train."""

import types

import pytest
from absl import flags

from keras_padpos.runs import InputError
from keras_padpos.runs import define_training_flags

ONE = types.SimpleNamespace(devices=1)


def parsed(*argv, **options):
    values = flags.FlagValues()
    for name in ("seed", "max_images"):
        flags.DEFINE_integer(
            name, 0 if name == "seed" else None, "", flag_values=values
        )
    options = {
        "batch_size": 48,
        "epochs": 3,
        "seeds_of": "first weights",
        "flag_values": values,
        **options,
    }
    training = define_training_flags(**options)
    values(["binary", *argv])
    return training


def test_names_are_those_that_were_defined():
    assert set(parsed().names) == {
        "epochs",
        "max_steps",
        "batch_size",
        "train_images",
        "test_images",
        "calibrate_batch_norm",
        "log_steps",
        "seeds",
    }
    few = parsed(max_steps=False, log_steps=None, calibrates=False)
    assert set(few.names) == {
        "epochs",
        "batch_size",
        "train_images",
        "test_images",
        "seeds",
    }
    assert few.options() == {"epochs": 3, "batch_size": 48}


def test_a_rate_without_default_is_a_flag():
    assert parsed(learning_rate=None).options()["learning_rate"] is None
    given = parsed("--learning_rate=0.5", learning_rate=None)
    assert given.options() == {
        "epochs": 3,
        "batch_size": 48,
        "max_steps": None,
        "learning_rate": 0.5,
        "log_steps": 50,
    }
    with pytest.raises(flags.Error, match="learning_rate"):
        parsed("--learning_rate=1")


@pytest.mark.parametrize(
    ("argv", "default", "count", "flag"),
    [
        ([], None, None, None),
        ([], 100, 100, "--train_images=100"),
        (["--train_images=7"], 100, 7, "--train_images=7"),
        (["--max_images=7"], None, 7, "--max_images=7"),
        (["--max_images=7"], 100, 7, "--max_images=7"),
        (["--max_images=7"], 5, 5, "--train_images=5"),
    ],
)
def test_counts(argv, default, count, flag):
    training = parsed(*argv, train_images=default)
    assert training.count("train") == count
    assert training.count_flag("train") == flag


def test_steps_and_seeds():
    training = parsed("--batch_size=4", "--seeds=2", "--seed=5")
    assert training.steps(19) == 4 * 3
    assert list(training.seeds) == [5, 6]
    assert parsed("--batch_size=4", "--max_steps=5").steps(19) == 5
    assert parsed("--batch_size=4", "--max_steps=50").steps(19) == 12
    assert parsed("--batch_size=4", max_steps=False).steps(19) == 12


@pytest.mark.parametrize(
    ("argv", "pictures", "said"),
    [
        (
            [],
            40,
            "--batch_size=48 must be at most .* --dataset=x, which has 40",
        ),
        (
            ["--train_images=100"],
            40,
            "--batch_size=48 must be at most .* --dataset=x, which has 40",
        ),
        (
            ["--train_images=40"],
            40,
            "--train_images must be at least --batch_size=48. Received: 40",
        ),
        (
            ["--max_images=9", "--train_images=40"],
            9,
            "--max_images must be at least --batch_size=48. Received: 9",
        ),
    ],
)
def test_less_than_a_batch_is_refused(argv, pictures, said):
    with pytest.raises(InputError, match=said):
        parsed(*argv).check(pictures, ONE, "--dataset=x")


def test_batches_are_divided_among_devices():
    training = parsed()
    training.check(48, types.SimpleNamespace(devices=3), "--dataset=x")
    with pytest.raises(InputError, match="multiple of the 5 devices"):
        training.check(48, types.SimpleNamespace(devices=5), "--dataset=x")


def test_help_belongs_to_the_one_who_asks():
    values = parsed().values
    own = {flag.name for flag in values.get_key_flags_for_module(__name__)}
    assert {"epochs", "seeds", "log_steps"} <= own
