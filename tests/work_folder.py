"""Work directories, and what is in folders, for tests in every folder."""

import contextlib
import resource
import subprocess
import sys
from pathlib import Path

from keras_padpos.runs import WorkDirectory


def make(path, config=None, **options):
    """A work directory of the experiment `probe`."""
    return WorkDirectory(path, "probe", config or {"seed": 0}, **options)


def contents(path):
    """Files to their bytes and folders to `False`, by relative path.

    The lock is there as long as this process holds it.
    """
    return {
        str(file.relative_to(path)): file.is_file() and file.read_bytes()
        for file in sorted(Path(path).rglob("*"))
        if file.name != ".lock"
    }


@contextlib.contextmanager
def no_file_larger_than(size):
    """As on a full disk: the system itself refuses to write."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def python(code, *arguments, **options):
    """Run code in a new process."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        **{"capture_output": True, "text": True, "timeout": 100, **options},
    )


def small_model(value=1.0, units=1):
    """A Keras model with known weights."""
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units)])
    model.layers[0].kernel.assign(value + 0 * model.layers[0].kernel)
    return model
