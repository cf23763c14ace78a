import itertools

import keras
import numpy as np
import pytest

from keras_padpos.probes import GradientSolver
from keras_padpos.probes import Head
from keras_padpos.probes import position_target
from keras_padpos.probes._windows import windows

GRID = 6


def target(name="horizontal", size=GRID):
    return {name: position_target(name, size)}


def random_features(pictures=4, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    shape = (pictures, GRID, GRID, channels)
    return rng.normal(size=shape).astype("float32")


def telling_features(pictures=8):
    """Channel 0 tells the column, under noise that channel 1 holds."""
    features = random_features(pictures, 2)
    features[..., 0] = features[..., 1] + np.linspace(-1, 1, GRID)
    return features


def always(features, batches=1):
    return lambda epoch: np.split(features, batches)


def pytorch_sgd(weights, gradient, steps, rate, decay, momentum=0.9):
    """The update rule in the documentation of `torch.optim.SGD`."""
    velocity = np.zeros_like(weights)
    for _ in range(steps):
        step = gradient(weights) + decay * weights
        velocity = momentum * velocity + step
        weights = weights - rate * velocity
    return weights


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_a_step_is_pytorchs_with_its_weight_decay(steps, decay):
    features = random_features()
    wanted = position_target("gaussian", GRID).astype("float64")
    solver = GradientSolver(
        {"gaussian": wanted},
        features.shape[1:],
        Head(),
        learning_rate=0.05,
        weight_decay=decay,
    )
    kernel, bias = solver.models["gaussian"].get_weights()
    rows = features.reshape(-1, 3).astype("float64")
    rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    right = np.tile(wanted.ravel(), len(features))

    def gradient(weights):
        return 2 * rows.T @ (rows @ weights - right) / len(rows)

    before = np.concatenate([kernel.ravel(), bias]).astype("float64")
    expected = pytorch_sgd(before, gradient, steps, 0.05, decay)
    solver.fit(always(features), steps)
    kernel, bias = solver.models["gaussian"].get_weights()
    found = np.concatenate([kernel.ravel(), bias])
    assert np.abs(expected - before).max() > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_learning_rate_falls_to_a_tenth_at_the_eleventh_epoch():
    rates = []
    solver = GradientSolver(target(), (GRID, GRID, 3), Head())

    def batches(epoch):
        yield random_features()
        optimizer = solver.models["horizontal"].optimizer
        rates.append(float(optimizer.learning_rate))

    solver.fit(batches, epochs=12)
    assert rates == pytest.approx([0.1] * 10 + [0.01] * 2)


def test_adams_first_step_is_the_learning_rate_whatever_the_gradient():
    solver = GradientSolver(
        target(), (GRID, GRID, 3), Head(), optimizer="adam", weight_decay=0.0
    )
    model = solver.models["horizontal"]
    before = model.get_weights()
    solver.fit(always(100 * random_features()), epochs=1)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_allclose(np.abs(other - one), 1e-3, rtol=1e-2)
    assert solver.rate(0) == solver.rate(14) == 1e-3


def test_an_unknown_optimizer_is_an_error():
    with pytest.raises(ValueError) as error:
        GradientSolver(target(), (6, 6, 3), Head(), optimizer="lion")
    assert str(error.value) == (
        "`optimizer` must be one of sgd, adam. Received: optimizer='lion'"
    )


@pytest.mark.parametrize("output", ["linear", "sigmoid"])
def test_learns_a_place_that_the_features_tell(output):
    features = telling_features()
    # Steps enough for whatever weights a backend draws at first.
    solver = GradientSolver(
        target(), features.shape[1:], Head(output=output), learning_rate=0.3
    )
    history = [
        losses["horizontal"]
        for losses in solver.fit(lambda epoch: np.split(features, 4) * 8)
    ]
    fresh = telling_features(pictures=9)[8:]
    maps = solver.predict(fresh)
    wanted = position_target("horizontal", GRID)
    # A constant map has the target's variance as its loss.
    assert history[-1] < 0.25 * wanted.var()
    assert history[-1] < 0.5 * history[0]
    assert np.corrcoef(maps.ravel(), wanted.ravel())[0, 1] > 0.95


def test_the_history_is_the_mean_loss_of_each_epoch():
    features = random_features(8)
    solver = GradientSolver(
        target(),
        features.shape[1:],
        Head(),
        learning_rate=0.0,
        weight_decay=0.5,
    )
    kernel, _ = solver.models["horizontal"].get_weights()
    error = solver.predict(features)[..., 0] - target()["horizontal"]
    expected = (error**2).mean() + 0.25 * (kernel**2).sum()
    # Batches of unlike sizes: 6 and 2 pictures.
    history = solver.fit(lambda epoch: np.split(features, [6]), epochs=3)
    assert [each["horizontal"] for each in history] == pytest.approx(
        [expected] * 3, rel=1e-5
    )


def test_epochs_are_asked_for_by_number():
    asked = []

    def batches(epoch):
        asked.append(epoch)
        return [random_features()]

    GradientSolver(target(), (GRID, GRID, 3), Head()).fit(batches, epochs=3)
    assert asked == [0, 1, 2]


def run(seed, names=("horizontal",)):
    features = telling_features()
    solver = GradientSolver(
        {name: position_target(name, 2 * GRID) for name in names},
        features.shape[1:],
        Head(3, 2, padding=1, output="sigmoid"),
        seed=seed,
    )
    solver.fit(always(features, batches=2), epochs=2)
    return solver.predict(features)


def test_its_own_seed_decides_and_the_global_one_does_not():
    keras.utils.set_random_seed(1)
    one = run(seed=1)
    keras.utils.set_random_seed(2)
    np.testing.assert_array_equal(run(seed=1), one)
    assert np.abs(run(seed=2) - one).max() > 1e-3


def test_a_target_trains_beside_another_as_if_alone_to_the_last_bit():
    alone = run(seed=3)
    beside = run(seed=3, names=("gaussian", "horizontal"))
    assert beside.shape[-1] == 2
    np.testing.assert_array_equal(beside[..., 1:], alone)


def test_targets_may_be_larger_than_the_grid():
    # The loss is taken on the enlarged map: a map that is right on the grid,
    # enlarged by an even factor, misses only what bilinear resizing misses.
    features = np.zeros((1, GRID, GRID, 1), "float32")
    features[..., 0] = position_target("horizontal", GRID)
    wanted = position_target("horizontal", 4 * GRID)
    solver = GradientSolver(
        {"horizontal": wanted},
        features.shape[1:],
        Head(),
        learning_rate=0.0,
        weight_decay=0.0,
    )
    solver.models["horizontal"].set_weights(
        [np.ones((1, 1, 1, 1)), np.zeros(1)]
    )
    places = (np.arange(4 * GRID) + 0.5) / 4 - 0.5
    enlarged = np.interp(places, np.arange(GRID), features[0, 0, :, 0])
    expected = ((enlarged - wanted[0]) ** 2).mean()
    assert expected > 1e-5
    (loss,) = solver.fit(always(features), epochs=1)
    assert loss["horizontal"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("kernel_size", "layers", "padding"),
    list(itertools.product([1, 3], [1, 2], [0, 1])),
)
def test_maps_have_the_heads_size_and_a_channel_for_each_target(
    kernel_size, layers, padding
):
    head = Head(kernel_size, layers, padding)
    targets = target() | target("gaussian")
    solver = GradientSolver(targets, (GRID, GRID, 3), head)
    size = GRID + layers * (2 * padding - kernel_size + 1)
    maps = solver.predict(random_features(pictures=5))
    assert maps.shape == (5, size, size, 2)
    assert head.size(GRID) == size


@pytest.mark.parametrize(("kernel_size", "padding"), [(1, 0), (3, 1), (3, 2)])
def test_an_untrained_linear_head_is_its_convolution_with_xavier_weights(
    kernel_size, padding
):
    head = Head(kernel_size, padding=padding)
    solver = GradientSolver(target(), (GRID, GRID, 64), head)
    kernel, bias = solver.models["horizontal"].get_weights()
    features = random_features(channels=64)
    expected = windows(features, kernel_size, padding) @ kernel.reshape(-1, 1)
    found = solver.predict(features)
    np.testing.assert_allclose(found, expected.reshape(found.shape), atol=1e-4)
    assert (bias == 0).all()
    fans = kernel_size**2 * (64 + 1)
    bound = np.sqrt(6 / fans)
    assert 0.9 * bound < np.abs(kernel).max() <= bound


def test_a_sigmoid_head_standardises_and_stays_in_zero_to_one():
    features = 100 * random_features(pictures=8)
    solver = GradientSolver(
        target(), features.shape[1:], Head(output="sigmoid")
    )
    solver.fit(always(features), epochs=15)
    maps = solver.predict(features)
    assert 0 <= maps.min() < maps.max() <= 1
    # Saturated outputs would mean that nothing divides by the deviation.
    assert 0.2 < maps.mean() < 0.8


def test_hidden_layers_keep_the_width_of_the_features():
    head = Head(3, layers=3)
    solver = GradientSolver(target(), (10, 10, 5), head)
    weights = solver.models["horizontal"].get_weights()
    kernels = [each.shape for each in weights if each.ndim == 4]
    assert kernels == [(3, 3, 5, 5), (3, 3, 5, 5), (3, 3, 5, 1)]


def test_hidden_layers_have_the_width_that_is_asked_for():
    head = Head(3, layers=3, width=2)
    solver = GradientSolver(target(), (10, 10, 5), head)
    weights = solver.models["horizontal"].get_weights()
    kernels = [each.shape for each in weights if each.ndim == 4]
    assert kernels == [(3, 3, 5, 2), (3, 3, 2, 2), (3, 3, 2, 1)]


def test_a_loss_that_is_not_finite_is_an_error_of_one_line():
    features = 1e12 * random_features()
    solver = GradientSolver(target(), features.shape[1:], Head())
    with pytest.raises(ValueError) as error:
        solver.fit(always(features), epochs=9)
    message = str(error.value)
    assert message.startswith("The loss of horizontal is ")
    assert "Use a smaller `learning_rate`" in message
    assert "Received: learning_rate=0.1, output='linear'" in message
    assert "\n" not in message
