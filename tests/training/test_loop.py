"""A training ends the same wherever it stops, and whenever it is killed."""

import keras
import numpy as np
import pytest

from keras_padpos import layers
from keras_padpos import tasks
from keras_padpos import training
from keras_padpos.training.keras_fit import KerasFit
from keras_padpos.training.loop import train_epochs
from keras_padpos.training.loop import train_with_stops

STEPS, EPOCHS = 5, 3


class Killed(Exception):
    pass


class Kept:
    """A checkpoint of every step; `kill` is the step that is the last."""

    def __init__(self, kill=None):
        self.kill = kill
        self.saved = None

    def load(self):
        return self.saved

    def offer(self, state):
        # As a file would give it back.
        row, arrays = state()
        self.saved = row, {name: each.copy() for name, each in arrays.items()}
        if self.kill is not None:
            self.kill -= 1
            if self.kill == 0:
                self.kill = None
                raise Killed


def network(eager=False):
    """Everything that has a state of its own is in it."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same", padding_mode="randn"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(1e-2, STEPS * EPOCHS)
    model.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        # Compiling takes much longer than a few steps.
        run_eagerly=eager,
    )
    return model


def batch(epoch, number):
    rng = np.random.default_rng([epoch, number])
    return rng.normal(size=(8, 8, 8, 3)).astype("float32"), rng.integers(
        0, 2, 8
    )


def train(checkpoint):
    model = network()
    history = {}

    def after_epoch(epoch, logs):
        history[epoch] = logs
        return True

    train_epochs(
        model,
        batch,
        STEPS,
        epochs=EPOCHS,
        after_epoch=after_epoch,
        checkpoint=checkpoint,
    )
    variables = [*model.variables, *model.optimizer.variables]
    return training.variable_state(variables), history


def same(state, expected):
    assert state.keys() == expected.keys()
    for name, each in expected.items():
        np.testing.assert_array_equal(state[name], each)


@pytest.fixture(scope="module")
def undisturbed():
    return train(None)


# States are offered after each step, and once more after each epoch: after
# the first step, on both sides of the end of an epoch, and in the last epoch.
@pytest.mark.parametrize("kill", [1, 5, 6, 14])
def test_goes_on_as_if_never_killed(undisturbed, kill):
    kept = Kept(kill)
    with pytest.raises(Killed):
        train(kept)
    variables, history = train(kept)
    expected, whole = undisturbed
    same(variables, expected)
    # The metrics of the epoch that it was killed in are of the whole epoch.
    first = kill // (STEPS + 1) + 1
    assert history == {epoch: whole[epoch] for epoch in whole if epoch >= first}


def test_twice_killed_in_an_epoch(undisturbed):
    kept = Kept(2)
    for again in (2, None):
        with pytest.raises(Killed):
            train(kept)
        kept.kill = again
    variables, history = train(kept)
    same(variables, undisturbed[0])
    assert history == undisturbed[1]


def test_stops_change_nothing_and_are_not_repeated():
    def train(checkpoint=None, stops=(0, 2, 7, 15)):
        model = network(eager=True)
        steps = [
            step
            for step, _ in train_with_stops(
                model, batch, STEPS, stops, checkpoint=checkpoint
            )
        ]
        variables = [*model.variables, *model.optimizer.variables]
        return steps, training.variable_state(variables)

    _, undisturbed = train(stops=[15])
    steps, variables = train()
    assert steps == [0, 2, 7, 15]
    same(variables, undisturbed)
    # Offers: after 0, of steps 1 and 2, after 2, of step 3.
    for kill, others, rest in (
        (3, (0, 2, 7, 15), [2, 7, 15]),
        (4, (0, 2, 7, 15), [7, 15]),
        (5, (0, 1, 9, 15), [9, 15]),
    ):
        kept = Kept(kill)
        with pytest.raises(Killed):
            train(kept)
        steps, variables = train(kept, others)
        assert steps == rest
        same(variables, undisturbed)


def test_what_ends_a_training_early_ends_it_again():
    def epochs(checkpoint):
        return train_epochs(
            network(eager=True),
            batch,
            STEPS,
            epochs=EPOCHS,
            after_epoch=lambda epoch, logs: epoch < 2,
            checkpoint=checkpoint,
        )

    kept = Kept()
    assert [epochs(kept), epochs(kept)] == [2, 2]


def test_steps_and_epochs_train_a_classifier_alike():
    """The same recipe, whether the caller looks in between or not."""
    pictures, labels = batch(0, 0)
    # Which of them are mirrored does not matter then.
    pictures += pictures[:, :, ::-1]
    weights = []
    for train in (
        lambda net, **options: tasks.train_classifier(
            net, pictures, labels, log_steps=3, **options
        ),
        lambda net, **options: list(
            training.train_in_steps(
                net, pictures, labels, checkpoints=[1, 2], **options
            )
        ),
    ):
        net = network()
        train(net, epochs=2, batch_size=4, learning_rate=1e-2, seed=3)
        weights.append(training.variable_state(net.variables))
    same(*weights)


def test_trains_as_keras_does():
    """A stock network, whose steps `fit` itself takes from arrays."""
    batches = [batch(0, number) for number in range(STEPS)]
    models = []
    for _ in range(2):
        keras.utils.set_random_seed(2)
        model = keras.Sequential(
            [
                keras.Input((8, 8, 3)),
                keras.layers.Flatten(),
                keras.layers.Dense(1),
            ]
        )
        model.compile("adam", "mse")
        models.append(model)
    one, other = models
    train_epochs(
        one, batch, STEPS, epochs=1, after_epoch=lambda epoch, logs: True
    )
    inputs, labels = (
        np.concatenate(each) for each in zip(*batches, strict=True)
    )
    labels = labels.astype("int32")  # JAX warns of int64 otherwise
    other.fit(inputs, labels, batch_size=8, shuffle=False, verbose=0)
    for mine, theirs in zip(one.weights, other.weights, strict=True):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(mine),
            keras.ops.convert_to_numpy(theirs),
            rtol=1e-6,
        )


def test_refuses_a_state_of_another_network():
    fit = KerasFit(network())
    state = fit.state()
    state["model/0"] = state["model/0"][..., :1]
    before = training.variable_state(fit.model.variables)
    with pytest.raises(ValueError, match="arrays of the variables' shapes"):
        fit.restore(state)
    after = training.variable_state(fit.model.variables)
    for name, each in before.items():
        np.testing.assert_array_equal(after[name], each)


def test_an_uneven_batch_is_refused():
    class TwoDevices(training.OneDevice):
        devices = 2

    fit = KerasFit(network(), TwoDevices())
    at = training.TrainingPosition({"fit": fit})
    with pytest.raises(ValueError, match="7 cannot be divided among 2"):
        fit.run(lambda number: [each[:7] for each in batch(0, 0)], 1, at)
