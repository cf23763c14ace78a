import keras
import numpy as np
import pytest

from keras_padpos.tasks import Plateau


class Scripted:
    """A model whose weights say which epoch they are of."""

    def __init__(self, rate):
        self.weights = 0
        self.optimizer = keras.optimizers.SGD(rate)
        self.stop_training = False

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights


def follow(values, **options):
    """Rate and weights after each epoch, until training stops."""
    model = Scripted(1e-3)
    plateau = Plateau("value", **options)
    plateau.set_model(model)
    plateau.on_train_begin()
    seen = []
    for epoch, value in enumerate(values):
        model.weights = epoch + 1
        plateau.on_epoch_end(epoch, {"value": value})
        rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
        seen.append((rate, model.weights))
        if model.stop_training:
            break
    plateau.on_train_end()
    return seen, model.weights, plateau


def test_falls_at_the_sixth_epoch_that_is_no_better():
    # Best in the second epoch; equal is no better.
    seen, left, plateau = follow([3, 1, 1, 2, 2, 2, 2, 2, 2, 0.5])
    rates = [rate for rate, _ in seen]
    np.testing.assert_allclose(rates, [1e-3] * 7 + [1e-4] * 3, rtol=1e-5)
    # The eighth epoch goes back to the second's weights.
    assert [weights for _, weights in seen] == [1, 2, 3, 4, 5, 6, 7, 2, 9, 10]
    assert (left, plateau.best, plateau.best_epoch) == (10, 0.5, 10)


def test_stops_at_the_least_rate_with_the_best_weights():
    seen, left, plateau = follow([1] + [2] * 50)
    # Six epochs for each of the three falls to 1e-6.
    assert len(seen) == 1 + 3 * 6
    assert seen[-1][0] == pytest.approx(1e-6, rel=1e-4)
    assert (left, plateau.best_epoch) == (1, 1)


def test_patience_and_factor_are_those_given():
    seen, _, _ = follow([1, 2, 2, 2], patience=0, factor=0.5)
    np.testing.assert_allclose(
        [rate for rate, _ in seen], [1e-3, 5e-4, 2.5e-4, 1.25e-4], rtol=1e-5
    )
