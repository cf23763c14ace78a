"""Networks, training and scores of the location-dependent tasks."""

import keras
import numpy as np
import pytest

from keras_padpos import tasks
from keras_padpos.metrics import border_profile
from keras_padpos.metrics import mean_iou
from keras_padpos.tasks._location_net import PermuteChannels
from keras_padpos.training import variable_state


def data(count=24, size=8):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (count, size, size, 3)).astype("uint8")
    return pictures, np.arange(count) % 10


def net(task, grid=3, **options):
    keras.utils.set_random_seed(0)
    return tasks.location_net("vgg5", task, grid, size=8, **options)


def answering(answers):
    """A network of no weights that says what it is told of its inputs."""
    inputs = {
        "picture": keras.Input((8, 8, 3), name="picture"),
        "cell": keras.Input((), dtype="int32", name="cell"),
    }
    return keras.Model(
        inputs,
        {
            head: keras.layers.Lambda(answer, output_shape=shape)(inputs)
            for head, (answer, shape) in answers.items()
        },
    )


def test_each_cell_has_its_own_score():
    ops = keras.ops
    # Right in the first row, always "4" elsewhere; a class from a pixel.
    model = answering(
        {
            "cell": (
                lambda x: ops.one_hot(
                    ops.where(x["cell"] < 3, x["cell"], 4), 9
                ),
                (9,),
            ),
            "class": (
                lambda x: ops.one_hot(
                    ops.cast(x["picture"][:, 0, 0, 0], "int32"), 10
                ),
                (10,),
            ),
        }
    )
    pictures, labels = data()
    pictures[:, 0, 0, 0] = labels
    pictures[:6, 0, 0, 0] = (labels[:6] + 1) % 10
    found = tasks.score_location(model, pictures, labels, 3, batch_size=5)
    assert found["cell"]["per_cell"] == [[1, 1, 1], [0, 1, 0], [0, 0, 0]]
    assert found["cell"]["accuracy"] == pytest.approx(4 / 9)
    assert found["cell"]["by_border_distance"] == [3 / 8, 1]
    assert found["cell"]["chance"] == 1 / 9
    # 24 labels: 0 to 3 three times, the others twice.
    assert found["class"]["chance"] == 3 / 24
    np.testing.assert_allclose(found["class"]["per_cell"], 18 / 24)
    assert found["class"]["per_cell_images"] == 24


def test_pixels_are_scored_as_by_hand():
    ops = keras.ops

    def answer(x):
        # The class is a pixel's; the background is seen everywhere else.
        canvas = tasks.Canvas(2, (10.0, 10.0, 10.0))(x)
        return ops.one_hot(ops.cast(canvas[..., 0], "int32"), 11)

    model = answering({"pixels": (answer, (16, 16, 11))})
    pictures, labels = data(6)
    pictures[...] = labels[:, None, None, None]
    perfect = tasks.score_location(model, pictures, labels, 2)["pixels"]
    assert perfect["mean_iou"] == 1
    assert perfect["per_cell"] == [[1, 1], [1, 1]]
    # Six classes and the canvas, which is right on three cells of four.
    assert perfect["chance"] == pytest.approx(3 / 4 / 7)
    pictures[0] = 3
    found = tasks.score_location(model, pictures, labels, 2, batch_size=4)
    cells = np.repeat(np.arange(4), 6)
    wanted, seen = (
        tasks.canvas_labels(np.tile(each, 4), cells, 2, 8)
        for each in (labels, pictures[:, 0, 0, 0])
    )
    ious = [
        np.sum((wanted == each) & (seen == each))
        / np.sum((wanted == each) | (seen == each))
        for each in np.union1d(wanted, seen)
    ]
    np.testing.assert_allclose(found["pixels"]["mean_iou"], np.mean(ious))


def test_mean_iou_leaves_out_what_is_not_there():
    assert mean_iou(np.diag([3, 0, 5])) == 1


@pytest.mark.parametrize("grid", [1, 2, 5])
def test_distances_are_those_to_the_nearest_border(grid):
    padded = np.pad(np.ones((grid, grid)), 1)
    distances = np.zeros((grid, grid))
    while padded[1:-1, 1:-1].any():
        # A cell is peeled off once a neighbour is outside.
        inner = padded[1:-1, 1:-1]
        edge = (
            padded[:-2, 1:-1]
            * padded[2:, 1:-1]
            * padded[1:-1, :-2]
            * padded[1:-1, 2:]
        )
        distances += inner * edge
        padded[1:-1, 1:-1] = inner * edge
    expected = [
        float(distances[distances == each].mean())
        for each in np.unique(distances)
    ]
    assert border_profile(distances).tolist() == expected


@pytest.mark.parametrize("task", tasks.LOCATION_TASKS)
def test_it_stops_where_it_is_told(task):
    model = net(task)
    logs = []
    steps = tasks.train_location(
        model,
        *data(),
        3,
        epochs=9,
        batch_size=8,
        max_steps=7,
        log_steps=2,
        log=lambda **each: logs.append(each),
    )
    assert steps == 7
    assert [each["step"] for each in logs] == [2, 4, 6, 7]
    # Three steps an epoch; the last one is cut short.
    np.testing.assert_allclose(
        [each["epoch"] for each in logs], np.array([2, 4, 6, 7]) / 3
    )
    assert np.isfinite(logs[-1]["loss"])


def test_how_often_is_logged_changes_nothing_else():
    trained = []
    for log_steps in (1, 2, 50):
        model = net("both")
        tasks.train_location(
            model, *data(), 3, epochs=2, batch_size=8, log_steps=log_steps
        )
        trained.append(variable_state(model.weights))
    for other in trained[1:]:
        for name, each in trained[0].items():
            np.testing.assert_array_equal(each, other[name])


def test_statistics_are_those_of_the_pictures_it_is_given():
    pictures, _ = data()
    model, other = net("location"), net("location")
    assert tasks.calibrate_location(model, pictures, 3, batch_size=8) == 24
    assert tasks.calibrate_location(other, pictures // 2, 3, count=9) == 9
    # The first layer's are known: BatchNorm behind it gives mean 0.
    norm = model.layers[-3].get_layer("stage1_bn")
    rng = np.random.default_rng(0)
    chosen = rng.permutation(24)
    cells = rng.integers(0, 9, 24)
    whole = {"picture": pictures[chosen].astype("float32"), "cell": cells}
    inside = keras.Model(
        model.layers[-3].input, norm.input, name="before_the_norm"
    )
    maps = inside(
        keras.Model(model.input, model.get_layer("normal").output)(whole)
    )
    numpy = keras.ops.convert_to_numpy
    maps = numpy(maps)
    np.testing.assert_allclose(
        numpy(norm.moving_mean), maps.mean(axis=(0, 1, 2)), atol=1e-3
    )
    np.testing.assert_allclose(
        numpy(norm.moving_variance), maps.var(axis=(0, 1, 2)), rtol=1e-3
    )
    statistics = other.layers[-3].get_layer("stage1_bn").moving_mean
    assert np.abs(numpy(norm.moving_mean) - numpy(statistics)).max() > 1e-2


def test_permuted_channels_cannot_be_told_apart():
    model = net("location", permuted=True)
    pictures, _ = data(4)
    given = {"picture": pictures.astype("float32"), "cell": np.arange(4)}
    pooled = keras.Model(
        model.input,
        [model.get_layer("latent").output, model.get_layer("permute").output],
    )
    orders = set()
    for training in (False, False, True):
        before, after = map(
            keras.ops.convert_to_numpy, pooled(given, training=training)
        )
        np.testing.assert_array_equal(
            np.sort(before, axis=-1), np.sort(after, axis=-1)
        )
        orders.add(after.tobytes())
    assert len(orders) == 3


@pytest.mark.parametrize("training", [False, True])
def test_examples_are_permuted_alike_while_training_alone(training):
    rows = np.tile(np.arange(50, dtype="float32"), (4, 1))
    layer = PermuteChannels(seed=1)
    found = keras.ops.convert_to_numpy(layer(rows, training=training))
    assert len({row.tobytes() for row in found}) == (1 if training else 4)


def test_permuting_is_saved(tmp_path):
    model = net("location", permuted=True)
    pictures, _ = data(4)
    given = {"picture": pictures.astype("float32"), "cell": np.arange(4)}
    model.save(tmp_path / "permuted.keras")
    again = keras.models.load_model(tmp_path / "permuted.keras")
    assert tuple(again(given)["cell"].shape) == (4, 9)


def test_what_is_drawn_depends_on_the_seed_alone():
    trained = []
    for seed in (1, 1, 2):
        model = net("location")
        tasks.train_location(
            model, *data(), 3, epochs=1, batch_size=8, seed=seed
        )
        trained.append(variable_state(model.weights))
    one, same, other = trained
    for name, each in one.items():
        np.testing.assert_array_equal(each, same[name])
    assert any((each != other[name]).any() for name, each in one.items())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("vgg6", "both", 3), "`name` must be one of vgg5"),
        (("vgg5", "all", 3), "`task` must be one of classification"),
        (("vgg5", "both", 0), "`grid` must be an int of at least 1"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        tasks.location_net(*arguments)


@pytest.mark.parametrize("name", ["epochs", "log_steps", "max_steps"])
def test_numbers_of_steps_are_at_least_one(name):
    options = {"epochs": 1, "batch_size": 8, name: 0}
    with pytest.raises(ValueError, match=f"`{name}` must be an int of at"):
        tasks.train_location(net("both"), *data(), 3, **options)


def test_the_empty_canvas_is_no_class():
    pictures, labels = data()
    model = net("both")
    for act in (
        lambda: tasks.train_location(
            model, pictures, labels + 1, 3, epochs=1, batch_size=8
        ),
        lambda: tasks.score_location(model, pictures, labels + 1, 3),
    ):
        with pytest.raises(ValueError, match="from 0 to 9. Received: 1 to 10"):
            act()
    with pytest.raises(ValueError, match="`cells` must be from 0 to 8"):
        tasks.canvas_labels(np.array([1]), np.array([9]), 3)


def test_one_cell_is_always_right():
    logs = []
    tasks.train_location(
        net("location", grid=1),
        *data(),
        1,
        epochs=1,
        batch_size=8,
        log=lambda **each: logs.append(each),
    )
    assert [each["accuracy"] for each in logs] == [1]


def test_segmentation_pools_nothing_to_permute():
    with pytest.raises(ValueError, match="`permuted` must be False"):
        net("segmentation", permuted=True)


def test_fewer_pictures_than_a_batch_are_an_error():
    with pytest.raises(ValueError, match="at least one batch of 48"):
        tasks.train_location(net("both"), *data(), 3, epochs=1)
