"""Every flag of every program, with values that it cannot have."""

import itertools
import os

import pytest
from run_study import run_program

from keras_padpos.__main__ import programs
from keras_padpos.runs import application

PROGRAMS = {
    name: program
    for named in programs().values()
    for name, program in named.items()
}


def kind(flag):
    if flag.default is None or flag.besides:
        return flag.type
    return type(flag.default)


def misspelt(names):
    """A name with a letter too few, that is near to no other one."""
    name = max(names, key=len)
    return name[:2] + name[3:]


def numbers(flag, numeric):
    """What is no number that the flag allows."""
    yield from ("x", "\u00b2", "nan", "inf", "-inf", "1e400", "-1")
    if numeric is int:
        yield from ("1.5", "1e3", str(10**30))
    if flag.most is not None:
        yield str(flag.most + 1)


def bad_values(flag):
    """Values that the flag cannot have, and a part of the line about each."""
    if flag.choices:
        hint = f"Did you mean {max(flag.choices, key=len)}?"
        yield misspelt(flag.choices), hint
        yield "nonsense-\x1b[31m", "nonsense-"
    if kind(flag) is bool:
        yield "maybe", "maybe"
    elif kind(flag) in (int, float):
        # Others than -1 are below what is allowed, whatever that is.
        for value in numbers(flag, kind(flag)):
            if value != "-1" or flag.least is not None:
                yield value, ""
    elif kind(flag) is list:
        if not flag.empty:
            yield "", "nothing"
        if flag.type in (int, float):
            for value in numbers(flag, flag.type):
                yield value, ""
                yield f"1,{value}", ""
    if flag.directory:
        yield "nowhere", "nowhere"
    if flag.ending:
        yield f"nowhere{flag.ending}", "nowhere"


INPUTS = [
    (name, f"--{flag_name}", value, text)
    for name, program in PROGRAMS.items()
    for flag_name, flag in program.flags.items()
    for value, text in bad_values(flag)
]


def test_there_are_many():
    assert len(INPUTS) > 300
    assert {name for name, *_ in INPUTS} == {*PROGRAMS}


@pytest.fixture
def no_keras(monkeypatch):
    def importing():
        raise AssertionError("Keras is imported before flags are checked.")

    monkeypatch.setattr(application, "import_keras", importing)


def good_value(flag, folder):
    """One that a flag without a number can have."""
    if flag.choices:
        return flag.choices[0]
    if flag.ending:
        (folder / f"file{flag.ending}").touch()
        return folder / f"file{flag.ending}"
    return folder


@pytest.mark.parametrize("name", PROGRAMS)
def test_one_line_names_the_flag_at_once(name, no_keras, tmp_path_factory):
    program = PROGRAMS[name]
    given = ["x"] * len(program.arguments)
    tmp_path, others = map(tmp_path_factory.mktemp, ("here", "others"))
    # Without these, others are not looked at.
    for flag_name, flag in program.flags.items():
        if flag.required:
            given += [f"--{flag_name}={good_value(flag, others)}"]
    for _, flag, value, text in (each for each in INPUTS if each[0] == name):
        done = run_program(
            program, name, *given, f"{flag}={value}", cwd=tmp_path
        )
        assert done.returncode in (1, 2), (flag, value)
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"{name}: error: "), line
        assert flag in line and text in line, (line, value)
        assert line.isprintable()
        assert not done.stdout
        assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        (name, flag_name)
        for name, program in PROGRAMS.items()
        for flag_name, flag in program.flags.items()
        if flag.required
    ],
)
def test_flags_that_must_be_given(name, flag, no_keras, tmp_path):
    arguments = ["x"] * len(PROGRAMS[name].arguments)
    for given in [], [f"--{flag}="]:
        done = run_program(
            PROGRAMS[name], name, *arguments, *given, cwd=tmp_path
        )
        assert done.returncode in (1, 2)
        (line,) = done.stderr.splitlines()
        assert "must be given" in line or flag in line


def test_bounds_of_numbers_stand_in_the_help(tmp_path):
    for name, flag_name in itertools.product(["position_probe"], ["size"]):
        done = run_program(PROGRAMS[name], name, "--help", cwd=tmp_path)
        assert "[1, 4096]" in done.stdout, flag_name


@pytest.mark.parametrize(
    ("name", "argv", "message"),
    [
        ("convert_padding", "no.keras o.keras", "IN.keras must be a .keras"),
        ("convert_padding", "in.keras in.keras", "OUT.keras is there already"),
        (
            "convert_padding",
            "in.keras pipe.keras --overwrite",
            "OUT.keras must",
        ),
        ("predict_tiles", "--out=in.keras", "--out must be a folder"),
        ("predict_tiles", "--out=.", "--out must be another folder than"),
        ("predict_tiles", "--out=o --tile=a", "--tile must be a number"),
        ("inspect_model", "no.keras", "PATH must be a .keras file"),
        ("inspect_model", "in.keras --input_shape=x", "--input_shape must be"),
        ("export_saved_model", "--out=new", "Give either --backbone or"),
        ("export_saved_model", "--out=a --model=b.keras", "--model must be a"),
        ("export_saved_model", "--out=. --backbone=rgb", "--out must be a new"),
    ],
)
def test_paths_are_checked_at_once(name, argv, message, no_keras, tmp_path):
    files = {"in.keras", "pipe.keras", "a.png"}
    (tmp_path / "in.keras").touch()
    (tmp_path / "a.png").touch()
    os.mkfifo(tmp_path / "pipe.keras")
    further = {
        "convert_padding": ["--padding_mode=reflect"],
        "predict_tiles": ["--model=in.keras", "--images=."],
    }
    argv = [*argv.split(), *further.get(name, [])]
    done = run_program(PROGRAMS[name], name, *argv, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name}: error: {message}")
    assert {each.name for each in tmp_path.iterdir()} == files
