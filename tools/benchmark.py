"""How fast the package is, measured side by side in one run.

`python -m tools.benchmark padding` compares a padded convolution with Keras'
own, over the convolutions of whole networks; `python -m tools.benchmark probe`
compares position probes with the original recipe; `python -m tools.benchmark
pattern` compares the measurement of padding's pattern with the forward passes
that it cannot do without; `python -m tools.benchmark canvas` compares training
on canvases of small pictures with training on ready ones; `python -m
tools.benchmark tiles` compares exact tiles with the whole picture and with
blended windows. `--help` after that lists its flags.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from absl import app
from absl import flags

from keras_padpos import runs

# From what stands on the command line to the module that measures it. Only
# the module asked for is imported, so two of them may have flags of one name.
_BENCHMARKS = {
    "canvas": "tools.canvas_benchmark",
    "padding": "tools.padding_benchmark",
    "pattern": "tools.pattern_benchmark",
    "probe": "tools.probe_benchmark",
    "tiles": "tools.tiles_benchmark",
}

_HELP = ("-?", "-h", "-help", "--help", "--helpshort", "--helpfull")


def run(argv: Sequence[str]) -> NoReturn:
    """Run the benchmark that the first argument names.

    Args:
        argv: The command line: program, benchmark, flags.
    """
    program, *rest = argv
    if rest and rest[0] in _BENCHMARKS:
        module = importlib.import_module(_BENCHMARKS[rest[0]])
        flags.adopt_module_key_flags(module)
        runs.run(module.main, [program, *rest[1:]])

    def refuse(argv):
        received = repr(rest[0]) if rest else "nothing"
        raise app.UsageError(
            "the first argument names what to measure, one of: "
            f"{', '.join(_BENCHMARKS)}. Received: {received}"
        )

    asked_help = [argument for argument in rest[:1] if argument in _HELP]
    runs.run(refuse, [program, *asked_help], needs_keras=False)


if __name__ == "__main__":
    run(sys.argv)
