"""How many units of a latent vector encode what."""

from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import numpy as np

from keras_padpos.checks import as_floats
from keras_padpos.errors import InputError

RESIDUAL = "residual"
"""What the units count for that no factor gets."""

# A spread below this share of the values' size is rounding.
_NOISE = 1e-6


class NeuronCounts(NamedTuple):
    """Scores of factors and the units they get.

    Example:

    >>> NeuronCounts({"class": 0.2}, {"class": 3, "residual": 7}).counts
    {'class': 3, 'residual': 7}

    Attributes:
        scores: From each factor to its score; 1 where the factor alone
            decides every unit (and has groups of one size), about 0 where it
            decides none.
        counts: From each factor, and `"residual"`, to a number of units. They
            add up to all units.
    """

    scores: dict[str, float]
    counts: dict[str, int]


def neuron_counts(
    latents: np.ndarray,
    factors: Mapping[str, Any],
    *,
    identity: Any = None,
) -> NeuronCounts:
    """Dimensionality estimation: units that encode each factor.

    The score of a factor asks how alike two samples are that share it:

        score = sum_d mean_pairs((a_d - mu_d) (b_d - mu_d)) / sum_d var(z_d)

    over pairs of different samples a, b with the same label, where mu is the
    mean of all that is in a pair and var the variance over all samples
    (divided by their number). The papers' code draws pairs at random; here
    the mean is that over *all* pairs, in closed form, so nothing is drawn and
    there is no seed. Each pair counts once, so a label of twice the samples
    counts about four times.

    Units are then shared out by a softmax over the scores and a 1 for the
    residual, rounded down; what is left over goes to the residual.

    Counts move in a narrow band, since scores lie between about 0 and 1: of
    two factors each gets 21 % of the units if neither is encoded at all, and
    between 16 % and 42 % whatever the network. Compare counts between
    networks, never with 0; the scores tell more.

    Example:

    >>> one = np.array([0, 0, 1, 1] * 5)
    >>> other = np.array([0, 1, 0, 1] * 5)
    >>> latents = np.stack([one, one, one, other], axis=1)
    >>> found = neuron_counts(latents, {"one": one, "other": other})
    >>> {name: round(score, 2) for name, score in found.scores.items()}
    {'one': 0.72, 'other': 0.17}
    >>> found.counts
    {'one': 1, 'other': 0, 'residual': 3}

    Args:
        latents: `(samples, units)`.
        factors: From a factor's name to its labels `(samples,)`.
        identity: Labels `(samples,)`; two samples that share one make no
            pair. For the class, say, if the same picture is there several
            times. All samples are different by default.

    Returns:
        Scores and counts. Where latents are the same for all samples, but for
        rounding, nothing is encoded: scores are 0.

    Raises:
        ValueError: If shapes do not fit, latents are not finite, no factor is
            given or one is called `"residual"`, or a factor has no pair.

    Source:
        Islam et al., *Position, Padding and Predictions* (IJCV 2024), with
        location and class as the factors, as far as is known; Islam et al.,
        *Shape or Texture* (ICLR 2021), after Esser et al., *A Disentangling
        Invertible Interpretation Network* (CVPR 2020).
    """
    latents = as_floats("latents", latents, "(samples, units)")
    if not factors or RESIDUAL in factors:
        raise InputError(
            f"`factors` must hold at least one factor, and none named "
            f"{RESIDUAL!r}. Received: {list(factors)}"
        )
    samples, units = latents.shape
    if identity is None:
        identity = np.arange(samples)
    identity = _groups("identity", identity, samples)
    centred = latents - latents.mean(axis=0)
    variance = np.square(centred).mean(axis=0).sum()
    constant = variance <= _NOISE**2 * np.square(latents).mean(axis=0).sum()
    scores = {}
    for name, labels in factors.items():
        labels = _groups(f"factors[{name!r}]", labels, samples)
        covariance = _pair_covariance(centred, labels, identity, name)
        scores[name] = 0.0 if constant else float(covariance / variance)
    weights = np.exp([*scores.values(), 1.0])
    # Not even a rounding error below a whole number takes a unit away.
    shares = np.floor(weights / weights.sum() * units + 1e-9).astype(int)
    counts = dict(zip(scores, shares[:-1].tolist(), strict=True))
    counts[RESIDUAL] = units - sum(counts.values())
    return NeuronCounts(scores, counts)


def _groups(what, labels, samples):
    labels = np.asarray(labels)
    if labels.shape != (samples,):
        raise InputError(
            f"`{what}` must be of shape ({samples},), a label for each sample. "
            f"Received: shape {labels.shape}"
        )
    return np.unique(labels, return_inverse=True)[1]


def _pair_covariance(centred, labels, identity, name):
    """Mean over pairs of the inner product about the pairs' own mean."""
    both = labels * (identity.max() + 1) + identity
    both = np.unique(both, return_inverse=True)[1]
    # How many partners each sample has.
    partners = np.bincount(labels)[labels] - np.bincount(both)[both]
    pairs = partners.sum()
    if not pairs:
        raise InputError(
            f"No two different samples share a label of the factor {name!r} "
            f"among {len(labels)} samples."
        )
    values = centred - partners @ centred / pairs
    # The square of a group's sum is the sum over all its ordered pairs; those
    # of a sample with itself, and with its like, are taken out again.
    return (_squared_sums(values, labels) - _squared_sums(values, both)) / pairs


def _squared_sums(values, groups):
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    return np.square(np.add.reduceat(values[order], starts, axis=0)).sum()
