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

from keras_padpos import runs

_BENCHMARKS = ("canvas", "padding", "pattern", "probe", "tiles")

_HELP = ("-?", "-h", "-help", "--help", "--helpshort", "--helpfull")


def run(argv: Sequence[str]) -> NoReturn:
    """Run the benchmark that the first argument names.

    Args:
        argv: The command line: program, benchmark, flags.
    """
    program, *rest = argv
    if rest and rest[0] in _BENCHMARKS:
        module = importlib.import_module(f"tools.{rest[0]}_benchmark")
        module.BENCHMARK.program.run([program, *rest[1:]])

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
