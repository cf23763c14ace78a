import numpy as np
import pytest

from keras_padpos.metrics import chance_mae


@pytest.mark.parametrize("seed", range(3))
def test_no_constant_of_a_fine_grid_is_better(seed):
    rng = np.random.default_rng(seed)
    target = rng.gamma(1, size=(9, 9))  # lopsided: mean and median differ
    constants = np.linspace(target.min(), target.max(), 20_001)
    errors = np.abs(target.ravel() - constants[:, None]).mean(axis=1)
    chance = chance_mae(target)
    assert chance <= errors.min() + 1e-12
    assert chance == pytest.approx(errors.min(), abs=1e-4)
    assert chance < np.abs(target - target.mean()).mean() - 1e-3


def test_the_horizontal_ramp_at_224_has_the_papers_chance_level():
    # Islam et al. (ICLR 2020), Table 1: .251 for a constant prediction.
    columns = np.arange(224) / 223
    assert round(chance_mae(np.tile(columns, (224, 1))), 3) == 0.251
