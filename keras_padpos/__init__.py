"""See, choose and change what padding tells a Keras network about position.

The floors, each importing only from those above it in this list:

* `errors`: what is raised when an argument, a flag or a file is at fault.
* `padding`: border arithmetic and the padding modes, arrays in, arrays out.
* `metrics`: statistics and scores on arrays.
* `published`: the papers' tables as data, each number with its source.
* `layers`: Keras layers with a `padding_mode`.
* `models`: backbones with stage outputs, padding sites, conversion.
* `training`: one resumable training loop, on every backend.
* `probes`: position probes: targets, heads, solvers, evaluation.
* `ppp`: the padding's own pattern (PPP).
* `data`: pictures and masks from folders, TFDS and bundled samples.
* `tasks`: location-dependent tasks, semantic heads, F-Conv's tests, attacks.
* `files`: export, loading and inspection of saved models.
* `report`: tables, figures and the page of finished runs.
* `runs`: what a run is: application, flags, work directory, checkpoints.
* `studies`: one experiment a file.
* `sweep`: many runs on Ray.

A floor is imported when it is first used, so `import keras_padpos` imports
neither Keras nor a backend.
"""

import importlib as _importlib
from typing import TYPE_CHECKING as _TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "data",
    "errors",
    "files",
    "layers",
    "metrics",
    "models",
    "padding",
    "ppp",
    "probes",
    "published",
    "report",
    "runs",
    "studies",
    "sweep",
    "tasks",
    "training",
]

if _TYPE_CHECKING:
    from keras_padpos import data
    from keras_padpos import errors
    from keras_padpos import files
    from keras_padpos import layers
    from keras_padpos import metrics
    from keras_padpos import models
    from keras_padpos import padding
    from keras_padpos import ppp
    from keras_padpos import probes
    from keras_padpos import published
    from keras_padpos import report
    from keras_padpos import runs
    from keras_padpos import studies
    from keras_padpos import sweep
    from keras_padpos import tasks
    from keras_padpos import training


def __getattr__(name: str) -> object:
    if name in __all__:
        return _importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
