"""The heads of the papers' tables, for one network."""

import itertools
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.errors import InputError


def spec_heads(
    layers: Sequence[str],
    known: Sequence[str],
    specs: Iterable[Mapping[str, Any]],
    output: str,
    width: int | None,
) -> list[Any]:
    """Make the heads that are told by their shapes and stages.

    Example:
        >>> shape = {"kernel_size": 3, "head_layers": 1, "head_padding": 0}
        >>> known = ["block1_conv2", "block2_conv2", "block3_conv3"]
        >>> (head,) = spec_heads(
        ...     known[1:], known, [{**shape, "stages": "3"}], "linear", None
        ... )
        >>> head.stages
        ('block3_conv3',)

    Args:
        layers: Names of the layers that are read.
        known: Names of all the network's stages; numbers count these.
        specs: Of each head `stages` (`"all"` that are read together, `"each"`
            alone, or some by number or name, joined by `+`), `kernel_size`,
            `head_layers` and `head_padding`.
        output: See `probes.Head`.
        width: Of hidden layers; see `probes.Head`.

    Returns:
        A list of `probes.Head`, each once. One that sees all `layers` says
        so, whatever it was called.

    Raises:
        InputError: If `stages` names one that is not among `layers`.
        ValueError: If there is no head of such a shape.
    """
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
        for stages in _subsets(layers, known, spec["stages"])
    ]
    return list(dict.fromkeys(heads))


def _subsets(layers, known, words):
    """The groups of stages that `all`, `each` or `4+5` stand for."""
    if words == "all":
        return [None]
    if words == "each":
        return [_all_or_some(layers, [layer]) for layer in layers]
    by_number = {
        str(number): layer
        for number, layer in enumerate(known, start=1)
        if layer in layers
    }
    chosen = []
    for word in words.split("+"):
        # A layer may be named like a number.
        layer = word if word in layers else by_number.get(word)
        if layer is None:
            numbers = {layer: number for number, layer in by_number.items()}
            there = ", ".join(
                f"{numbers[layer]} ({layer})" if layer in numbers else layer
                for layer in layers
            )
            raise InputError(
                "--stage_subsets must be all, each, or stages joined by + out "
                f"of those that --stages reads, {there}. Received: {words}"
            )
        chosen.append(layer)
    return [_all_or_some(layers, chosen)]


def _all_or_some(layers, chosen):
    if set(chosen) == set(layers):
        return None
    return tuple(layer for layer in layers if layer in chosen)


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
        InputError: If a subset names a stage that is not among `layers`.
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


def paper_heads(
    layers: Sequence[str],
    known: Sequence[str],
    tables: Sequence[str],
    backbone: str,
    padding_mode: str,
    *,
    output: str = "linear",
    width: int | None = None,
) -> list[Any]:
    """The heads that tables of Islam et al. have for such a network.

    Example:
        >>> heads = paper_heads(["rgb"], ["rgb"], ["4"], "rgb", "none")
        >>> [head.label for head in heads]
        ['3x3, 1 layer, pad 0', '3x3, 1 layer, pad 1', '3x3, 1 layer, pad 2']

    Args:
        layers: Names of the layers that are read. A table's single stages
            that are not among them are left out; its `"all"` is all of them.
        known: Names of all the network's stages, which the tables' numbers
            count. A file has none but those that are read.
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

    read = {"all"} | {
        str(number)
        for number, layer in enumerate(known, start=1)
        if layer in layers
    }
    specs = [
        spec
        for spec in published.table_heads(tables, backbone, padding_mode)
        if spec["stages"] in read
    ]
    return spec_heads(layers, known, specs, output, width)
