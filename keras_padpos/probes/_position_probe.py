"""How much position a network's features carry."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.checks import check_choices
from keras_padpos.errors import InputError
from keras_padpos.probes._exact_probes import fit_exact_probes
from keras_padpos.probes._gradient_probes import fit_gradient_probes
from keras_padpos.probes._position_target import position_target
from keras_padpos.probes._probe_model import probe_model
from keras_padpos.probes.evaluation import Evaluation
from keras_padpos.probes.feature_batches import FeatureBatches
from keras_padpos.probes.gradient_solver import BATCH
from keras_padpos.probes.gradient_solver import EPOCHS
from keras_padpos.probes.head import Head
from keras_padpos.training import Checkpoint
from keras_padpos.training import OneDevice

SOLVERS = ("exact", "sgd", "adam")


def position_probe(
    features: keras.Model,
    train: Any,
    tests: Mapping[str, Any],
    *,
    targets: Sequence[str] = ("horizontal", "vertical", "gaussian"),
    heads: Sequence[Head] = (Head(),),
    solver: str = "exact",
    ridge: float | str = 1e-3,
    positions_per_image: int | str = "auto",
    epochs: int = EPOCHS,
    learning_rate: float | None = None,
    value_range: str = "released",
    batch_size: int = 8,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
    log: Callable[..., None] | None = None,
    keep: Callable[[keras.Model], None] | None = None,
    checkpoint: Checkpoint | None = None,
    devices: OneDevice | None = None,
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Train position probes on some pictures and score them on others.

    PosENet (Islam et al., ICLR 2020): a head on frozen features predicts a map
    that depends on the position alone. It can succeed on new pictures only if
    the features hold the position. All heads and targets are fitted on the same
    passes over the pictures, each as if alone.

    Args:
        features: From pictures to a dict with `(batch, grid, grid, channels)`
            for each stage; see `probe_features`.
        train: An `ImageSet` of `keras_padpos.data` to fit the heads on.
        tests: From a name to an `ImageSet` to score them on.
        targets: Names out of `TARGETS`.
        heads: Shapes of heads.
        solver: `"exact"`, closed form, linear heads of one layer; `"sgd"` or
            `"adam"`.
        ridge: For `"exact"`: see `ExactSolver`.
        positions_per_image: For `"exact"`: see `position_budget`.
        epochs: For `"sgd"` and `"adam"`: passes over the pictures.
        learning_rate: For `"sgd"` and `"adam"`: see `GradientSolver`.
        value_range: See `position_target`.
        batch_size: Pictures that go through the network at once. `"sgd"` and
            `"adam"` train on batches of 32 whatever this is.
        seed: Seed of initial weights, shuffling, sampling and bootstrap.
        advance: Called with the number of pictures that went through.
        log: Called with `epoch`, `loss`, the head's label and the target.
        keep: Called, last, with the fitted heads as one Keras model; see
            `probe_model`.
        checkpoint: For `"sgd"` and `"adam"`: where training goes on from, and
            where its states go.
        devices: What to compute on; see `OneDevice`.

    Returns:
        Rows, one for each head, target and test set, and arrays. The arrays
        of a row stand under its `arrays` name: `NAME/target`, the scores of
        each picture `NAME/spearman` and `NAME/mae`, the number of its
        photograph `NAME/photographs`, the median predicted map
        `NAME/median_map` and those of the first pictures `NAME/examples`.

    Raises:
        ValueError: If an argument is unknown, or the solver cannot fit a
            head of that shape.
    """
    check_heads(solver, heads)
    if not targets:
        raise InputError("`targets` must name at least one. Received: none")
    exact = solver == "exact"
    batches = FeatureBatches(
        features,
        train,
        batch_size if exact else BATCH,
        keep=not exact,
        advance=advance,
        devices=devices,
        own=not exact,
    )
    shapes = batches.shapes
    grid = next(iter(shapes.values()))[0]

    def target_map(target, size):
        return position_target(target, size, value_range=value_range)

    fitted: Any
    if exact:
        fitted, positions = fit_exact_probes(
            batches,
            heads,
            lambda size: np.stack(
                [target_map(target, size) for target in targets], axis=-1
            ),
            ridge=ridge,
            positions=positions_per_image,
            seed=seed,
            devices=devices,
        )
        ridges: list[Any] = [probe.ridge for probe in fitted]
    else:
        fitted = fit_gradient_probes(
            batches,
            heads,
            {target: target_map(target, train.size) for target in targets},
            optimizer=solver,
            epochs=epochs,
            learning_rate=learning_rate,
            seed=seed,
            log=log,
            checkpoint=checkpoint,
            devices=devices,
        )
        positions = [head.size(grid) ** 2 for head in heads]
        ridges = [[None] * len(targets) for _ in heads]
    rows, arrays = [], {}
    for name, images in tests.items():
        scores = {
            (number, target): Evaluation(
                target_map(target, head.size(grid)), seed=seed
            )
            for number, head in enumerate(heads)
            for target in targets
        }
        for maps in FeatureBatches(
            features, images, batch_size, advance=advance, devices=devices
        ).once():
            joined = {}
            for number, (head, reader) in enumerate(
                zip(heads, fitted, strict=True)
            ):
                seen = head.sees(tuple(shapes))
                if seen not in joined:
                    joined[seen] = head.joined(maps)
                predicted = reader.predict(joined[seen])
                for channel, target in enumerate(targets):
                    scores[number, target].update(predicted[..., channel])
        photographs = images.photographs
        for (number, target), evaluation in scores.items():
            head = heads[number]
            key = f"{target}/{head.label}/{name}"
            ridge = ridges[number][list(targets).index(target)]
            rows.append(
                {
                    "stages": ",".join(head.sees(tuple(shapes))),
                    "target": target,
                    "kernel_size": head.kernel_size,
                    "head_layers": head.layers,
                    "head_padding": head.padding,
                    "head_width": head.width,
                    "head_output": head.output,
                    "solver": solver,
                    "ridge": None if ridge is None else float(ridge),
                    "positions_per_image": positions[number],
                    "train_images": train.delivered,
                    "test_set": name,
                    **evaluation.row(photographs),
                    "arrays": key,
                }
            )
            for what, array in evaluation.arrays().items():
                arrays[f"{key}/{what}"] = array
            arrays[f"{key}/photographs"] = photographs
    if keep:
        keep(probe_model(fitted, heads, targets, shapes))
    return rows, arrays


def check_heads(solver: str, heads: Sequence[Head]) -> None:
    """Tell at once whether a solver can fit heads of these shapes.

    Example:

    >>> check_heads("sgd", [Head(layers=3, output="sigmoid")])

    Args:
        solver: `"exact"`, `"sgd"` or `"adam"`.
        heads: Shapes of heads.

    Raises:
        ValueError: If the solver is unknown, or is `"exact"` and a head is
            not a single linear layer; if there is no head, or one twice.
    """
    check_choices(solver=(solver, SOLVERS))
    if not heads:
        raise InputError("`heads` must hold at least one. Received: none")
    if len(set(heads)) < len(heads):
        raise InputError(f"`heads` must hold each once. Received: {heads}")
    for head in heads:
        if solver == "exact" and (head.layers > 1 or head.output != "linear"):
            raise InputError(
                '`solver="exact"` fits linear heads of one layer; use '
                '`solver="sgd"` or "adam" for others. Received a head of '
                f"{head.label}"
            )
