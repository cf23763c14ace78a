"""The heads that the flags of `position_probe` ask for."""

import itertools
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.user_error import UserError


def probe_heads(
    layers: Sequence[str],
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
        >>> heads = probe_heads(
        ...     ["block1_conv2", "block2_conv2"], subsets=["each", "all"],
        ...     kernel_sizes=[3],
        ... )
        >>> [head.stages for head in heads]
        [('block1_conv2',), ('block2_conv2',), None]

    Args:
        layers: Names of a network's stages, the ones to read at all.
        subsets: `"all"` of them, `"each"` alone, or some by number or name,
            joined by `+`: `"4+5"`.
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
    return _heads(
        layers,
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


def table_heads(
    layers: Sequence[str],
    tables: Sequence[str],
    backbone: str,
    padding_mode: str,
    *,
    output: str = "linear",
    width: int | None = None,
) -> list[Any]:
    """The heads that tables of Islam et al. have for such a network.

    Example:
        >>> [head.label for head in table_heads(["rgb"], ["4"], "rgb", "none")]
        ['3x3, 1 layer, pad 0', '3x3, 1 layer, pad 1', '3x3, 1 layer, pad 2']

    Args:
        layers: Names of the network's stages. A table's stages that a
            network does not have are left out.
        tables: Such as `["1", "2b"]`; see `published.table_heads`.
        backbone: The network's name; `"rgb"` is the papers' PosENet.
        padding_mode: The network's.
        output: See `probes.Head`.
        width: Of hidden layers; see `probes.Head`.

    Returns:
        A list of `probes.Head`, each once.

    Raises:
        ValueError: If there is no such table.
    """
    from keras_padpos import published

    specs = [
        spec
        for spec in published.table_heads(tables, backbone, padding_mode)
        if not spec["stages"].isdigit() or int(spec["stages"]) <= len(layers)
    ]
    return _heads(layers, specs, output, width)


def _heads(
    layers: Sequence[str],
    specs: Sequence[Mapping[str, Any]],
    output: str,
    width: int | None,
) -> list[Any]:
    from keras_padpos import probes

    heads = [
        probes.Head(
            spec["kernel_size"],
            spec["head_layers"],
            spec["head_padding"],
            output,
            stages,
            width if spec["head_layers"] > 1 else None,
        )
        for spec in specs
        for stages in _subsets(layers, spec["stages"])
    ]
    return list(dict.fromkeys(heads))


def _subsets(layers, words):
    """The groups of stages that `all`, `each` or `4+5` stand for."""
    if words == "all":
        return [None]
    if words == "each":
        return [(layer,) for layer in layers]
    chosen = []
    for word in words.split("+"):
        if word.isdigit() and 1 <= int(word) <= len(layers):
            chosen.append(layers[int(word) - 1])
        elif word in layers:
            chosen.append(word)
        else:
            raise UserError(
                "--stage_subsets must be all, each, or numbers from 1 to "
                f"{len(layers)} or names of --stages joined by +. "
                f"Received: {words}"
            )
    if len(set(chosen)) == len(layers):
        return [None]
    return [tuple(layer for layer in layers if layer in chosen)]
