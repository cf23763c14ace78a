"""Networks of `position_probe` and the heads to fit on them."""

import itertools
import os
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from keras_padpos.errors import InputError


class ProbedNetwork(NamedTuple):
    """What tells one network of a run from another.

    Example:

    >>> ProbedNetwork("vgg16", "weights/mine.h5", "reflect", 3).label
    'vgg16-mine.h5-reflect-seed3'

    Attributes:
        backbone: A name out of `models.backbone_names`, or the path of a
            `.keras` file.
        weights: See `models.backbone`.
        padding_mode: See `models.backbone`.
        seed: Of random weights and of trained heads.
    """

    backbone: str
    weights: str
    padding_mode: str
    seed: int

    @property
    def label(self) -> str:
        """What it is called in progress and checkpoints."""
        if self.backbone == "rgb":
            return "rgb"
        parts = (self.backbone, self.weights, self.padding_mode)
        return f"{'-'.join(map(os.path.basename, parts))}-seed{self.seed}"


def probe_heads(
    layers: Sequence[str],
    stages: Sequence[str],
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
        stages: Names of all the network's stages, which numbers count, as in
            `stage_text`. A file has none but those that are read.
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
    return _spec_heads(
        layers,
        stages,
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
    stages: Sequence[str],
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
        stages: Names of all the network's stages, which the tables' numbers
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

    readable = {"all"} | {
        str(number)
        for number, layer in enumerate(stages, start=1)
        if layer in layers
    }
    specs = [
        spec
        for spec in published.table_heads(tables, backbone, padding_mode)
        if spec["stages"] in readable
    ]
    return _spec_heads(layers, stages, specs, output, width)


def _spec_heads(
    layers: Sequence[str],
    stages: Sequence[str],
    specs: Iterable[Mapping[str, Any]],
    output: str,
    width: int | None,
) -> list[Any]:
    """The heads of such shapes and stages, each once."""
    from keras_padpos import probes

    heads = [
        probes.Head(
            spec["kernel_size"],
            spec["head_layers"],
            spec["head_padding"],
            output,
            chosen,
            width if spec["head_layers"] > 1 else None,
        )
        for spec in specs
        for chosen in _subsets(layers, stages, spec["stages"])
    ]
    return list(dict.fromkeys(heads))


def _subsets(layers, stages, subset):
    """The groups of stages that `all`, `each` or `4+5` stand for."""
    if subset == "all":
        return [None]
    if subset == "each":
        return [_all_or_some(layers, [layer]) for layer in layers]
    numbers = {
        layer: number
        for number, layer in enumerate(stages, start=1)
        if layer in layers
    }
    by_number = {str(number): layer for layer, number in numbers.items()}
    chosen = []
    for name in subset.split("+"):
        # A layer may be named like a number.
        layer = name if name in layers else by_number.get(name)
        if layer is None:
            choices = ", ".join(
                f"{numbers[layer]} ({layer})" if layer in numbers else layer
                for layer in layers
            )
            raise InputError(
                "--stage_subsets must be all, each, or stages joined by + out "
                f"of those that --stages reads, {choices}. Received: {subset}"
            )
        chosen.append(layer)
    return [_all_or_some(layers, chosen)]


def _all_or_some(layers, chosen):
    """What is chosen; `None`, whatever it was called, if that is all."""
    if set(chosen) == set(layers):
        return None
    return tuple(layer for layer in layers if layer in chosen)
