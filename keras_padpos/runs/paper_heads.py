"""The heads of the papers' tables, for one network."""

from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.spec_heads import spec_heads


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
