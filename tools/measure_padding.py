"""What padding costs over all convolutions of a network."""

import gc
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from tools.convolution_shape import ConvolutionShape
from tools.interleaved_times import interleaved_times
from tools.padding_contenders import PASSES
from tools.padding_contenders import STOCK
from tools.padding_contenders import PaddingContenders
from tools.padding_contenders import torch_functions

# The contender that each library's modes are compared with.
_REFERENCES = {"keras_padpos": STOCK, "torch": "zeros"}


def measure_padding(
    network: str,
    shapes: Mapping[ConvolutionShape, int],
    batch_size: int,
    modes: Sequence[str],
    *,
    passes: Sequence[str] = PASSES,
    rounds: int | None = None,
    compare_torch: bool = False,
    seed: int = 0,
    jit_compile: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Time every mode over a network's convolutions, beside the stock layer.

    For each shape all contenders run interleaved (see `interleaved_times`).
    A network's time is the sum over its shapes of how often the shape occurs
    times the median over the rounds; `ratio` is the ratio of these sums, of
    the mode to the stock layer with `padding="same"`.

    Args:
        network: Name of the network, for the rows.
        shapes: Its unique shapes, and how often each occurs.
        batch_size: Pictures that go in together.
        modes: Names of padding modes.
        passes: Some of `"forward"` and `"gradient"`; the latter is forward
            and the gradients of input and kernel.
        rounds: Rounds to keep for each shape; chosen by the time that a call
            takes if not given.
        compare_torch: Whether to time PyTorch's layer in the same rounds; its
            modes are compared with its own zeros.
        seed: Seed of inputs and weights.
        jit_compile: Whether TensorFlow compiles with XLA.
        advance: Called once a shape and pass.

    Returns:
        Rows, one a pass, library and mode, and arrays. A row holds `network,
        batch_size, pass, library, mode, ratio, ratio_low, ratio_high,
        milliseconds, stock_milliseconds, shapes, convolutions, arrays`.
        `ratio_low` and `ratio_high` are the quartiles over the rounds of the
        ratio within a round, the mean over shapes weighted by their share of
        the stock time. Under each row's `arrays` name stand the same numbers
        of each shape: `milliseconds`, `stock_milliseconds`, `ratio_low`,
        `ratio_high`, and the number of `rounds`. Under `NETWORK/shapes` and
        `NETWORK/counts` stand the shapes in words and how often each occurs.
    """
    times = {name: [] for name in passes}
    for shape in shapes:
        contenders = PaddingContenders(
            shape, batch_size, modes, seed, jit_compile
        )
        for pass_name in passes:
            functions = {
                ("keras_padpos", mode): function
                for mode, function in contenders.functions(pass_name).items()
            }
            if compare_torch:
                for mode, function in torch_functions(
                    shape, batch_size, pass_name, seed
                ).items():
                    functions["torch", mode] = function
            times[pass_name].append(interleaved_times(functions, rounds))
            # Else this shape's tensors live on beside the next one's.
            functions = None
            advance()
        contenders = None
        gc.collect()
    counts = np.array(list(shapes.values()))
    rows, arrays = [], {}
    for pass_name, per_shape in times.items():
        for library, mode in per_shape[0]:
            if mode == STOCK:
                continue
            reference = library, _REFERENCES[library]
            key = f"{network}/batch{batch_size}/{pass_name}/{library}/{mode}"
            numbers = _compare(per_shape, (library, mode), reference)
            arrays |= {f"{key}/{name}": x for name, x in numbers.items()}
            rows.append(
                {
                    "network": network,
                    "batch_size": batch_size,
                    "pass": pass_name,
                    "library": library,
                    "mode": mode,
                    **_total(numbers, counts),
                    "shapes": len(counts),
                    "convolutions": int(counts.sum()),
                    "arrays": key,
                }
            )
    arrays[f"{network}/shapes"] = np.array([str(shape) for shape in shapes])
    arrays[f"{network}/counts"] = counts
    return rows, arrays


def _compare(per_shape, contender, reference):
    """Numbers of each shape, as arrays."""
    low, high = np.transpose(
        [
            np.quantile(
                # Who is far behind runs in fewer rounds.
                times[contender] / times[reference][: len(times[contender])],
                [0.25, 0.75],
            )
            for times in per_shape
        ]
    )
    return {
        "milliseconds": _medians(per_shape, contender),
        "stock_milliseconds": _medians(per_shape, reference),
        "ratio_low": low,
        "ratio_high": high,
        "rounds": np.array([len(times[contender]) for times in per_shape]),
    }


def _medians(per_shape, contender):
    return 1e3 * np.array([np.median(times[contender]) for times in per_shape])


def _total(numbers, counts):
    """Numbers of the whole network."""
    total = numbers["milliseconds"] @ counts
    stock = numbers["stock_milliseconds"] @ counts
    share = numbers["stock_milliseconds"] * counts / stock
    return {
        "ratio": float(total / stock),
        "ratio_low": float(numbers["ratio_low"] @ share),
        "ratio_high": float(numbers["ratio_high"] @ share),
        "milliseconds": float(total),
        "stock_milliseconds": float(stock),
    }
