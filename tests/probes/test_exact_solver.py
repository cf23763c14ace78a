import keras
import numpy as np
import pytest

from keras_padpos.probes import ExactSolver

SILENT = 1e-6


def oracle(features, targets, kernel_size, padding, ridge):
    """Ridge regression in float64, from the standardised windows themselves.

    It minimises mean((S w + b - y)**2) + ridge * |w|**2 by least squares on
    rows that stand for the ridge: no normal equations, no streaming.
    """
    grid = targets.shape[0]
    sides = ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0))
    padded = np.pad(features.astype("float64"), sides)
    cells = [
        padded[:, row : row + grid, column : column + grid]
        for row in range(kernel_size)
        for column in range(kernel_size)
    ]
    rows = np.concatenate(cells, axis=-1)
    columns = rows.shape[-1]
    rows = rows.reshape(-1, columns)
    wanted = np.tile(targets.reshape(grid**2, -1), (len(features), 1))
    scale = rows.std(axis=0) + SILENT
    standard = (rows - rows.mean(axis=0)) / scale
    bias = wanted.mean(axis=0)
    stacked = np.concatenate(
        [standard, np.sqrt(ridge * len(rows)) * np.eye(columns)]
    )
    right = np.concatenate(
        [wanted - bias, np.zeros((columns, wanted.shape[1]))]
    )
    kernel = np.linalg.lstsq(stacked, right, rcond=None)[0]
    return standard @ kernel + bias, kernel


def data(kernel_size=1, padding=0, pictures=6, channels=4, targets=3, seed=0):
    """Features that know a little about place, in uneven units."""
    rng = np.random.default_rng(seed)
    grid = 9 + 2 * padding - kernel_size + 1
    place = np.broadcast_to(np.linspace(-1, 1, 9), (9, 9))[..., None]
    features = rng.normal(size=(pictures, 9, 9, channels))
    features = features + place * rng.normal(size=channels)
    features = features * rng.uniform(0.1, 10, channels) + 3
    return (
        features.astype("float32"),
        rng.normal(size=(grid, grid, targets)) + 5,
    )


def fitted(features, targets, batch=4, **options):
    solver = ExactSolver(targets, **options)
    for start in range(0, len(features), batch):
        solver.update(features[start : start + batch])
    return solver.solve()


@pytest.mark.parametrize("ridge", [1e-3, 0.3])
@pytest.mark.parametrize(
    ("kernel_size", "padding"), [(1, 0), (1, 1), (3, 0), (3, 1)]
)
def test_equals_ridge_regression_on_the_standardised_windows(
    kernel_size, padding, ridge
):
    features, targets = data(kernel_size, padding)
    options = {"kernel_size": kernel_size, "padding": padding, "ridge": ridge}
    expected, kernel = oracle(features, targets, **options)
    read_out = fitted(features, targets, **options)
    assert np.abs(kernel).max() > 0.01
    np.testing.assert_allclose(read_out.kernel, kernel, atol=2e-5)
    np.testing.assert_allclose(
        read_out.predict(features).reshape(expected.shape), expected, atol=2e-5
    )


def test_each_target_is_solved_as_if_alone():
    features, targets = data()
    together = fitted(features, targets).predict(features)
    for channel in range(targets.shape[-1]):
        alone = fitted(features, targets[..., channel : channel + 1])
        np.testing.assert_allclose(
            together[..., channel], alone.predict(features)[..., 0], atol=1e-12
        )


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_size_of_the_batches_does_not_matter(batch):
    features, targets = data(3, 0, pictures=10)
    whole = fitted(features, targets, batch=10, kernel_size=3)
    parts = fitted(features, targets, batch=batch, kernel_size=3)
    np.testing.assert_allclose(
        parts.predict(features), whole.predict(features), atol=1e-5
    )


def test_without_ridge_a_place_that_features_tell_is_found():
    rng = np.random.default_rng(1)
    ramp = np.broadcast_to(np.arange(9.0), (9, 9))
    noise = rng.normal(size=(6, 9, 9))
    features = np.stack([ramp + 2 * noise, noise], axis=-1)
    read_out = fitted(features, ramp[..., None], ridge=0)
    np.testing.assert_allclose(
        read_out.predict(features)[..., 0],
        np.broadcast_to(ramp, (6, 9, 9)),
        atol=1e-4,
    )


def test_the_unit_of_a_feature_does_not_matter():
    features, targets = data()
    units = np.array([1e-2, 1, 10, 1e4], "float32")
    np.testing.assert_allclose(
        fitted(features * units, targets).predict(features * units),
        fitted(features, targets).predict(features),
        atol=1e-4,
    )


def test_the_pictures_twice_give_the_same_read_out():
    features, targets = data()
    np.testing.assert_allclose(
        fitted(np.concatenate([features, features]), targets, ridge=0.1).kernel,
        fitted(features, targets, ridge=0.1).kernel,
        atol=1e-6,
    )


@pytest.mark.parametrize("deviation", [0, 1e-19, 1e-12])
@pytest.mark.parametrize("level", [0.0, 2.0])
def test_silent_features_change_nothing(deviation, level):
    features, targets = data()
    # They tell the place exactly, but in a whisper.
    whisper = level + deviation * np.broadcast_to(
        targets[None, :, :, :2], (*features.shape[:3], 2)
    )
    more = np.concatenate([features, whisper.astype("float32")], axis=-1)
    with_silent = fitted(more, targets)
    assert np.isfinite(with_silent.kernel).all()
    np.testing.assert_allclose(
        with_silent.predict(more),
        fitted(features, targets).predict(features),
        atol=1e-4,
    )


def test_only_silent_features_give_the_targets_mean():
    _, targets = data()
    features = np.zeros((2, 9, 9, 3), "float32")
    maps = fitted(features, targets).predict(features)
    expected = np.broadcast_to(targets.mean(axis=(0, 1)), maps.shape)
    np.testing.assert_allclose(maps, expected, atol=1e-12)


def test_columns_with_a_huge_mean_and_a_small_deviation_keep_their_say():
    rng = np.random.default_rng(2)
    ramp = np.broadcast_to(np.linspace(0, 1, 9), (9, 9))
    # The step between float32 numbers near 1e4 is 1e-3.
    huge = 1e4 + ramp + 0.1 * rng.normal(size=(6, 9, 9))
    other = 1e4 * rng.normal(size=(6, 9, 9))
    features = np.stack([huge, other], axis=-1).astype("float32")
    targets = np.array(ramp)[..., None]
    expected, kernel = oracle(features, targets, 1, 0, 1e-3)
    read_out = fitted(features, targets, batch=2)
    assert kernel[0, 0] > 0.1
    np.testing.assert_allclose(read_out.kernel, kernel, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        read_out.predict(features).reshape(expected.shape), expected, atol=1e-5
    )


def test_the_first_batch_may_be_unlike_the_others():
    features, targets = data(pictures=8)
    features[:2] += 500  # what is subtracted early is a poor guess
    expected, _ = oracle(features, targets, 1, 0, 1e-3)
    read_out = fitted(features, targets, batch=2)
    np.testing.assert_allclose(
        read_out.predict(features).reshape(expected.shape), expected, atol=1e-4
    )


def test_backend_tensors_are_taken_in_like_arrays():
    features, targets = data()
    tensors = keras.ops.convert_to_tensor(features)
    one = ExactSolver(targets)
    one.update(tensors)
    np.testing.assert_array_equal(
        one.solve().kernel, fitted(features, targets, batch=99).kernel
    )


@pytest.mark.parametrize("ridge", [-1e-9, float("nan")])
def test_a_ridge_that_is_not_0_or_more_is_an_error(ridge):
    with pytest.raises(ValueError) as error:
        ExactSolver(np.zeros((4, 4, 1)), ridge=ridge)
    assert str(error.value) == (f"`ridge` must be 0 or more. Received: {ridge}")


def test_features_on_another_grid_are_an_error():
    solver = ExactSolver(np.zeros((9, 9, 1)), kernel_size=3)
    with pytest.raises(ValueError) as error:
        solver.update(np.zeros((1, 9, 9, 2), "float32"))
    assert str(error.value) == (
        "`features` must give a grid of the targets' size (9, 9). "
        "Received: (7, 7)"
    )


def test_solving_before_there_are_features_is_an_error():
    with pytest.raises(ValueError) as error:
        ExactSolver(np.zeros((4, 4, 1))).solve()
    assert str(error.value) == (
        "There are no features yet: call `update` first."
    )


def test_linear_dependence_is_an_error_without_ridge_and_none_with():
    features, targets = data()
    twice = np.concatenate([features, 2 * features], axis=-1)
    with pytest.raises(ValueError) as error:
        fitted(twice, targets, ridge=0)
    assert str(error.value) == (
        "The features are linearly dependent, so the read-out is not unique. "
        "Use a larger `ridge`. Received: ridge=0"
    )
    np.testing.assert_allclose(
        fitted(twice, targets, ridge=1e-4).predict(twice),
        fitted(features, targets, ridge=5e-5).predict(features),
        atol=1e-4,
    )


def test_too_many_columns_for_a_matrix_in_memory_are_an_error():
    solver = ExactSolver(np.zeros((1, 1, 1)), kernel_size=3)
    with pytest.raises(ValueError) as error:
        solver.update(np.zeros((1, 3, 3, 1800), "float32"))
    message = str(error.value)
    assert "16200 columns" in message
    assert 'solver="sgd"' in message
