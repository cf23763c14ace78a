import numpy as np
import pytest
from scipy import stats

from keras_padpos.metrics import rank_correlation


def ramp(height=6, width=7):
    return np.arange(height * width, dtype="float64").reshape(height, width)


@pytest.mark.parametrize("levels", [3, 10, None])
def test_equals_scipy_with_ties_in_map_and_target(levels):
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(5, 6, 7))
    target = rng.normal(size=(6, 7)) + 2 * maps[0]
    if levels:
        maps = np.round(maps * levels / 4)
        target = np.round(target * levels / 4)
    expected = [stats.spearmanr(m.ravel(), target.ravel())[0] for m in maps]
    assert abs(expected[0]) > 0.5
    np.testing.assert_allclose(
        rank_correlation(maps, target), expected, rtol=0, atol=1e-12
    )


def test_any_rising_function_of_the_target_scores_one():
    target = ramp() / 41
    scores = rank_correlation(
        [np.exp(9 * target), target**3, -np.sqrt(target)], target
    )
    np.testing.assert_allclose(scores, [1, 1, -1], atol=1e-12)


@pytest.mark.parametrize("level", [0.0, 0.3, -1e6])
def test_a_constant_map_scores_zero(level):
    target = ramp()
    scores = rank_correlation([np.full(target.shape, level), target], target)
    assert scores[0] == 0
    assert scores[1] == pytest.approx(1)


@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e4])
def test_what_varies_less_than_a_millionth_of_the_target_is_constant(spread):
    target = spread * ramp()
    shape = target - target.mean()
    maps = [0.5 * spread + share * shape for share in (0.9e-6, 1.1e-6)]
    assert rank_correlation(maps, target) == pytest.approx([0, 1])


def test_rounding_noise_of_float32_does_count():
    rng = np.random.default_rng(1)
    target = ramp() / 41
    noise = 0.5 + 1e-5 * rng.normal(size=(1, *target.shape))
    expected = stats.spearmanr(noise.ravel(), target.ravel())[0]
    assert expected != 0
    assert rank_correlation(noise, target)[0] == pytest.approx(expected)


def test_each_map_is_scored_alone():
    rng = np.random.default_rng(2)
    maps = rng.normal(size=(4, 6, 7))
    maps[2] = 0
    together = rank_correlation(maps, ramp())
    alone = [rank_correlation(m[None], ramp())[0] for m in maps]
    assert together.shape == (4,)
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-15)


@pytest.mark.parametrize("shape", [(1, 7, 6), (2, 1, 1)])
def test_maps_of_another_shape_than_the_target_are_an_error(shape):
    with pytest.raises(ValueError) as error:
        rank_correlation(np.zeros(shape), ramp())
    assert str(error.value) == (
        "`predictions` must be maps of the target's shape (6, 7). "
        f"Received: shape {shape}"
    )


def test_a_constant_target_is_an_error():
    with pytest.raises(ValueError, match="^`target` must not be constant.$"):
        rank_correlation(ramp()[None], np.full((6, 7), 0.25))
