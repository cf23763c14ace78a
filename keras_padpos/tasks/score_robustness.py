"""How a classifier does on pictures that were tampered with."""

import itertools
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.tasks.attack_loss import attack_loss
from keras_padpos.tasks.cutout import Cutout
from keras_padpos.tasks.input_gradient import input_gradient
from keras_padpos.tasks.pgd import pgd
from keras_padpos.tasks.region_mask import region_mask
from keras_padpos.tasks.universal_perturbation import perturbed
from keras_padpos.tasks.universal_perturbation import universal_perturbation

ATTACKS = ("noise", "pgd", "universal")
"""Random signs, each picture attacked by itself, and all of them alike."""


def score_robustness(
    model: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    known: tuple[np.ndarray, np.ndarray],
    *,
    fills: Sequence[str] = (),
    cutout_size: int | float = 0.5,
    attacks: Sequence[str] = ATTACKS,
    shares: Sequence[float] = (0.1,),
    epsilons: Sequence[float] = (2.0, 8.0),
    step: float = 0.25,
    steps: int = 10,
    universal_epochs: int = 5,
    seed: int = 0,
    batch_size: int = 64,
    advance: Callable[[int], Any] | None = None,
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Score a classifier clean, with pieces cut out, and attacked.

    Every attack of every size is made on the whole picture, and, for each
    width of the border, on the border and on as many pixels of the interior.
    `"noise"` moves each value by its size up or down, at random: what an
    attack does beyond that is its own.

    Example:

    >>> from keras_padpos.tasks import classification_net
    >>> net = classification_net("vgg5", 2, size=8)
    >>> pictures = np.zeros((4, 8, 8, 3), "uint8")
    >>> rows, arrays = score_robustness(
    ...     net, pictures, np.zeros(4, int), (pictures, np.zeros(4, int)),
    ...     fills=["white"], attacks=["universal"], epsilons=[8.0],
    ... )
    >>> [(row["attack"], row["fill"], row["region"]) for row in rows][:3]
    [('none', None, None), ('cutout', 'white', None), ('universal', None, \
'whole')]
    >>> list(arrays)
    ['universal-8-whole', 'universal-8-border-0.1', 'universal-8-interior-0.1']

    Args:
        model: From pictures in [0, 255] to logits `(batch, classes)`, on one
            device.
        pictures: Test pictures, `(pictures, height, width, 3)`, uint8.
        labels: `(pictures,)`, their classes.
        known: Pictures and labels that universal perturbations are found on.
        fills: What to fill squares of test pictures with; see `Cutout`.
        cutout_size: Their size.
        attacks: Some of `ATTACKS`.
        shares: Widths of the border, see `region_mask`.
        epsilons: Sizes of the attacks; see `pgd`. Where every picture can be
            fooled by itself, one perturbation for all may just begin to work.
        step: Of attacks, a share of their size.
        steps: Of `pgd`.
        universal_epochs: Passes over `known`.
        seed: Seed of squares, starts, signs and orders.
        batch_size: Pictures that go through at once.
        advance: Called with 1 after each row.

    Returns:
        Rows, and universal perturbations under their names. A row has
        `attack` (`"none"`, `"cutout"`, or one of `attacks`), `fill`,
        `region`, `share`, `fraction` (of pixels that may change; `None` for
        squares, which stick out now and then), `epsilon`, `accuracy` and
        `fooling_rate` (the share of answers that are others than clean) in
        [0, 1], and `cross_entropy` in nats.

    Raises:
        ValueError: If an argument is out of its range.
    """
    unknown = [each for each in attacks if each not in ATTACKS]
    if unknown:
        raise ValueError(
            f"`attacks` must be of {', '.join(ATTACKS)}. Received: {unknown}"
        )
    places = _places(pictures.shape[1:3], shares)
    # One program for all attacks.
    gradient = input_gradient(model, attack_loss)
    clean = _logits(model, pictures, batch_size)
    rows, arrays = [], {}

    def add(attack, logits, **columns):
        rows.append(
            {
                "attack": attack,
                "fill": None,
                "region": None,
                "share": None,
                "fraction": None,
                "epsilon": None,
                **columns,
                **_scores(logits, labels, clean),
            }
        )
        if advance:
            advance(1)

    add("none", clean, fraction=0.0)
    for fill in fills:
        cut = _cut(pictures, Cutout(cutout_size, fill, seed), batch_size)
        add("cutout", _logits(model, cut, batch_size), fill=fill)
    for attack, epsilon, ((region, share), mask) in itertools.product(
        attacks, epsilons, places.items()
    ):
        options = {
            "epsilon": epsilon,
            "step": step * epsilon,
            "seed": seed,
            "mask": mask,
            "gradient": gradient,
            "batch_size": batch_size,
        }
        if attack == "noise":
            signs = np.random.default_rng(seed).integers(0, 2, pictures.shape)
            noise = epsilon * (2 * signs - 1) * mask[:, :, None]
            found = np.clip(pictures + noise, 0, 255)
        elif attack == "pgd":
            found = pgd(model, pictures, labels, steps=steps, **options)
        else:
            name = perturbation_name(epsilon, region, share)
            arrays[name] = universal_perturbation(
                model, *known, epochs=universal_epochs, **options
            )
            found = ops.convert_to_numpy(perturbed(pictures, arrays[name]))
        add(
            attack,
            _logits(model, found, batch_size),
            region=region,
            share=share,
            fraction=float(mask.mean()),
            epsilon=float(epsilon),
        )
    return rows, arrays


def perturbation_name(epsilon: float, region: str, share: float | None) -> str:
    """What `score_robustness` calls a universal perturbation.

    Example:

    >>> perturbation_name(2.0, "border", 0.1)
    'universal-2-border-0.1'

    Args:
        epsilon: Its size.
        region: Where it is; see `region_mask`.
        share: Width of the border; `None` for the whole picture.
    """
    words = ["universal", f"{epsilon:g}", region]
    return "-".join(words if share is None else [*words, f"{share:g}"])


def _places(size, shares):
    places = {("whole", None): region_mask(*size)}
    for share in shares:
        for region in ("border", "interior"):
            places[region, share] = region_mask(*size, region, share)
    return places


def _cut(pictures, layer, batch_size):
    return np.concatenate(
        [
            ops.convert_to_numpy(
                layer(pictures[start : start + batch_size], training=True)
            )
            for start in range(0, len(pictures), batch_size)
        ]
    )


def _logits(model, pictures, batch_size):
    return model.predict(
        np.asarray(pictures, "float32"), batch_size=batch_size, verbose=0
    )


def _scores(logits, labels, clean):
    answers = np.argmax(logits, axis=-1)
    losses = ops.convert_to_numpy(attack_loss(labels, logits))
    return {
        "accuracy": float(np.mean(answers == labels)),
        "fooling_rate": float(np.mean(answers != np.argmax(clean, axis=-1))),
        "cross_entropy": float(np.mean(losses)),
    }
