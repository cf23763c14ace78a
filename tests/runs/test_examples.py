import doctest
import importlib
import pkgutil

import pytest
from absl.testing import flagsaver

from keras_padpos import runs

MODULES = [module.name for module in pkgutil.iter_modules(runs.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, capsys):
    import keras

    module = importlib.import_module(f"keras_padpos.runs.{name}")
    policy = keras.config.dtype_policy()
    with flagsaver.flagsaver():
        result = doctest.testmod(module)
    keras.config.set_dtype_policy(policy)
    assert result.failed == 0, capsys.readouterr().out


def test_all_names_are_there():
    for name in runs.__all__:
        assert getattr(runs, name).__doc__
