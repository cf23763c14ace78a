import keras
import numpy as np
import pytest

from keras_padpos.tasks.fconv_training import _Plateau


def follow(values, cut=None, **options):
    """Rate and weight after each epoch, until training stops."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    plateau = _Plateau(model, **options)
    (bias,) = (each for each in model.weights if each.name == "bias")
    seen = []
    for epoch, value in enumerate(values):
        if epoch == cut:
            # As if killed and started again.
            state = {
                name: each.copy() for name, each in plateau.state().items()
            }
            plateau = _Plateau(model, **options)
            plateau.restore(state)
        # A weight that says which epoch it is of.
        bias.assign([epoch + 1])
        go_on = plateau.update(value)
        rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
        seen.append((rate, float(keras.ops.convert_to_numpy(bias)[0])))
        if not go_on:
            break
    plateau.best.put_back()
    return seen, float(keras.ops.convert_to_numpy(bias)[0]), plateau.best


def test_falls_at_the_sixth_epoch_that_is_no_better():
    # Best in the second epoch; equal is no better.
    seen, left, best = follow([3, 1, 1, 2, 2, 2, 2, 2, 2, 0.5])
    rates = [rate for rate, _ in seen]
    np.testing.assert_allclose(rates, [1e-3] * 7 + [1e-4] * 3, rtol=1e-5)
    # The eighth epoch goes back to the second's weights.
    assert [weights for _, weights in seen] == [1, 2, 3, 4, 5, 6, 7, 2, 9, 10]
    assert (left, best.value, best.epoch) == (10, 0.5, 10)


def test_stops_at_the_least_rate_with_the_best_weights():
    seen, left, best = follow([1] + [2] * 50)
    # Six epochs for each of the three falls to 1e-6.
    assert len(seen) == 1 + 3 * 6
    assert seen[-1][0] == pytest.approx(1e-6, rel=1e-4)
    assert (left, best.epoch) == (1, 1)


def test_patience_and_factor_are_those_given():
    seen, _, _ = follow([1, 2, 2, 2], patience=0, factor=0.5)
    np.testing.assert_allclose(
        [rate for rate, _ in seen], [1e-3, 5e-4, 2.5e-4, 1.25e-4], rtol=1e-5
    )


@pytest.mark.parametrize("cut", [1, 4, 8])
def test_goes_on_where_it_was(cut):
    values = [3, 1, 1, 2, 2, 2, 2, 2, 2, 0.5]
    whole, left, _ = follow(values)
    cut_short, left_too, _ = follow(values, cut=cut)
    assert (cut_short, left_too) == (whole, left)
