"""How a classifier does on pictures that were tampered with."""

import functools
import itertools
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.checks import check_ints
from keras_padpos.checks import check_sizes
from keras_padpos.choices import ATTACKS
from keras_padpos.errors import InputError
from keras_padpos.metrics import paired_difference
from keras_padpos.tasks._pgd import check_steps
from keras_padpos.tasks._pgd import pgd
from keras_padpos.tasks._universal_perturbation import perturbed
from keras_padpos.tasks._universal_perturbation import universal_perturbation
from keras_padpos.tasks.attack_ball import region_mask
from keras_padpos.tasks.attack_gradient import attack_loss
from keras_padpos.tasks.attack_gradient import input_gradient
from keras_padpos.tasks.classifier import accuracy_scores
from keras_padpos.tasks.classifier import labelled
from keras_padpos.tasks.cutout import Cutout
from keras_padpos.training import Checkpoint
from keras_padpos.training import flat_state
from keras_padpos.training import kept_seeds
from keras_padpos.training import restore_variables
from keras_padpos.training import seed_variables
from keras_padpos.training import sub_state
from keras_padpos.training import variable_state

# What is drawn does not depend on the batch size.
_AT_ONCE = 64


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
    checkpoint: Checkpoint | None = None,
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Score a classifier clean, with pieces cut out, and attacked.

    Every attack of every size is made on the whole picture, and, for each
    width of the border, on the border and on as many pixels of the interior.
    `"noise"` moves each value by its size up or down, at random: what an
    attack does beyond that is its own. Squares lie in the same places whatever
    they are filled with. Padding that draws noise (`randn`) draws the same for
    every row, and the network is left as it is.

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
        checkpoint: Where to go on from, and where finished rows go.

    Returns:
        Rows, and universal perturbations by `perturbation_name`. A row has
        `attack` (`"none"`, `"cutout"`, or one of `attacks`), `fill`,
        `region`, `share`, `fraction` (of pixels that may change; `None` for
        squares, which stick out now and then), `epsilon`, `accuracy` and
        `fooling_rate` (the share of answers that are others than clean) in
        [0, 1], `accuracy_ci95`, the bootstrap interval of the accuracy over
        pictures, `cross_entropy` in nats, and for the interior
        `border_minus_interior`, how much more accurate the network is when as
        many pixels of the border are attacked, and
        `border_minus_interior_ci95`, its paired interval (else `None`).

    Raises:
        ValueError: If an argument is out of its range.
        GradientError: If gradients are not numbers.
    """
    unknown = [each for each in attacks if each not in ATTACKS]
    if unknown:
        raise InputError(
            f"`attacks` must be one or more of {', '.join(ATTACKS)}. "
            f"Received: {unknown}"
        )
    check_ints(universal_epochs=universal_epochs, batch_size=batch_size)
    check_steps(steps)
    check_sizes(step=step)
    for epsilon in epsilons:
        check_sizes(epsilons=epsilon)
    pictures, labels = labelled(model, pictures, labels)
    known = labelled(model, *known, name="known")
    places = _places(pictures.shape[1:3], shares)
    # One program for all attacks.
    gradient = input_gradient(model, attack_loss)
    done = _Done(model, checkpoint)

    def add(tamper, **columns):
        if done.skip():
            if advance:
                advance(1)
            return
        tampered = tamper()
        with kept_seeds(model):
            logits = _logits(model, tampered, batch_size)
        done.add(
            {
                "attack": None,
                "fill": None,
                "region": None,
                "share": None,
                "fraction": None,
                "epsilon": None,
                **columns,
                **accuracy_scores(logits, labels),
            },
            np.argmax(logits, axis=-1),
        )
        if advance:
            advance(1)

    def attacked(attack, *pairs, **options):
        with kept_seeds(model):
            if seed_variables(model):
                # An attack must not know the noise that it is scored with.
                _logits(model, pictures[:1], 1)
            return attack(model, *pairs, gradient=gradient, **options)

    add(lambda: pictures, attack="none", fraction=0.0)
    for fill in fills:
        layer = Cutout(cutout_size, fill, seed)
        add(
            functools.partial(_cut, pictures, layer),
            attack="cutout",
            fill=fill,
        )
    for attack, epsilon, ((region, share), mask) in itertools.product(
        attacks, epsilons, places.items()
    ):
        options = {
            "epsilon": epsilon,
            "step": step * epsilon,
            "seed": seed,
            "mask": mask,
            "batch_size": batch_size,
        }
        if attack == "noise":
            tamper = functools.partial(_noisy, pictures, epsilon, mask, seed)
        elif attack == "pgd":
            tamper = functools.partial(
                attacked, pgd, pictures, labels, steps=steps, **options
            )
        else:
            find = functools.partial(
                attacked,
                universal_perturbation,
                *known,
                epochs=universal_epochs,
                **options,
            )
            name = perturbation_name(epsilon, region, share)
            tamper = functools.partial(
                _perturbed, pictures, done.arrays, name, find
            )
        add(
            tamper,
            attack=attack,
            region=region,
            share=share,
            fraction=float(mask.mean()),
            epsilon=float(epsilon),
        )
    return _compared(done.rows, done.answers, labels), done.arrays


def perturbation_name(epsilon: float, region: str, share: float | None) -> str:
    """The name of the array of a universal perturbation.

    Example:

    >>> perturbation_name(8, "border", 0.25), perturbation_name(8, "all", None)
    ('universal-8-border-0.25', 'universal-8-all')

    Args:
        epsilon: Its bound; see `score_robustness`.
        region: Where it is, as in the row.
        share: The border's share, as in the row.
    """
    parts = ["universal", f"{epsilon:g}", region]
    return "-".join(parts if share is None else [*parts, f"{share:g}"])


class _Done:
    """What has been scored, and what going on needs."""

    def __init__(self, model, checkpoint):
        # What padding draws from at inference.
        self._random = seed_variables(model)
        self._checkpoint = checkpoint
        self.rows, self.answers, self.arrays = [], [], {}
        saved = checkpoint.load() if checkpoint is not None else None
        if saved is not None:
            row, state = saved
            self.rows = list(row["rows"])
            self.answers = list(state["answers"])
            self.arrays = sub_state(state, "perturbations")
            restore_variables(self._random, sub_state(state, "random"))
        self._left = len(self.rows)

    def skip(self):
        """Whether the next row has been scored before."""
        self._left -= 1
        return self._left >= 0

    def add(self, row, answers):
        self.rows.append(row)
        self.answers.append(answers)
        if self._checkpoint is not None:
            self._checkpoint.offer(self._state)

    def _state(self):
        return {"rows": self.rows}, flat_state(
            {
                "answers": np.stack(self.answers),
                "perturbations": self.arrays,
                "random": variable_state(self._random),
            }
        )


def _places(size, shares):
    places = {("whole", None): region_mask(*size)}
    for share in shares:
        for region in ("border", "interior"):
            places[region, share] = region_mask(*size, region, share)
    return places


def _cut(pictures, layer):
    parts = [
        pictures[start : start + _AT_ONCE]
        for start in range(0, len(pictures), _AT_ONCE)
    ]
    # All before any noise, and so the same whatever they are filled with.
    squares = [layer.squares(*part.shape[:3]) for part in parts]
    return np.concatenate(
        [
            ops.convert_to_numpy(layer.filled(part, each))
            for part, each in zip(parts, squares, strict=True)
        ]
    )


def _logits(model, pictures, batch_size):
    return model.predict(
        np.asarray(pictures, "float32"), batch_size=batch_size, verbose=0
    )


def _noisy(pictures, epsilon, mask, seed):
    rng = np.random.default_rng(seed)
    noisy = np.empty(pictures.shape, "float32")
    # Signs and sums of all pictures at once would be large.
    for start in range(0, len(pictures), _AT_ONCE):
        part = pictures[start : start + _AT_ONCE]
        signs = 2 * rng.integers(0, 2, part.shape) - 1
        moved = part + epsilon * signs * mask[:, :, None]
        noisy[start : start + _AT_ONCE] = np.clip(moved, 0, 255)
    return noisy


def _perturbed(pictures, arrays, name, find):
    arrays[name] = find()
    return ops.convert_to_numpy(perturbed(pictures, arrays[name]))


def _compared(rows, answers, labels):
    """The rows, and how they differ from clean ones and from each other."""
    compared, border = [], None
    for row, classes in zip(rows, answers, strict=True):
        difference = interval = None
        right = classes == labels
        if row["region"] == "border":
            border = right
        elif row["region"] == "interior":
            # The border of the same size comes just before.
            difference, interval = paired_difference(border, right)
        compared.append(
            {
                **row,
                "fooling_rate": float(np.mean(classes != answers[0])),
                "border_minus_interior": difference,
                "border_minus_interior_ci95": interval and list(interval),
            }
        )
    return compared
