"""See, choose, change and avoid what padding tells a network about position.

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
* `tiling`: exact prediction of pictures of any size, in tiles.
* `data`: pictures and masks from folders, TFDS and bundled samples.
* `tasks`: location-dependent tasks, semantic heads, F-Conv's tests, attacks.
* `files`: export, loading and inspection of saved models.
* `report`: tables, figures and the page of finished runs.
* `runs`: what a run is: application, flags, work directory, checkpoints.
* `measure`: what a notebook calls; its functions are in `keras_padpos` too.
* `studies`: one experiment a file.
* `sweep`: many runs on Ray.
* `tools`: programs around the package: inspect, convert, export, report.

A floor is imported when it is first used, so `import keras_padpos` imports
neither Keras nor a backend.
"""

import importlib as _importlib
from typing import TYPE_CHECKING as _TYPE_CHECKING

__version__ = "0.1.0"

# What stands by the front door, and the floor that it is of.
_DOOR = {
    "PatternCallback": "measure",
    "PositionCallback": "measure",
    "compare_padding": "measure",
    "convert_padding": "models",
    "find_padding_sites": "models",
    "measure_pattern": "measure",
    "measure_position": "measure",
    "predict_tiles": "tiling",
    "receptive_field": "models",
}

__all__ = [
    "PatternCallback",
    "PositionCallback",
    "compare_padding",
    "convert_padding",
    "data",
    "errors",
    "files",
    "find_padding_sites",
    "layers",
    "measure",
    "measure_pattern",
    "measure_position",
    "metrics",
    "models",
    "padding",
    "ppp",
    "predict_tiles",
    "probes",
    "published",
    "receptive_field",
    "report",
    "runs",
    "studies",
    "sweep",
    "tasks",
    "tiling",
    "tools",
    "training",
]

if _TYPE_CHECKING:
    from keras_padpos import data
    from keras_padpos import errors
    from keras_padpos import files
    from keras_padpos import layers
    from keras_padpos import measure
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
    from keras_padpos import tiling
    from keras_padpos import tools
    from keras_padpos import training
    from keras_padpos.measure import PatternCallback
    from keras_padpos.measure import PositionCallback
    from keras_padpos.measure import compare_padding
    from keras_padpos.measure import measure_pattern
    from keras_padpos.measure import measure_position
    from keras_padpos.models import convert_padding
    from keras_padpos.models import find_padding_sites
    from keras_padpos.models import receptive_field
    from keras_padpos.tiling import predict_tiles


def __getattr__(name: str) -> object:
    if name in _DOOR:
        floor = _importlib.import_module(f"{__name__}.{_DOOR[name]}")
        return getattr(floor, name)
    if name in __all__:
        return _importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
