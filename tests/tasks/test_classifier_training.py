"""Classifiers of whole pictures: training and what is left of their scores."""

import keras
import numpy as np
import pytest

from keras_padpos import tasks
from keras_padpos.tasks.attack_ball import REGIONS
from keras_padpos.training import variable_state


def data(count=24, size=8):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 200, (count, size, size, 3)).astype("uint8")
    labels = np.arange(count) % 2
    return pictures + (50 * labels[:, None, None, None]).astype("uint8"), labels


def net(**options):
    keras.utils.set_random_seed(0)
    return tasks.classification_net("vgg5", 2, size=8, **options)


def linear():
    """A net that is trained in no time."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    return keras.Model(inputs, keras.layers.Dense(2)(x))


class Kept:
    """Keeps the state after some step, and then no more."""

    def __init__(self, step):
        self.left, self.saved = step, None

    def load(self):
        return self.saved

    def offer(self, state):
        self.left -= 1
        if not self.left:
            self.saved = state()


def train(model, **options):
    logs = []
    steps = tasks.train_classifier(
        model,
        *data(),
        epochs=2,
        batch_size=8,
        log=lambda **each: logs.append(each),
        **options,
    )
    return steps, logs


def test_it_logs_and_stops_where_it_is_told():
    steps, logs = train(linear(), max_steps=5, log_steps=2)
    assert steps == 5
    assert [each["step"] for each in logs] == [2, 4, 5]
    np.testing.assert_allclose(
        [each["epoch"] for each in logs], np.array([2, 4, 5]) / 3
    )
    assert all(0 <= each["accuracy"] <= 1 for each in logs)


@pytest.mark.parametrize("options", [{}, {"seed": 1}])
def test_what_is_drawn_depends_on_the_seed_alone(options):
    trained = []
    for log_steps in (1, 50):
        model = linear()
        train(model, log_steps=log_steps, **options)
        trained.append(variable_state(model.weights))
    other = linear()
    train(other, seed=2)
    other = variable_state(other.weights)
    for name, each in trained[0].items():
        np.testing.assert_array_equal(each, trained[1][name])
    assert any((each != other[name]).any() for name, each in trained[0].items())


def test_what_goes_on_ends_as_what_was_not_interrupted():
    whole, kept = net(cutout="random", seed=3), Kept(4)
    _, logs = train(whole, checkpoint=kept, log_steps=2)
    again = net(cutout="random", seed=3)
    _, later = train(again, checkpoint=kept, log_steps=2)
    assert later == logs[-len(later) :] and len(later) < len(logs)
    for mine, theirs in zip(
        again.get_weights(), whole.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("killed", [4, 5])
@pytest.mark.parametrize("log_steps", [[4, 5], [5, 2], [50, 3]])
def test_it_goes_on_at_its_step_whatever_is_logged(killed, log_steps):
    model, kept = linear(), Kept(killed)
    train(model, checkpoint=kept, log_steps=log_steps[0])
    _, whole = train(linear(), log_steps=log_steps[1])
    again = linear()
    _, later = train(again, checkpoint=kept, log_steps=log_steps[1])
    assert int(keras.ops.convert_to_numpy(again.optimizer.iterations)) == 6
    ends = [each["step"] for each in whole if each["step"] >= killed]
    assert [each["step"] for each in later] == ends
    assert later[-1]["epoch"] == whole[-1]["epoch"]
    for mine, theirs in zip(
        again.get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_pieces_are_cut_out_while_training_only():
    plain, cut = net(), net(cutout="white", cutout_size=1.0, seed=0)
    given = data(4)[0].astype("float32")
    numpy = keras.ops.convert_to_numpy
    np.testing.assert_array_equal(
        numpy(plain(given, training=False)), numpy(cut(given, training=False))
    )
    apart = numpy(cut(given, training=True)) - numpy(
        plain(given, training=True)
    )
    assert np.abs(apart).max() > 1e-3


def test_statistics_are_of_whole_pictures():
    plain, cut = net(), net(cutout="white", cutout_size=1.0, seed=0)
    for model in (plain, cut):
        assert tasks.calibrate_classifier(model, data()[0], batch_size=8) == 24
    for mine, theirs in zip(
        plain.get_weights(), cut.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


@pytest.fixture(scope="module")
def scored():
    model = linear()
    pictures, labels = data(40)
    tasks.train_classifier(
        model, pictures, labels, epochs=30, batch_size=8, learning_rate=0.01
    )
    rows, arrays = tasks.score_robustness(
        model,
        pictures,
        labels,
        (pictures[:16], labels[:16]),
        fills=["black", "random"],
        shares=(0.1,),
        epsilons=(20, 1),
        steps=4,
        universal_epochs=4,
        batch_size=16,
    )
    return model, (pictures, labels), rows, arrays


def test_rows_are_each_attack_at_each_place(scored):
    model, (pictures, labels), rows, arrays = scored
    found = [(row["attack"], row["fill"], row["region"]) for row in rows]
    assert found == [
        ("none", None, None),
        ("cutout", "black", None),
        ("cutout", "random", None),
        *(
            (attack, None, region)
            for attack in tasks.ATTACKS
            for _ in range(2)
            for region in REGIONS
        ),
    ]
    accuracy = tasks.class_accuracy(
        model, pictures.astype("float32"), labels, 40
    )
    assert rows[0]["accuracy"] == accuracy > 0.8
    assert rows[0]["fooling_rate"] == rows[0]["fraction"] == 0
    # A border of one cell.
    fractions = {row["region"]: row["fraction"] for row in rows[3:]}
    assert fractions == {"whole": 1, "border": 28 / 64, "interior": 28 / 64}
    assert {
        name: each.any(axis=-1).mean() for name, each in arrays.items()
    } == {
        f"universal-{size}-{place}": fraction
        for size in (20, 1)
        for place, fraction in (
            ("whole", 1),
            ("border-0.1", 28 / 64),
            ("interior-0.1", 28 / 64),
        )
    }


def test_attacks_are_worse_than_noise_and_worst_on_the_whole(scored):
    _, _, rows, _ = scored
    losses = {
        (row["attack"], row["region"]): row["cross_entropy"]
        for row in rows
        if row["epsilon"] == 20
    }
    for region in REGIONS:
        assert losses["pgd", region] > 1.05 * losses["noise", region]
        # Every region is a part of the whole; the network is linear.
        assert losses["pgd", "whole"] >= losses["pgd", region]
    accuracies = {
        (row["attack"], row["region"]): row["accuracy"]
        for row in rows
        if row["epsilon"] in (None, 20)
    }
    assert accuracies["pgd", "whole"] < accuracies["none", None]


def test_errors():
    with pytest.raises(ValueError, match="at least one batch of 48"):
        tasks.train_classifier(linear(), *data(), epochs=1)
    with pytest.raises(ValueError, match="`labels` must be one for each"):
        tasks.train_classifier(linear(), data()[0], [0], epochs=1, batch_size=2)
    for name in ("epochs", "log_steps", "max_steps"):
        with pytest.raises(ValueError, match=f"`{name}` must be an int of at"):
            tasks.train_classifier(
                linear(), *data(), batch_size=2, **{"epochs": 1, name: 1.5}
            )
    with pytest.raises(ValueError, match="`learning_rate` must be a number"):
        tasks.train_classifier(
            linear(), *data(), epochs=1, batch_size=2, learning_rate=-1.0
        )
    pictures, labels = data()
    for act in (
        lambda labels: tasks.train_classifier(
            linear(), pictures, labels, epochs=1, batch_size=2
        ),
        lambda labels: tasks.score_classifier(linear(), pictures, labels),
    ):
        with pytest.raises(ValueError, match="from 0 to 1. Received: 5"):
            act(5 * labels)
    one = keras.Sequential([linear(), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="logit for each of two classes"):
        tasks.score_classifier(one, pictures, labels)
    for few in (pictures[:0], labels[:0]), (pictures, labels[:3]):
        with pytest.raises(ValueError, match="`labels` must be one for each"):
            tasks.score_classifier(linear(), *few)
    with pytest.raises(ValueError, match="`batch_size` must be an int"):
        tasks.score_classifier(linear(), pictures, labels, batch_size=0)
    with pytest.raises(ValueError, match="`name` must be one of vgg5"):
        tasks.classification_net("vgg6")
    with pytest.raises(ValueError, match="`attacks` must be one or more of"):
        tasks.score_robustness(linear(), *data(), data(), attacks=["fgsm"])
