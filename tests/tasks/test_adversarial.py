"""Attacks: where they may go, and that they do harm."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_padpos import layers
from keras_padpos import tasks
from keras_padpos.tasks._universal_perturbation import perturbed
from keras_padpos.tasks.attack_ball import REGIONS
from keras_padpos.tasks.attack_gradient import attack_loss
from keras_padpos.tasks.attack_gradient import input_gradient
from keras_padpos.training import variable_state

numpy = ops.convert_to_numpy


def pixel_net(seed=0, classes=3):
    """A small convolutional net to logits of every pixel."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    for filters in (4, classes):
        x = keras.layers.Conv2D(
            filters,
            3,
            padding="same",
            data_format="channels_last",
            activation="tanh" if filters == 4 else None,
        )(x)
    return keras.Model(inputs, x)


def picture_net(seed=0):
    net = pixel_net(seed)
    pooled = keras.layers.GlobalAveragePooling2D(data_format="channels_last")(
        net.output
    )
    return keras.Model(net.input, pooled)


def pictures(count=6, size=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, size, size, 3)).astype("uint8")


@pytest.fixture(scope="module")
def untrained():
    return picture_net()


@pytest.fixture(scope="module")
def trained():
    """A net that tells bright pictures from dark ones; other pictures."""
    labels = np.arange(64, dtype="int32") % 2
    shades = 90 + 60 * labels[:, None, None, None]
    noise = np.random.default_rng(1).integers(-40, 40, (64, 8, 8, 3))
    given = (shades + noise).astype("uint8")
    model = picture_net()
    model.compile(
        keras.optimizers.Adam(0.03),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(given[:32].astype("float32"), labels[:32], epochs=25, verbose=0)
    return model, given[32:], labels[32:]


def mean_loss(model, given, labels):
    logits = model(ops.convert_to_tensor(given, dtype="float32"))
    return float(numpy(attack_loss(labels, logits)).mean())


def test_gradient_is_that_of_differences():
    model = pixel_net()
    given = pictures(2, 4).astype("float64")
    labels = np.random.default_rng(2).integers(0, 3, (2, 4, 4))
    labels[1, :2] = 255
    gradient = input_gradient(model, attack_loss)
    losses, slopes = map(numpy, gradient(given, labels))
    for place in [(0, 1, 2, 0), (1, 3, 3, 2), (1, 0, 0, 1), (0, 0, 0, 0)]:
        sides = []
        for way in (8.0, -8.0):
            moved = given.copy()
            moved[place] += way
            sides.append(numpy(gradient(moved, labels)[0]))
        difference = (sides[0] - sides[1]) / 16
        np.testing.assert_allclose(
            slopes[place], difference[place[0]], rtol=0.05, atol=1e-6
        )
        assert difference[1 - place[0]] == 0
    assert losses.shape == (2,)


def test_gradient_is_that_of_the_weights_of_the_moment():
    model = picture_net()
    gradient = input_gradient(model, attack_loss)
    before = numpy(gradient(pictures(), np.zeros(6, int))[1])
    model.set_weights([2 * each for each in model.get_weights()])
    after = numpy(gradient(pictures(), np.zeros(6, int))[1])
    assert np.abs(after - before).max() > 1e-3 * np.abs(before).max() > 0


def test_void_pixels_do_not_count():
    logits = np.random.default_rng(0).normal(size=(2, 2, 2, 3))
    labels = np.array([[[0, 255], [2, 255]], [[255, 255], [255, 255]]])
    found = numpy(attack_loss(labels, logits))
    chances = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    by_hand = -np.log(chances[0, [0, 1], 0, [0, 2]]).mean()
    np.testing.assert_allclose(found, [by_hand, 0], rtol=1e-5)


def test_class_255_of_pictures_is_a_class():
    logits = np.zeros((1, 300), "float32")
    logits[0, 255] = 5
    assert numpy(attack_loss(np.array([255]), logits))[0] < 2


@pytest.mark.parametrize("epsilon", [0, 0.1, 1 / 3, 8, 0.3 * 255, 300])
@pytest.mark.parametrize("steps", [0, 3])
def test_every_value_stays_in_its_ball(epsilon, steps):
    rng = np.random.default_rng(3)
    given = (rng.random((3, 6, 6, 3)) * 255).astype("float32")
    # Where sums are rounded: small, next to powers of two, at the ends.
    given[0, 0] = np.nextafter(np.float32(128), np.float32(0))
    given[0, 1] = 1e-7
    given[0, 2] = np.nextafter(np.float32(255), np.float32(0))
    given[0, 3:5], given[0, 5] = 0, 255
    found = tasks.pgd(
        picture_net(),
        given,
        np.zeros(3, int),
        epsilon=epsilon,
        step=1e3 if steps else 1,
        steps=steps,
    )
    assert found.dtype == np.float32
    assert found.min() >= 0 and found.max() <= 255
    exact = found.astype("float64") - given.astype("float64")
    assert (np.abs(exact) <= epsilon).all()
    assert (np.abs(found - given).astype("float64") <= epsilon).all()
    if steps and 0 < epsilon < 100:
        assert np.abs(exact).max() > 0.99 * epsilon


def test_it_does_more_harm_than_noise(trained):
    model, given, labels = trained
    clean, start, attacked = (
        mean_loss(model, each, labels)
        for each in (
            given,
            tasks.pgd(model, given, labels, epsilon=30, steps=0),
            tasks.pgd(model, given, labels, epsilon=30, step=8, steps=8),
        )
    )
    rng = np.random.default_rng(0)
    signs = 30 * (rng.integers(0, 2, given.shape) * 2 - 1)
    noise = mean_loss(model, np.clip(given + signs, 0, 255), labels)
    assert attacked > 1.5 * max(clean, start, noise)


def test_segmentation_is_attacked_where_it_is_known():
    model = pixel_net()
    given = pictures(2, 12)
    labels = np.full((2, 12, 12), 255)
    labels[:, 2, 2] = 1
    found = tasks.pgd(model, given, labels, epsilon=4, steps=2)
    start = tasks.pgd(model, given, labels, epsilon=4, steps=0)
    # Two 3x3 convolutions see two cells away.
    moved = (found != start).any(axis=-1)
    assert moved[:, :5, :5].any() and not moved[:, 5:].any()
    assert mean_loss(model, found, labels) > mean_loss(model, start, labels)


def test_no_picture_minds_the_others(untrained):
    model = untrained
    given, labels = pictures(), np.arange(6) % 3
    found = tasks.pgd(model, given, labels, epsilon=8, steps=3)
    others = pictures(seed=9)
    others[2] = given[2]
    np.testing.assert_array_equal(
        tasks.pgd(
            model,
            others,
            np.full(6, labels[2]),
            epsilon=8,
            steps=3,
        )[2],
        found[2],
    )
    # In batches of other sizes: the same starts, and steps but for rounding.
    starts = [
        tasks.pgd(model, given, labels, steps=0, batch_size=size)
        for size in (2, 4, 64)
    ]
    for each in starts:
        np.testing.assert_array_equal(each, starts[0])


def test_the_seed_decides(untrained):
    model, given, labels = untrained, pictures(), np.zeros(6, int)
    one, same, other = (
        tasks.pgd(model, given, labels, steps=1, seed=seed)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def noisy_net():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Rescaling(1 / 255),
            layers.Conv2D(
                4,
                3,
                padding="same",
                padding_mode="randn",
                data_format="channels_last",
                activation="tanh",
            ),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )


def test_noise_is_drawn_for_each_gradient():
    gradient = input_gradient(noisy_net(), attack_loss)
    one, other = (
        numpy(gradient(pictures(), np.zeros(6, int))[1]) for _ in range(2)
    )
    assert (one != other).any()


@pytest.mark.parametrize(
    ("attack", "options"),
    [
        (tasks.pgd, {"steps": 2}),
        (tasks.universal_perturbation, {"epochs": 2}),
    ],
)
def test_networks_are_left_as_they_are(attack, options):
    model, given, labels = noisy_net(), pictures(), np.zeros(6, int)
    before = variable_state(model.variables)
    assert len(before) > len(model.weights)
    one, same = (
        attack(model, given, labels, step=1, batch_size=4, **options)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, same)
    after = variable_state(model.variables)
    for name, each in before.items():
        np.testing.assert_array_equal(after[name], each)


def test_half_precision_finds_the_slopes_of_sure_answers():
    nets = []
    for policy in ("float32", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        try:
            keras.utils.set_random_seed(0)
            nets.append(tasks.classification_net("vgg5", 2, size=8))
        finally:
            keras.config.set_dtype_policy("float32")
        weights = nets[-1].get_weights()
        # Sure of class 0: 1e-4 nats.
        weights[-1] = np.array([9.2, 0], "float32")
        nets[-1].set_weights(weights)
    labels = np.zeros(6, int)
    (losses, wanted), (_, found) = (
        map(
            numpy,
            input_gradient(net, attack_loss)(pictures(), labels),
        )
        for net in nets
    )
    assert 1e-6 < losses.mean() < 1e-3
    assert (found == 0).mean() < (wanted == 0).mean() + 0.01
    assert np.corrcoef(wanted.ravel(), found.ravel())[0, 1] > 0.99


def test_half_precision_finds_the_slopes_of_losses_that_are_large():
    inputs = keras.Input((1, 1, 3))
    flat = keras.layers.Flatten(dtype="float16")(inputs)
    model = keras.Model(inputs, flat)

    def loss(labels, outputs):
        outputs = ops.cast(outputs, "float32")
        return ops.sum(outputs * labels[:, None], axis=-1)

    # The first fits into float16 at no scale but the last; not so the others.
    sizes = np.array([1000.0, 3.0, 1e-6], "float32")
    _, slopes = input_gradient(model, loss)(
        np.ones((3, 1, 1, 3), "float32"), sizes
    )
    np.testing.assert_allclose(numpy(slopes)[:, 0, 0, 0], sizes, rtol=2e-2)


@pytest.mark.parametrize("region", REGIONS)
def test_a_mask_is_respected(region, trained):
    model, given, labels = trained
    mask = tasks.region_mask(8, 8, region, 0.1)
    found = tasks.pgd(model, given, labels, epsilon=20, steps=2, mask=mask)
    changed = (found != given).any(axis=(0, -1))
    np.testing.assert_array_equal(changed, mask)
    found = tasks.universal_perturbation(
        model, given, labels, epsilon=20, epochs=1, mask=mask, batch_size=8
    )
    assert found.dtype == np.float32 and found.shape == (8, 8, 3)
    np.testing.assert_array_equal(found.any(axis=-1), mask)


@pytest.mark.parametrize("size", [(8, 8), (9, 13), (32, 32), (20, 33)])
@pytest.mark.parametrize("share", [0.1, 0.12])
def test_the_interior_is_as_large_as_the_border(size, share):
    border, interior = (
        tasks.region_mask(*size, region, share)
        for region in ("border", "interior")
    )
    assert border.sum() == interior.sum() > 0
    assert not (border & interior).any()
    rows, columns = np.indices(size)
    distance = np.min(
        [rows, columns, size[0] - 1 - rows, size[1] - 1 - columns], axis=0
    )
    assert distance[border].max() < distance[~border].min()
    assert distance[interior].min() >= distance[~interior].max()


def test_one_perturbation_does_harm_to_pictures_it_has_not_seen(trained):
    model, given, labels = trained
    # Towards the other class, all alike: one class is done harm.
    wanted = labels == 1
    given, labels = given[wanted], labels[wanted]
    found = tasks.universal_perturbation(
        model,
        given[:8],
        labels[:8],
        epsilon=30,
        step=5,
        epochs=8,
        batch_size=4,
    )
    assert np.abs(found).max() == 30
    rng = np.random.default_rng(0)
    signs = 30 * (rng.integers(0, 2, found.shape) * 2 - 1)
    clean, noise, attacked = (
        mean_loss(model, numpy(perturbed(given[8:], each)), labels[8:])
        for each in (0 * signs, signs, found)
    )
    assert attacked > 1.5 * max(clean, noise)


@pytest.mark.parametrize("epsilon", [0, 0.1, 1 / 3, 7.3])
def test_a_perturbation_stays_in_its_ball(untrained, epsilon):
    found = tasks.universal_perturbation(
        untrained,
        pictures(),
        np.zeros(6, int),
        epsilon=epsilon,
        step=100,
        epochs=1,
    )
    assert (np.abs(found.astype("float64")) <= epsilon).all()
    assert np.abs(found).max() >= 0.999 * epsilon


def test_the_seed_of_a_perturbation_is_the_order(untrained):
    model, given, labels = untrained, pictures(), np.arange(6) % 3
    one, same, other = (
        tasks.universal_perturbation(
            model, given, labels, step=3, epochs=1, batch_size=1, seed=seed
        )
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_a_pixel_that_cannot_move_has_no_vote():
    """Black wants down, ten times as loud as grey wants up."""
    inputs = keras.Input((2, 2, 3))
    sums = keras.layers.Flatten()(inputs)
    sums = ops.sum(sums, axis=-1, keepdims=True) / 255
    model = keras.Model(inputs, sums)
    given = np.stack([np.zeros((2, 2, 3)), np.full((2, 2, 3), 100.0)])
    weights = np.array([-10.0, 1.0], "float32")

    def loss(labels, outputs):
        return ops.cast(labels, "float32") * outputs[:, 0]

    def objective(change):
        moved = np.clip(given + change, 0, 255)
        return (moved.sum(axis=(1, 2, 3)) * weights).sum()

    for end in (0, 255):
        found = tasks.universal_perturbation(
            model,
            given,
            weights,
            epsilon=8,
            epochs=8,
            loss=loss,
            ceiling=np.inf,
        )
        # One step to and fro: at the very end of its range it has a vote.
        assert np.abs(found).max() <= 1
        assert objective(found) >= objective(-1.0 if end == 0 else 1.0)
        assert objective(found) > objective(-8.0 if end == 0 else 8.0)
        # White wants up.
        given, weights = 255 - given, -weights
    # Pixels that all may move in are as loud as they were.
    given[0] = 128
    found = tasks.universal_perturbation(
        model, given, weights, epsilon=8, epochs=8, loss=loss
    )
    assert (found == -8).all()


def test_pictures_above_the_ceiling_have_no_vote(untrained):
    model, given = untrained, pictures()
    found = tasks.universal_perturbation(
        model, given, np.zeros(6, int), ceiling=0.0, epochs=1
    )
    assert not found.any()


def test_labels_of_pixels_are_classes_or_void():
    model, labels = pixel_net(), np.full((6, 8, 8), 255)
    tasks.pgd(model, pictures(), labels, steps=1)
    labels[3, 4, 5] = 3
    with pytest.raises(ValueError, match="from 0 to 2, or 255 for void"):
        tasks.pgd(model, pictures(), labels, steps=1)


def test_one_logit_is_that_of_class_1():
    logits = np.random.default_rng(0).normal(size=(2, 4, 5, 1)) * 9
    labels = np.random.default_rng(1).integers(0, 2, (2, 4, 5))
    labels[0, 2:] = 255
    two = np.concatenate([0 * logits, logits], axis=-1)
    one, same = (
        numpy(attack_loss(labels, each.astype("float32")))
        for each in (logits, two)
    )
    np.testing.assert_allclose(one, same, rtol=1e-5)
    losses = attack_loss(labels[:, 3, 0] % 2, logits[:, 3, 0])
    assert tuple(losses.shape) == (2,) and (numpy(losses) > 0).all()
    model, given = pixel_net(classes=1), pictures(2)
    truth = np.zeros((2, 8, 8), int)
    start, found = (
        tasks.pgd(model, given, truth, steps=steps) for steps in (0, 3)
    )
    assert mean_loss(model, found, truth) > mean_loss(model, start, truth) > 0


def test_labels_may_be_a_list(untrained):
    for attack, options in (
        (tasks.pgd, {"steps": 1}),
        (tasks.universal_perturbation, {"epochs": 1}),
    ):
        one, same = (
            attack(untrained, pictures(), labels, **options)
            for labels in ([0, 1, 2, 0, 1, 2], np.arange(6) % 3)
        )
        np.testing.assert_array_equal(one, same)


def no_number(labels, logits):
    return ops.sqrt(ops.sum(logits, axis=-1) * 0 - 1)


@pytest.mark.parametrize(
    ("attack", "arguments", "message"),
    [
        (tasks.pgd, {"epsilon": -1}, "`epsilon` must be a number of 0"),
        (tasks.pgd, {"epsilon": np.nan}, "`epsilon` must be a number of 0"),
        (tasks.pgd, {"step": np.inf}, "`step` must be"),
        (tasks.pgd, {"steps": 1.5}, "`steps` must be an int"),
        (tasks.pgd, {"mask": np.ones((2, 2))}, "`mask` must have"),
        (tasks.pgd, {"labels": [0]}, "`labels` must be as many"),
        (tasks.pgd, {"pictures": pictures() * 1.5}, "`pictures` must be in"),
        (tasks.pgd, {"labels": np.zeros((6, 8, 8))}, "`labels` must be"),
        (tasks.pgd, {"loss": no_number}, "gradients that are numbers"),
        *(
            (attack, {"labels": np.full(6, label)}, said)
            for attack in (tasks.pgd, tasks.universal_perturbation)
            for label, said in (
                (3, "`labels` must be classes from 0 to 2. Received: 3"),
                (-1, "`labels` must be classes from 0 to 2. Received: -1"),
                (0.5, "`labels` must be integers"),
                (np.nan, "`labels` must be integers"),
            )
        ),
        (tasks.universal_perturbation, {"epsilon": -1}, "`epsilon` must"),
        (tasks.universal_perturbation, {"mask": np.ones(8)}, "`mask` must"),
        (tasks.universal_perturbation, {"step": -1.0}, "`step` must be a"),
        (tasks.universal_perturbation, {"labels": [0]}, "`labels` must be as"),
        (
            tasks.universal_perturbation,
            {"pictures": pictures(0), "labels": []},
            "`pictures` must be one or more",
        ),
        (
            tasks.universal_perturbation,
            {"pictures": np.full((6, 8, 8, 3), 600)},
            "`pictures` must be in",
        ),
        (tasks.universal_perturbation, {"epochs": 0}, "`epochs` must be an"),
        (tasks.universal_perturbation, {"epochs": 1.5}, "`epochs` must be an"),
        *(
            (attack, {"batch_size": size}, "`batch_size` must be an int of at")
            for attack in (tasks.pgd, tasks.universal_perturbation)
            for size in (-1, 0, 2.5)
        ),
    ],
)
def test_errors(untrained, attack, arguments, message):
    given = {"pictures": pictures(), "labels": np.zeros(6, int), **arguments}
    with pytest.raises(ValueError, match=message):
        attack(untrained, **given)


@pytest.mark.parametrize(
    ("region", "share", "message"),
    [
        ("edge", 0.1, "`region` must be one of whole"),
        ("border", 0.01, "`share` must leave"),
        ("interior", 0.3, "`share` must leave"),
        ("border", 0.6, "`share` must be between 0 and 0.5"),
        ("interior", 0.5, "`share` must be between 0 and 0.5"),
        ("border", 0.0, "`share` must be between 0 and 0.5"),
        ("whole", np.nan, "`share` must be between 0 and 0.5"),
    ],
)
def test_errors_of_regions(region, share, message):
    with pytest.raises(ValueError, match=message):
        tasks.region_mask(8, 8, region, share)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(
    ("size", "name"), [((0, 8), "height"), ((8, 0), "width")]
)
def test_no_region_is_of_no_picture(region, size, name):
    with pytest.raises(ValueError, match=f"`{name}` must be an int of at"):
        tasks.region_mask(*size, region)
