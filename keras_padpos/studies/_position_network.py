"""Networks of position probes, what they see, and what a run fitted on them."""

import os
from collections.abc import Sequence
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.report.read_runs import open_run
from keras_padpos.runs.flags import Settings
from keras_padpos.runs.work_directory import WorkDirectory
from keras_padpos.studies import networks
from keras_padpos.studies.heads import REFERENCE
from keras_padpos.studies.heads import ProbedNetwork
from keras_padpos.studies.heads import probed_networks
from keras_padpos.studies.heads import probed_size

_ANY_SIZE = (None, None, 3)


def position_network(
    backbone: str,
    weights: str,
    padding_mode: str,
    *,
    stages: Sequence[str],
    seed: int = 0,
    read_outs: str | os.PathLike | None = None,
) -> Any:
    """A network from raw RGB to stage maps and predicted position maps.

    Example:
        >>> network = position_network(
        ...     "vgg16", "random", "reflect", stages=["block1_conv2"]
        ... )
        >>> network.input_shape, list(network.output)
        ((None, None, None, 3), ['block1_conv2'])

    Args:
        backbone: A name out of `models.backbone_names`, or the path of a
            `.keras` file.
        weights: See `models.backbone`.
        padding_mode: See `models.backbone`.
        stages: Names of the layers whose maps to put out.
        seed: Seed of random weights.
        read_outs: Work directory of a finished run of `position_probe`. The
            heads that it fitted on this very network are put on top of it.
            They see the stages that they were fitted on, in or out of
            `stages`.

    Returns:
        A Keras model from `(batch, height, width, 3)`, of any size (a file: of
        the sizes that it was saved for), to a dict: a map `(batch, height',
        width', channels)` under the name of each stage, and `(batch, grid,
        grid)` under the name of each head; see `probes.probe_model`.

    Raises:
        InputError: If the directory holds no heads of this network, or the
            run calibrated it: what is built here is not.
        ValueError: If a name is unknown, or the weights do not fit.
        OSError: If weights are missing, or cannot be downloaded.
    """
    import keras

    from keras_padpos import models
    from keras_padpos import probes

    read: dict[str, str] = {}
    heads = None
    if read_outs is not None:
        heads = _fitted(read_outs, backbone, weights, padding_mode, seed)
        read = {name: probes.stage_of_input(name) for name in heads.input}
    network = models.backbone(
        backbone,
        weights,
        padding_mode,
        stages=list(dict.fromkeys([*read.values(), *stages])),
        # A file may have layers that take one size only.
        input_shape=None if models.is_model_file(backbone) else _ANY_SIZE,
        seed=seed,
    )
    outputs = {stage: network.output[stage] for stage in stages}
    if heads is not None:
        maps = {name: network.output[stage] for name, stage in read.items()}
        outputs.update(heads(maps))
    return keras.Model(network.input, outputs, name=network.name)


def picture_size(settings: Settings) -> int:
    """Side of the pictures: --size, and real neighbours where some are read."""
    from keras_padpos import ppp

    size = probed_size(settings)
    needed = []
    for network in probed_networks(settings):
        if network.padding_mode == REFERENCE:
            layers = networks.stage_layers(network.backbone, settings.stages)
            network = network._replace(seed=settings.seed)
            needed.append((network._replace(weights="random"), tuple(layers)))
    # Weights do not matter; each network is built once.
    sides = [
        max(
            ppp.ReferenceFeatures(
                probed_backbone(*each, size), size
            ).picture_shape
        )
        for each in dict.fromkeys(needed)
    ]
    return max(size, *sides) if sides else size


def probed_backbone(
    network: ProbedNetwork, layers: Sequence[str], size: int
) -> Any:
    """A network of the study with its stages, for pictures of a size."""
    from keras_padpos import models

    mode = network.padding_mode
    return models.backbone(
        network.backbone,
        weights=network.weights,
        padding_mode="own" if mode == REFERENCE else mode,
        stages=list(layers),
        # A file is built for this size, whatever its own.
        input_shape=(size, size, 3),
        seed=network.seed,
    )


def middle(pictures: Any, size: int) -> Any:
    """What networks see of pictures."""
    top, left = ((side - size) // 2 for side in pictures.shape[1:3])
    return pictures[:, top : top + size, left : left + size]


def _fitted(path, backbone, weights, padding_mode, seed):
    """The heads that a run fitted on this network."""
    try:
        run = open_run(path, "position_probe")
        rows = [
            row
            for row in run.rows
            if _same(row["backbone"], backbone)
            and (backbone == "rgb" or row["padding_mode"] == padding_mode)
            and (backbone == "rgb" or _same(row["weights"], weights))
        ]
        seeds = {row["seed"] for row in rows}
        if weights == "random" or len(seeds) > 1:
            rows = [row for row in rows if row["seed"] == seed]
        if not rows:
            wanted = "/".join(map(str, (backbone, weights, padding_mode, seed)))
            raise InputError(
                f"{str(path)!r} holds heads of "
                f"{', '.join(run.config['networks'])} (backbone, weights, "
                f"padding mode, seed). Received: {wanted}"
            )
        calibrated = rows[0].get("calibration_images")
        if calibrated:
            raise InputError(
                f"{str(path)!r} holds heads of {backbone} with BatchNorm "
                f"statistics of {calibrated} pictures, which were not kept; "
                "on other statistics they predict something else. Fit heads "
                "with --calibrate_batch_norm=0"
            )
        work = WorkDirectory(run.path, run.experiment, run.config)
        # A row's arrays stand under the name of its unit of work.
        return work.load_model(rows[0]["arrays"].partition("/")[0])
    except InputError as error:
        raise InputError(f"--read_outs: {error}") from error


def _same(one, other):
    """Whether two values of a flag are the same name, or the same file."""
    if os.path.isfile(one) and os.path.isfile(other):
        return os.path.samefile(one, other)
    return one == other
