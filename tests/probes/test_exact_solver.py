import tracemalloc

import keras
import numpy as np
import pytest

from keras_padpos.probes import ExactSolver
from keras_padpos.probes.exact_solver import RIDGES
from keras_padpos.probes.regression import DualRegression
from keras_padpos.probes.regression import StandardRows

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
    probe = fitted(features, targets, **options)
    assert np.abs(kernel).max() > 0.01
    np.testing.assert_allclose(probe.kernel, kernel, atol=2e-5)
    np.testing.assert_allclose(
        probe.predict(features).reshape(expected.shape), expected, atol=2e-5
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
    probe = fitted(features, ramp[..., None], ridge=0)
    np.testing.assert_allclose(
        probe.predict(features)[..., 0],
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


def test_the_pictures_twice_give_the_same_probe():
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
    probe = fitted(features, targets, batch=2)
    assert kernel[0, 0] > 0.1
    np.testing.assert_allclose(probe.kernel, kernel, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        probe.predict(features).reshape(expected.shape), expected, atol=1e-5
    )


def test_the_first_batch_may_be_unlike_the_others():
    features, targets = data(pictures=8)
    features[:2] += 500  # what is subtracted early is a poor guess
    expected, _ = oracle(features, targets, 1, 0, 1e-3)
    probe = fitted(features, targets, batch=2)
    np.testing.assert_allclose(
        probe.predict(features).reshape(expected.shape), expected, atol=1e-4
    )


def test_backend_tensors_are_taken_in_like_arrays():
    features, targets = data()
    tensors = keras.ops.convert_to_tensor(features)
    one = ExactSolver(targets)
    one.update(tensors)
    np.testing.assert_array_equal(
        one.solve().kernel, fitted(features, targets, batch=99).kernel
    )


@pytest.mark.parametrize("ridge", [-1e-9, float("nan"), "Auto"])
def test_a_ridge_that_is_not_0_or_more_is_an_error(ridge):
    with pytest.raises(ValueError) as error:
        ExactSolver(np.zeros((4, 4, 1)), ridge=ridge)
    assert str(error.value) == (
        f'`ridge` must be 0 or more, or "auto". Received: {ridge!r}'
    )


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
        "`ridge` must be larger: the features are linearly dependent, and the "
        "probe is not unique. Received: ridge=0"
    )
    np.testing.assert_allclose(
        fitted(twice, targets, ridge=1e-4).predict(twice),
        fitted(features, targets, ridge=5e-5).predict(features),
        atol=1e-4,
    )


def staged(features):
    """Six channels as three stages, in an order that is not the alphabet's."""
    ends = np.cumsum([0, 2, 1, 3])
    names = ("b2", "a1", "c3")
    return {
        name: features[..., start:end]
        for name, start, end in zip(names, ends[:-1], ends[1:], strict=True)
    }


def staged_fit(features, targets, subsets, **options):
    solver = ExactSolver(targets, subsets=subsets, **options)
    stages = staged(features)
    for start in range(0, len(features), 4):
        solver.update(
            {name: each[start : start + 4] for name, each in stages.items()}
        )
    return solver


@pytest.mark.parametrize("dual", [False, True])
@pytest.mark.parametrize("kernel_size", [1, 3])
def test_stages_are_solved_together_as_their_joined_array(kernel_size, dual):
    features, targets = data(kernel_size, channels=6)
    options = {"kernel_size": kernel_size, "dual": dual}
    subsets = [("b2", "a1", "c3"), ("a1",), ("b2", "c3")]
    solver = staged_fit(features, targets, subsets, **options)
    for subset, channels in zip(
        subsets, ([0, 1, 2, 3, 4, 5], [2], [0, 1, 3, 4, 5]), strict=True
    ):
        seen = np.ascontiguousarray(features[..., channels])
        expected = fitted(seen, targets, **options)
        found = solver.solve(subset)
        # Products of rows are taken in float32, and the ridge is 1e-3.
        np.testing.assert_allclose(found.kernel, expected.kernel, atol=1e-4)
        np.testing.assert_allclose(found.mean, expected.mean, atol=1e-6)
        np.testing.assert_allclose(
            found.predict(seen), expected.predict(seen), atol=5e-4
        )


@pytest.mark.parametrize("dual", [False, True])
@pytest.mark.parametrize("ridge", [1e-3, "auto"])
def test_a_subset_is_the_same_to_the_last_bit_whatever_else_is_solved(
    ridge, dual
):
    features, targets = data(3, channels=6, pictures=10)
    options = {
        "kernel_size": 3,
        "ridge": ridge,
        "positions": 20,
        "dual": dual,
    }
    subsets = [("b2", "a1", "c3"), ("a1",), ("b2", "c3"), ("c3",)]
    together = staged_fit(features, targets, subsets, **options)
    for subset in reversed(subsets):
        alone = staged_fit(features, targets, [subset], **options).solve(subset)
        found = together.solve(subset)
        for name in ("mean", "scale", "kernel", "bias", "ridge"):
            np.testing.assert_array_equal(
                getattr(found, name), getattr(alone, name), err_msg=name
            )


def sampled_rows(features, targets, positions, seed):
    """The rows that a sample of positions gives, by another way: a mask."""
    count, grid = len(features), targets.shape[0]
    cells = [
        features[:, row : row + grid, column : column + grid]
        for row in range(3)
        for column in range(3)
    ]
    rows = np.concatenate(cells, axis=-1).reshape(count, grid**2, -1)
    wanted = targets.reshape(grid**2, -1)
    mask = np.zeros((count, grid**2), bool)
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        mask[number, rng.choice(grid**2, positions, replace=False)] = True
    wanted = np.broadcast_to(wanted, (count, *wanted.shape))
    return rows[mask].astype("float64"), wanted[mask], np.nonzero(mask)[0]


def ridge_regression(rows, wanted, ridge, mean, scale, bias):
    """By least squares on rows that stand for the ridge."""
    standard = (rows - mean) / scale
    columns = standard.shape[1]
    stacked = np.concatenate(
        [standard, np.sqrt(ridge * len(rows)) * np.eye(columns)]
    )
    right = np.concatenate(
        [wanted - bias, np.zeros((columns, wanted.shape[1]))]
    )
    return np.linalg.lstsq(stacked, right, rcond=None)[0]


@pytest.mark.parametrize("dual", [False, True])
@pytest.mark.parametrize("positions", [1, 30])
def test_a_sample_of_positions_is_ridge_regression_on_them(positions, dual):
    features, targets = data(3, pictures=10)
    rows, wanted, _ = sampled_rows(features, targets, positions, seed=4)
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + SILENT
    bias = wanted.mean(axis=0)
    expected = ridge_regression(rows, wanted, 0.01, mean, scale, bias)
    probe = fitted(
        features,
        targets,
        kernel_size=3,
        ridge=0.01,
        positions=positions,
        dual=dual,
        seed=4,
    )
    np.testing.assert_allclose(probe.mean, mean, atol=1e-5)
    np.testing.assert_allclose(probe.scale, scale, rtol=1e-5)
    np.testing.assert_allclose(probe.bias, bias, atol=1e-12)
    np.testing.assert_allclose(probe.kernel, expected, atol=2e-5)


@pytest.mark.parametrize("dual", [False, True])
def test_the_ridge_is_what_does_best_on_every_fifth_picture(dual):
    features, targets = data(3, channels=6, pictures=10, seed=5)
    # One target that the features tell, and one that is nothing but noise.
    ramp = np.broadcast_to(np.linspace(-1, 1, 7), (7, 7))
    targets = np.stack([ramp, targets[..., 0]], axis=-1)
    rows, wanted, picture = sampled_rows(features, targets, 12, seed=0)
    held = picture % 5 == 4
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + SILENT
    bias = wanted.mean(axis=0)
    errors = []
    for ridge in RIDGES:
        kernel = ridge_regression(
            rows[~held], wanted[~held], ridge, mean, scale, bias
        )
        maps = (rows[held] - mean) / scale @ kernel + bias
        errors.append(((maps - wanted[held]) ** 2).mean(axis=0))
    best = np.array(RIDGES)[np.argmin(errors, axis=0)]
    assert best[0] != best[1]  # a choice for each target
    probe = fitted(
        features,
        targets,
        kernel_size=3,
        ridge="auto",
        positions=12,
        dual=dual,
    )
    np.testing.assert_array_equal(probe.ridge, best)
    for target, ridge in enumerate(best):
        expected = ridge_regression(rows, wanted, ridge, mean, scale, bias)
        np.testing.assert_allclose(
            probe.kernel[:, target], expected[:, target], atol=5e-5
        )


def test_choosing_a_ridge_takes_five_pictures():
    features, targets = data(pictures=4)
    with pytest.raises(ValueError) as error:
        fitted(features, targets, ridge="auto")
    assert str(error.value) == (
        '`ridge="auto"` holds out every 5th picture, and needs 5 or more. '
        "Received: 4 pictures"
    )


def test_more_pictures_take_no_more_memory():
    features, targets = data(3, pictures=8, channels=32)
    solver = ExactSolver(targets, kernel_size=3)
    solver.update(features)
    tracemalloc.start()
    try:
        for _ in range(10):
            solver.update(features)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The features of a single update: 8 * 9 * 9 * 32 float32, 81 KiB.
    assert held < features.nbytes / 4


@pytest.mark.parametrize("dual", [False, True])
@pytest.mark.parametrize("ridge", [1e-3, "auto"])
def test_a_target_is_the_same_to_the_last_bit_whatever_else_is_solved(
    ridge, dual
):
    features, targets = data(3, pictures=10, targets=5)
    options = {"kernel_size": 3, "ridge": ridge, "dual": dual}
    together = fitted(features, targets, **options)
    for channel in range(targets.shape[-1]):
        alone = fitted(features, targets[..., [channel]], **options)
        np.testing.assert_array_equal(
            together.kernel[:, [channel]], alone.kernel
        )
        np.testing.assert_array_equal(
            together.predict(features)[..., [channel]], alone.predict(features)
        )


def test_held_out_errors_do_not_depend_on_the_other_targets():
    # A near tie would otherwise choose another ridge.
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 30)).astype("float32")
    wanted = rng.normal(size=(40, 5))
    held = np.arange(40) % 5 == 4
    weights = rng.normal(size=(30, 5))

    def errors(columns):
        regression = DualRegression(
            {"x": StandardRows(rows.copy())}, ["x"], wanted[:, columns], held
        )
        return regression.held_out_error(weights[:, columns])

    together = errors([0, 1, 2, 3, 4])
    for column in range(5):
        assert errors([column])[0] == together[column]


@pytest.mark.parametrize("positions", [0, 82])
def test_positions_that_a_picture_does_not_have_are_an_error(positions):
    with pytest.raises(ValueError) as error:
        ExactSolver(np.zeros((9, 9, 1)), positions=positions)
    assert str(error.value) == (
        "`positions` must be from 1 to 81, the cells of a picture. "
        f"Received: {positions}"
    )


@pytest.mark.parametrize("subsets", [[], [()]])
def test_empty_groups_of_stages_are_an_error(subsets):
    with pytest.raises(ValueError, match="^`subsets` must be groups"):
        ExactSolver(np.zeros((9, 9, 1)), subsets=subsets)


def test_a_group_that_was_not_announced_is_an_error():
    features, targets = data(channels=6)
    solver = staged_fit(features, targets, [("a1",)])
    with pytest.raises(ValueError, match="^`subset` must be one of"):
        solver.solve(("b2",))


@pytest.mark.parametrize("dual", [False, True])
@pytest.mark.parametrize("ridge", [1e-3, "auto"])
@pytest.mark.parametrize("positions", [None, 30])
def test_solvers_of_one_part_each_are_merged(dual, ridge, positions):
    features, targets = data(pictures=12, channels=6)
    # So that the parts' shifts have little in common.
    features[6:] += 3.0
    options = {
        "ridge": ridge,
        "positions": positions,
        "dual": dual,
        "subsets": [("b2", "c3"), ("b2", "a1", "c3")],
    }
    whole = ExactSolver(targets, **options)
    whole.update(staged(features))
    # Batches in turn, and one solver that has none.
    solvers = [ExactSolver(targets, **options) for _ in range(3)]
    for number, start in enumerate(range(0, 12, 4)):
        solvers[number % 2].update(staged(features[start : start + 4]), start)
    merged = ExactSolver(targets, **options)
    merged.update(staged(features[:4]))
    merged.merge(*(solver.state() for solver in solvers))
    for subset in options["subsets"]:
        one, other = whole.solve(subset), merged.solve(subset)
        np.testing.assert_array_equal(one.ridge, other.ridge)
        for name in ("mean", "scale", "kernel", "bias"):
            np.testing.assert_allclose(
                getattr(other, name), getattr(one, name), rtol=1e-4, atol=1e-5
            )


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (np.zeros(4), "of shape"),
        (np.zeros((0, 4, 4, 2)), "of shape"),
        (np.zeros((2, 4, 4, 0)), "of shape"),
        (np.full((2, 4, 4, 2), np.nan), "finite"),
        (np.full((2, 4, 4, 2), np.inf), "finite"),
    ],
)
def test_features_that_cannot_be_used_are_refused(features, words):
    solver = ExactSolver(np.ones((4, 4, 1)))
    with pytest.raises(ValueError, match=f"`features` must be {words}"):
        solver.update(features)
    solver.update(np.random.default_rng(0).normal(size=(2, 4, 4, 2)))
    with pytest.raises(ValueError, match="`features` must"):
        solver.solve().predict(features)


@pytest.mark.parametrize(
    "targets",
    [np.ones(4), np.ones((4, 0, 1)), np.full((4, 4, 1), np.nan), None],
)
def test_targets_that_cannot_be_used_are_refused(targets):
    with pytest.raises(ValueError, match="`targets` must be"):
        ExactSolver(targets)
