"""How much position a network's features carry."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.probes.evaluation import Evaluation
from keras_padpos.probes.exact_solver import ExactSolver
from keras_padpos.probes.feature_batches import FeatureBatches
from keras_padpos.probes.head import Head
from keras_padpos.probes.position_target import position_target
from keras_padpos.probes.read_out_model import read_out_model
from keras_padpos.probes.sgd_solver import SgdSolver

SOLVERS = ("exact", "sgd")


def position_probe(
    features: keras.Model,
    train: Any,
    tests: Mapping[str, Any],
    *,
    targets: Sequence[str] = ("horizontal", "vertical", "gaussian"),
    heads: Sequence[Head] = (Head(),),
    solver: str = "exact",
    ridge: float = 1e-3,
    epochs: int = 15,
    learning_rate: float = 0.1,
    value_range: str = "released",
    batch_size: int = 8,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
    log: Callable[..., None] | None = None,
    keep: Callable[[keras.Model], None] | None = None,
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Train read-outs on some pictures and score them on others.

    PosENet (Islam et al., ICLR 2020): a head on frozen features predicts a map
    that depends on the place alone. It can succeed on new pictures only if the
    features tell the place.

    Args:
        features: From pictures to `(batch, grid, grid, channels)`; see
            `read_out_features`.
        train: An `ImageSet` of `keras_padpos.data` to fit the heads on.
        tests: From a name to an `ImageSet` to score them on.
        targets: Names out of `TARGETS`.
        heads: Shapes of heads, all fitted on the same pass.
        solver: `"exact"`, closed form, linear heads of one layer; or `"sgd"`.
        ridge: For `"exact"`: see `ExactSolver`.
        epochs: For `"sgd"`: passes over the pictures.
        learning_rate: For `"sgd"`: see `SgdSolver`.
        value_range: See `position_target`.
        batch_size: Pictures that go through the network at once. `"sgd"`
            trains on batches of 32 whatever this is.
        seed: Seed of initial weights, shuffling and bootstrap.
        advance: Called with the number of pictures that went through.
        log: Called with `epoch`, `loss` and the head's label.
        keep: Called, last, with the fitted heads as one Keras model; see
            `read_out_model`.

    Returns:
        Rows, one for each head, target and test set, and arrays. The arrays
        of a row stand under its `arrays` name: `NAME/target`, the scores of
        each picture `NAME/spearman` and `NAME/mae`, the median predicted
        map `NAME/median_map` and those of the first pictures `NAME/examples`.

    Raises:
        ValueError: If an argument is unknown, or the solver cannot fit a
            head of that shape.
    """
    check_heads(solver, heads)
    grid = features.output_shape[1]
    if solver == "exact":
        fitted = _fit_exact(
            FeatureBatches(features, train, batch_size, advance=advance),
            grid,
            targets,
            heads,
            ridge,
            value_range,
        )
    else:
        fitted = _fit_sgd(
            FeatureBatches(features, train, 32, keep=True, advance=advance),
            targets,
            heads,
            value_range,
            {
                "epochs": epochs,
                "learning_rate": learning_rate,
                "seed": seed,
            },
            log,
        )
    rows, arrays = [], {}
    for name, images in tests.items():
        scores = {
            (head, target): Evaluation(
                position_target(
                    target, head.size(grid), value_range=value_range
                ),
                seed=seed,
            )
            for head in heads
            for target in targets
        }
        batches = FeatureBatches(features, images, batch_size, advance=advance)
        for batch in batches.once():
            for head, reader in zip(heads, fitted, strict=True):
                maps = reader.predict(batch)
                for channel, target in enumerate(targets):
                    scores[head, target].update(maps[..., channel])
        for (head, target), evaluation in scores.items():
            key = f"{target}/{head.label}/{name}"
            rows.append(
                {
                    "target": target,
                    "kernel_size": head.kernel_size,
                    "head_layers": head.layers,
                    "head_padding": head.padding,
                    "head_output": head.output,
                    "solver": solver,
                    "test_set": name,
                    "train_images": train.delivered,
                    **evaluation.row(),
                    "arrays": key,
                }
            )
            for what, array in evaluation.arrays().items():
                arrays[f"{key}/{what}"] = array
    if keep:
        shape = features.output_shape[1:]
        keep(read_out_model(fitted, heads, targets, shape))
    return rows, arrays


def check_heads(solver: str, heads: Sequence[Head]) -> None:
    """Tell at once whether a solver can fit heads of these shapes.

    Example:

    >>> check_heads("sgd", [Head(layers=3, output="sigmoid")])

    Args:
        solver: `"exact"` or `"sgd"`.
        heads: Shapes of heads.

    Raises:
        ValueError: If the solver is unknown, or is `"exact"` and a head is
            not a single linear layer.
    """
    if solver not in SOLVERS:
        raise ValueError(
            f"`solver` must be one of {', '.join(SOLVERS)}. "
            f"Received: solver={solver!r}"
        )
    for head in heads:
        if solver == "exact" and (head.layers > 1 or head.output != "linear"):
            raise ValueError(
                '`solver="exact"` fits linear heads of one layer; use '
                f'`solver="sgd"` for others. Received: {head}'
            )


def _fit_exact(batches, grid, targets, heads, ridge, value_range):
    solvers = [
        ExactSolver(
            np.stack(
                [
                    position_target(
                        target, head.size(grid), value_range=value_range
                    )
                    for target in targets
                ],
                axis=-1,
            ),
            kernel_size=head.kernel_size,
            padding=head.padding,
            ridge=ridge,
        )
        for head in heads
    ]
    for batch in batches.once():
        for solver in solvers:
            solver.update(batch)
    return [solver.solve() for solver in solvers]


def _fit_sgd(batches, targets, heads, value_range, recipe, log):
    wanted = {
        target: position_target(
            target, batches.images.size, value_range=value_range
        )
        for target in targets
    }
    fitted = []
    for head in heads:
        solver = SgdSolver(
            wanted, batches.model.output_shape[1:], head, **recipe
        )

        def on_epoch(epoch, loss, head=head):
            if log:
                log(head=head.label, epoch=epoch, loss=loss)

        solver.fit(
            lambda epoch: batches.shuffled(epoch, recipe["seed"]), on_epoch
        )
        fitted.append(solver)
    return fitted
