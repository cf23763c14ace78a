"""Networks of `position_probe` and the heads to fit on them."""

import functools
import itertools
import os
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from keras_padpos.choices import DEFAULT_TARGETS
from keras_padpos.choices import RESIZES
from keras_padpos.choices import TARGETS
from keras_padpos.errors import InputError
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import Settings
from keras_padpos.studies.networks import MOST_PIXELS

HEAD_FLAGS = {
    "size": Flag(
        None,
        "Height and width of what networks see, in pixels. If not given: that "
        "of the .keras files, 224 for other networks, 128 where no networks "
        "are named.",
        type=int,
        least=1,
        most=MOST_PIXELS,
    ),
    "resize": Flag(
        None,
        "How maps come to the grid: area, every cell counts; bilinear, as in "
        "the papers. If not given: area; bilinear with --tables.",
        choices=RESIZES,
    ),
    "stages": Flag(
        ["all"],
        "Stages to read: all, or numbers from 1, or names of layers. Of a "
        ".keras file: names, or all, the last layer at each size of the map.",
    ),
    "stage_subsets": Flag(
        ["all"],
        "Which of --stages the heads read: all (together), each (a head for "
        "each stage), or stages joined by +, by number or name, such as 4+5.",
    ),
    "tables": Flag(
        [],
        "Fit the heads of these tables of Islam et al. (ICLR 2020) instead of "
        "those of --kernel_sizes, --head_layers, --head_paddings and "
        "--stage_subsets: 1, 2a, 2b, 3, 4, 6.",
        empty=True,
    ),
    "targets": Flag(
        list(DEFAULT_TARGETS),
        f"Maps to predict: {', '.join(TARGETS)}. With --tables, if not given: "
        "theirs.",
        choices=TARGETS,
    ),
    "target_range": Flag(
        "released",
        "Range of the stripes: [0, 1] as in the released maps, or [-1, 1].",
        choices=["released", "paper"],
    ),
    "kernel_sizes": Flag(
        ["1"],
        "Kernel sizes of the heads, in cells of the grid.",
        type=int,
        least=1,
        most=99,
    ),
    "head_layers": Flag(
        ["1"],
        "Numbers of convolutions of the heads; more than 1 needs --solver=sgd "
        "or adam.",
        type=int,
        least=1,
        most=100,
    ),
    "head_paddings": Flag(
        ["0"],
        "Zeros that the heads add on each side, in cells.",
        type=int,
        most=99,
    ),
    "head_width": Flag(
        None,
        "Channels of the hidden layers of heads with more than one. If not "
        "given: as many as the head sees, as in the released code; with all of "
        "VGG16's stages that takes hours on a CPU.",
        type=int,
        least=1,
        most=65_536,
    ),
    "head_output": Flag(
        None,
        "End of the heads: linear, or sigmoid for BatchNorm and a sigmoid. If "
        "not given: linear for exact, else sigmoid, as in the released code.",
        choices=["linear", "sigmoid"],
    ),
}
"""The flags that say which heads to fit, and what they predict."""

SHARED_FLAGS = (
    "stages",
    "stage_subsets",
    "tables",
    "targets",
    "kernel_sizes",
    "head_layers",
    "head_paddings",
)
"""Those in which runs may differ and still share tables: rows say them."""


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


REFERENCE = "reference"
"""The padding mode of networks read from real neighbours; the control."""

# What no flags at all compare.
_MAIN_JOB = (
    ("vgg16", "bundled", "zeros"),
    ("vgg16", "random", "zeros"),
    ("vgg16", "bundled", REFERENCE),
    ("vgg16", "random", REFERENCE),
    ("vgg16", "bundled", "reflect"),
    ("vgg16", "random", "reflect"),
    ("rgb", "none", "none"),
)
_MAIN_JOB_SEEDS = 3
_MAIN_JOB_SIZE = 128
_SIZE = 224
_ENDING = ".keras"
_NETWORKS = ("backbone", "weights", "padding_mode")


def _is_main_job(settings: Settings) -> bool:
    return not any(settings.present(name) for name in _NETWORKS)


def probed_size(settings: Settings) -> int:
    """Side of what networks see, in pixels: --size.

    If that is not given, it is the one size that `.keras` files among the
    networks take, if they take squares.

    Raises:
        InputError: If files take squares of several sizes.
    """
    if settings.size is not None:
        return settings.size
    if _is_main_job(settings):
        return _MAIN_JOB_SIZE
    sizes = {
        name: _file_size(name, os.stat(os.path.expanduser(name)).st_mtime_ns)
        for name in settings.backbone
        if name.endswith(_ENDING) and os.path.isfile(os.path.expanduser(name))
    }
    several = {size for size in sizes.values() if size is not None}
    if len(several) > 1:
        texts = (f"{name} {size}" for name, size in sizes.items() if size)
        raise InputError(
            "--size must be given for files that take several sizes: "
            f"{', '.join(texts)}"
        )
    return several.pop() if several else _SIZE


@functools.lru_cache(maxsize=16)
def _file_size(path, changed):
    """The side of the squares that a file takes, if it takes such alone."""
    from keras_padpos import models

    height, width = models.load_model_file(path).inputs[0].shape[1:3]
    return height if height == width else None


def probe_resize(settings: Settings) -> str:
    """How maps are brought to the grid: --resize."""
    return settings.resize or ("bilinear" if settings.tables else "area")


def probed_networks(settings: Settings) -> list[ProbedNetwork]:
    """The networks that the flags name, each once."""
    chosen: Iterable[tuple[str, ...]] = _MAIN_JOB
    seeds = settings.seeds
    if not _is_main_job(settings):
        chosen = itertools.product(
            *(getattr(settings, name) for name in _NETWORKS)
        )
    elif not settings.present("seeds"):
        seeds = _MAIN_JOB_SEEDS
    networks = []
    for backbone, weights, mode in chosen:
        if backbone == "rgb":
            weights = mode = "none"
        elif backbone.endswith(_ENDING):
            # A file brings weights and borders of its own.
            weights = weights if settings.present("weights") else "file"
            mode = mode if settings.present("padding_mode") else "own"
        seeded = weights == "random" or settings.solver != "exact"
        networks += [
            ProbedNetwork(backbone, weights, mode, settings.seed + offset)
            for offset in range(seeds if seeded else 1)
        ]
    return list(dict.fromkeys(networks))


def probed_targets(settings: Settings) -> list[str]:
    """The targets of `HEAD_FLAGS`: those of --tables, unless --targets says."""
    if settings.tables and not settings.present("targets"):
        from keras_padpos import published

        return list(published.table_targets(settings.tables))
    return settings.targets


def probed_heads(
    settings: Settings,
    network: ProbedNetwork,
    layers: Sequence[str],
    stages: Sequence[str],
) -> list[Any]:
    """The heads of `HEAD_FLAGS` for one network; maybe none with --tables."""
    shapes = ("stage_subsets", "kernel_sizes", "head_layers", "head_paddings")
    for name in shapes:
        if settings.tables and settings.present(name):
            raise InputError(
                f"--tables says which heads to fit, and so does --{name}. "
                "Give one of them."
            )
    output = "linear" if settings.solver == "exact" else "sigmoid"
    shape = {
        "output": settings.head_output or output,
        "width": settings.head_width,
    }
    if settings.tables:
        return paper_heads(
            layers,
            stages,
            settings.tables,
            network.backbone,
            network.padding_mode,
            **shape,
        )
    names = ("stages", "kernel_size", "head_layers", "head_padding")
    combinations = itertools.product(*(getattr(settings, n) for n in shapes))
    specs = [dict(zip(names, each, strict=True)) for each in combinations]
    return _spec_heads(layers, stages, specs, **shape)


def check_heads(settings: Settings, heads: Sequence[Any]) -> None:
    """Refuse flags that no head of a run, over all networks, can follow."""
    from keras_padpos import probes

    if not heads:
        raise InputError(
            f"--tables={','.join(settings.tables)} has no head for any of the "
            "networks and stages asked for."
        )
    probes.check_heads(settings.solver, list(dict.fromkeys(heads)))
    if settings.head_width and all(head.layers == 1 for head in heads):
        raise InputError(
            "--head_width is that of hidden layers, and no head has any. "
            f"Received: {settings.head_width}"
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

    readable = {"all", *map(str, _numbers(layers, stages).values())}
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
    numbers = _numbers(layers, stages)
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


def _numbers(layers, stages):
    """From the stages that are read to their numbers, which count all."""
    return {each: n for n, each in enumerate(stages, 1) if each in layers}


def _all_or_some(layers, chosen):
    """What is chosen; `None`, whatever it was called, if that is all."""
    if set(chosen) == set(layers):
        return None
    return tuple(layer for layer in layers if layer in chosen)
