"""See, choose and change what padding tells a Keras network about position.

The floors, each importing only from those below it:

* `padding`: border arithmetic and the padding modes, arrays in, arrays out.
* `layers`: Keras layers with a `padding_mode`.
* `models`: backbones with stage outputs.
* `metrics`: rank correlation, bootstrap intervals.
* `probes`: position targets, read-outs, solvers, evaluation.
* `data`, `runs`: pictures as tf.data and work directories; they need
  TensorFlow and are imported where they are used.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_FLOORS = (
    "data",
    "layers",
    "metrics",
    "models",
    "padding",
    "probes",
    "published",
    "runs",
)


def __getattr__(name: str) -> Any:
    # A floor is imported when it is first used: not every floor needs Keras,
    # and `data` and `runs` want TensorFlow only where they are used.
    if name in _FLOORS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_FLOORS])
