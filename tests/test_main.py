import pytest

from keras_padpos import studies
from keras_padpos.__main__ import main


def run(*argv):
    with pytest.raises(SystemExit) as end:
        main(["keras_padpos", *argv])
    return end.value.code


@pytest.mark.parametrize("argv", [[], ["--help"]])
def test_all_experiments_are_listed_with_a_line_each(argv, capsys):
    assert run(*argv) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in studies.STUDIES:
        (line,) = [each.split() for each in lines if each.split()[:1] == [name]]
        assert len(line) > 4


def test_an_experiment_has_its_own_help(capsys):
    assert run("texture", "--help") == 0
    out = capsys.readouterr().out
    assert "Usage: texture" in out and "--test_set" in out


def test_an_experiment_that_is_none_is_one_line(capsys):
    assert run("textures", "--seed=1") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "'textures'. Did you mean texture?" in line


def test_flags_go_to_the_experiment(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("prediction_agreement", "--crop=100") == 1
    err = capsys.readouterr().err
    assert "prediction_agreement: error: --crop must be a multiple" in err
    assert not list(tmp_path.iterdir())
