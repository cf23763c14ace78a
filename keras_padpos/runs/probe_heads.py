"""The heads that the flags of `position_probe` ask for."""

import itertools
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.spec_heads import spec_heads


def probe_heads(
    layers: Sequence[str],
    known: Sequence[str],
    *,
    subsets: Sequence[str] = ("all",),
    kernel_sizes: Sequence[int] = (1,),
    head_layers: Sequence[int] = (1,),
    head_paddings: Sequence[int] = (0,),
    output: str = "linear",
    width: int | None = None,
) -> list[Any]:
    """Every combination of what a list of flags names.

    Example:
        >>> known = ["block1_conv2", "block2_conv2", "block3_conv3"]
        >>> heads = probe_heads(
        ...     known[1:], known, subsets=["3", "all"], kernel_sizes=[5]
        ... )
        >>> [head.stages for head in heads]
        [('block3_conv3',), None]

    Args:
        layers: Names of the layers that are read.
        known: Names of all the network's stages, which numbers count, as in
            `stage_words`. A file has none but those that are read.
        subsets: `"all"` of `layers`, `"each"` alone, or some by number or
            name, joined by `+`: `"4+5"`.
        kernel_sizes: See `probes.Head`.
        head_layers: See `probes.Head`.
        head_paddings: See `probes.Head`.
        output: See `probes.Head`.
        width: Of hidden layers; see `probes.Head`.

    Returns:
        A list of `probes.Head`, each once.

    Raises:
        UserError: If a subset names a stage that is not among `layers`.
        ValueError: If there is no head of such a shape.
    """
    return spec_heads(
        layers,
        known,
        [
            {
                "stages": subset,
                "kernel_size": kernel_size,
                "head_layers": depth,
                "head_padding": padding,
            }
            for subset in subsets
            for kernel_size, depth, padding in itertools.product(
                kernel_sizes, head_layers, head_paddings
            )
        ],
        output,
        width,
    )
