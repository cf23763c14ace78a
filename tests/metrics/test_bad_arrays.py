"""Arrays that no function can use are refused, by the argument's name."""

import numpy as np
import pytest

from keras_padpos import metrics
from keras_padpos.errors import InputError

MAP = np.random.default_rng(0).uniform(size=(4, 4))
LINE = np.arange(4.0)

# From an argument to its number of axes, and what takes it.
ARGUMENTS = {
    "predictions": (3, lambda x: metrics.rank_correlation(x, MAP)),
    "target": (2, lambda x: metrics.rank_correlation(MAP[None], x)),
    "target of chance": (None, metrics.chance_mae),
    "scores": (1, metrics.bootstrap_interval),
    "scores of a test": (1, metrics.mean_p_value),
    "photographs": (
        1,
        lambda x: metrics.bootstrap_interval(
            LINE, photographs=() if x is None else x
        ),
    ),
    "one": (1, lambda x: metrics.paired_difference(x, LINE)),
    "other": (1, lambda x: metrics.paired_difference(LINE, x)),
    "one of classes": (2, lambda x: metrics.top_k_overlap(x, MAP)),
    "p_values": (1, metrics.holm),
    "confusion": (2, metrics.mean_iou),
    "values": (2, metrics.border_profile),
    "values of sides": (2, metrics.side_asymmetry),
    "contrast": (2, metrics.position_aware_units),
    "groups": (2, metrics.variance_share),
    "latents": (2, lambda x: metrics.neuron_counts(x, {"a": [0, 1, 0, 1]})),
    "maps": (4, lambda x: metrics.BorderContrast().update(x)),
    "masks": (3, lambda x: metrics.PixelPrior(3, 4).update(x)),
}


def bad_arrays(axes):
    """Arrays that do not fit, one with so many axes as is expected or none."""
    axes = axes or 2
    yield None
    yield np.float64(1)
    yield np.array([["a"] * 3] * 3)
    yield np.zeros((2,) * (axes - 1) + (0,))
    if axes > 1:
        yield LINE
    for value in (np.nan, np.inf):
        array = np.ones((4,) * axes)
        array.flat[1] = value
        yield array


@pytest.mark.parametrize("name", ARGUMENTS)
def test_bad_arrays_are_refused_by_name(name):
    axes, function = ARGUMENTS[name]
    for array in bad_arrays(axes):
        # A map is asked for, but any number of axes will do.
        if (name, np.ndim(array)) == ("target of chance", 1):
            continue
        # What is only at a border has an infinite contrast.
        if name == "contrast" and str(array).count("inf"):
            continue
        if name == "p_values" and np.size(array) == 0:
            continue
        with pytest.raises(InputError) as error:
            function(array)
        words = f"`{name.partition(' ')[0]}`"
        assert words in str(error.value), (array, str(error.value))


def test_numpy_integers_are_ints():
    one, four = np.int64(1), np.int32(4)
    ones = np.ones((1, 4, 4, 2))
    np.testing.assert_array_equal(
        metrics.border_bands(four, four), metrics.border_bands(4, 4)
    )
    np.testing.assert_array_equal(
        metrics.border_moments(ones, one), metrics.border_moments(ones, 1)
    )
    assert metrics.PixelPrior(four, four).size == (4, 4)
    assert metrics.PixelPrior(four, (four, 4)).size == (4, 4)
    assert metrics.BorderContrast(one).width == 1
    assert metrics.top_k_overlap(MAP, MAP, k=one).tolist() == [1.0] * 4
