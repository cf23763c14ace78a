"""Declared flags, and what they were given."""

import json
import types

import numpy as np
import pytest
from absl import flags

from keras_padpos.runs import Flag
from keras_padpos.runs import InputError
from keras_padpos.runs import apply_common_flags
from keras_padpos.runs.common_flags import COMMON
from keras_padpos.runs.common_flags import DEVICES
from keras_padpos.runs.flags import Settings
from keras_padpos.runs.flags import activated
from keras_padpos.runs.training_options import Training
from keras_padpos.runs.training_options import training_flags

ONE = types.SimpleNamespace(devices=1)


def parsed(declared, *argv):
    declared = {**declared, **COMMON, **DEVICES}
    values = flags.FlagValues()
    for name, flag in declared.items():
        flag.define(name, values)
    values(["binary", *argv])
    return Settings(declared, values), values


def test_config_is_json_of_what_decides(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    declared = {
        "sizes": Flag([1, 3], "Sizes.", type=int),
        "threads": Flag(2, "Threads.", decides=False),
    }
    settings, _ = parsed(
        declared, "--seed=7", "--max_images=4", "--data_dir=data", "--sizes=2,3"
    )
    config = settings.config()
    assert list(config)[0] == "sizes"
    assert json.loads(json.dumps(config)) == {
        "sizes": ["2", "3"],
        "seed": 7,
        "data_dir": str(tmp_path / "data"),
        "mixed_precision": False,
        "max_images": 4,
    }
    assert settings.sizes == [2, 3]
    assert settings.text("sizes") == "--sizes=2,3"
    assert (settings.present("sizes"), settings.present("threads")) == (1, 0)
    settings, _ = parsed({})
    assert (settings.workdir, settings.resume) == (None, True)
    assert set(settings.config().values()) == {0, None}


@pytest.mark.parametrize(
    "flag",
    ["--seed=-1", "--seed=x", "--max_images=0", "--strategy=tpu"],
)
def test_values_that_do_not_parse(flag):
    name = flag.partition("=")[0]
    with pytest.raises(flags.Error, match=f"flag {name}=") as error:
        parsed({}, flag)
    assert "\n" not in str(error.value)


def test_a_flag_with_an_ending_alone_is_a_file(tmp_path):
    flag = Flag(None, "A network.", ending=".keras")
    file = tmp_path / "net.keras"
    assert flag.value("model", None) is None
    with pytest.raises(InputError, match="--model .* There is no file at"):
        flag.value("model", str(file))
    file.write_bytes(b"")
    assert flag.value("model", str(file)) == str(file)
    with pytest.raises(InputError, match="must be a file with the ending .ke"):
        flag.value("model", str(tmp_path))


_LIST = " with commas between them. Received: "


@pytest.mark.parametrize(
    ("default", "options", "text", "message"),
    [
        (["a"], {"choices": ("zeros",)}, "zero", "zero. Did you mean zeros?"),
        (["a"], {"choices": "ab"}, "", "of a, b. Received: nothing"),
        (["a"], {"crossed": True}, "", "name at least one. Received: nothing"),
        (
            ["3"],
            {"type": int, "least": 1},
            "3,0",
            f"from 1 to 1000000000{_LIST}3,0",
        ),
        (
            ["3"],
            {"type": int, "most": 9},
            "³",
            f"be whole numbers from 0 to 9{_LIST}³",
        ),
        (
            "3",
            {"type": int, "least": 1, "most": 9, "besides": ["all"]},
            "³",
            "a whole number from 1 to 9, or all. Received: ³",
        ),
        (["3"], {"type": float}, "nan", f"be numbers from 0{_LIST}nan"),
        (["a"], {}, "", "name at least one. Received: nothing"),
        (3.0, {}, "nan", "be finite. Received: nan"),
        (3.0, {"least": 0}, "inf", "be finite. Received: inf"),
        (
            ["a"],
            {"choices": "ab", "ending": ".h"},
            "c.k",
            "or the path of a .h file. Received: c.k",
        ),
        (["a"], {"choices": "ab", "ending": ""}, "c", "is no such file."),
        (None, {"required": True}, "", "be given. Received: nothing"),
        (None, {"directory": True}, "no/where", "exists. Received: no/where"),
    ],
)
def test_values_that_are_not_allowed(default, options, text, message):
    settings, _ = parsed({"x": Flag(default, "", **options)}, f"--x={text}")
    with pytest.raises(InputError) as error:
        settings.check()
    assert str(error.value).startswith("--x must ")
    assert str(error.value).endswith(message)


def test_files_with_an_ending_are_choices_too(tmp_path):
    declared = {"x": Flag(["a"], "", choices=["a", "b.h"], ending=".h")}
    (tmp_path / "c.h").touch()
    settings, _ = parsed(declared, f"--x={tmp_path}/c.h,a")
    settings.check()
    settings, _ = parsed(declared, "--x=c")
    with pytest.raises(InputError, match="--x must"):
        settings.check()


def test_apply():
    import keras

    policy = keras.config.dtype_policy()
    draws = []
    try:
        for flag in ("--mixed_precision", *2 * ("--nomixed_precision",)):
            _, values = parsed({}, "--seed=5", flag)
            with activated(values):
                apply_common_flags()
            name = keras.config.dtype_policy().name
            assert name == ("float32" if "no" in flag else "mixed_float16")
            draw = keras.random.uniform((3,), dtype="float32")
            draws.append(keras.ops.convert_to_numpy(draw))
    finally:
        keras.config.set_dtype_policy(policy)
    np.testing.assert_array_equal(draws[1], draws[2])


def training(*argv, **options):
    options = {"batch_size": 48, "epochs": 3, "seeds_of": "x", **options}
    return Training(parsed(training_flags(**options), *argv)[0])


def test_options_are_the_flags_that_there_are():
    few = training(without=["max_steps", "log_steps", "learning_rate"])
    assert few.options() == {"epochs": 3, "batch_size": 48}
    assert training().options()["learning_rate"] is None
    assert training("--learning_rate=0.5").options() == {
        "epochs": 3,
        "batch_size": 48,
        "max_steps": None,
        "learning_rate": 0.5,
        "log_steps": 50,
    }


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
    options = training(*argv, train_images=default)
    assert options.count("train") == count
    assert options.count_flag("train") == flag


def test_steps_and_seeds():
    options = training("--batch_size=4", "--seeds=2", "--seed=5")
    assert options.steps(19) == 4 * 3
    assert list(options.seeds) == [5, 6]
    assert training("--batch_size=4", "--max_steps=5").steps(19) == 5
    assert training("--batch_size=4", "--max_steps=50").steps(19) == 12
    assert training("--batch_size=4", without=["max_steps"]).steps(19) == 12


_TOO_MANY = "--batch_size=48 must be at most .* --dataset=x, which has 40"


@pytest.mark.parametrize(
    ("argv", "pictures", "message"),
    [
        ("", 40, _TOO_MANY),
        ("--train_images=100", 40, _TOO_MANY),
        ("--train_images=40", 40, "--train_images must be .* Received: 40"),
        ("--max_images=9 --train_images=40", 9, "--max_images must be at .* 9"),
    ],
)
def test_less_than_a_batch_is_refused(argv, pictures, message):
    with pytest.raises(InputError, match=message):
        training(*argv.split()).check(pictures, ONE, "--dataset=x")


def test_batches_are_divided_among_devices():
    options = training()
    options.check(48, types.SimpleNamespace(devices=3), "--dataset=x")
    with pytest.raises(InputError, match="multiple of the 5 devices"):
        options.check(48, types.SimpleNamespace(devices=5), "--dataset=x")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("2,0.5", None),
        ("", None),
        ("0", "--x must be numbers above 0 and at most 9 with commas"),
        *((text, f"Received: {text}") for text in ("9.5", "inf", "wide")),
    ],
)
def test_bounds_hold_for_each_number_of_a_list(texts, message):
    flag = Flag(["1"], "Sizes.", type=float, above=0, most=9, empty=True)
    settings, _ = parsed({"x": flag}, f"--x={texts}")
    if message is None:
        assert settings.x == [float(text) for text in texts.split(",") if text]
    else:
        with pytest.raises(InputError, match=message):
            settings.check()


def test_a_number_or_a_text():
    flag = Flag("0.5", "Ridge.", type=float, least=0, besides=["auto"])
    assert flag.value("ridge", "auto") == "auto"
    assert flag.value("ridge", "0.25") == 0.25


def test_a_choice_that_is_near_is_named():
    with pytest.raises(flags.Error, match="Did you mean mirrored?"):
        parsed({}, "--strategy=miror")


def test_several_axes():
    flag = Flag(
        "a", "Modes.", choices=["a", "b", "c"], per_axis=["a", "b"], axes=3
    )
    assert flag.value("mode", "a+b+a") == "a+b+a"
    for mode in ("a+a", "a+c", "a+b+a+b"):
        with pytest.raises(InputError, match="--mode must be one of"):
            flag.value("mode", mode)


def test_a_number_alone_has_a_bound_that_it_must_not_reach():
    assert Flag(0.5, "Size.", above=0).value("size", 0.1) == 0.1
    with pytest.raises(InputError, match="--size must be above 0. Received: 0"):
        Flag(0.5, "Size.", above=0).value("size", 0)
