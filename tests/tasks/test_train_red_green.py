import keras
import numpy as np
import pytest

from keras_padpos.models.nets._red_green_net import red_green_net
from keras_padpos.tasks import red_green
from keras_padpos.tasks import train_red_green


def tiny(**changed):
    sets = red_green("disjoint", train=12, validation=6, test=6)
    return {**sets, **changed}


def weights(model):
    return [keras.ops.convert_to_numpy(each) for each in model.weights]


def test_training_is_that_of_a_plain_pytorch_loop():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    keras.utils.set_random_seed(1)
    net = red_green_net("same")
    sets = tiny()
    twins = [
        torch.tensor(array.copy(), requires_grad=True) for array in weights(net)
    ]
    optimizer = torch.optim.Adadelta(
        twins, lr=1.0, rho=0.9, eps=1e-6, weight_decay=5e-5
    )
    pictures = torch.tensor(sets["train"][0]).permute(0, 3, 1, 2)
    labels = torch.tensor(sets["train"][1])
    epochs, batch = 3, 5
    for _ in range(epochs):
        for start in range(0, 12, batch):
            x = pictures[start : start + batch]
            for kernel, stride in zip(twins[:4], (1, 2, 2, 2), strict=True):
                kernel = kernel.permute(3, 2, 0, 1)
                x = functional.conv2d(x, kernel, stride=stride, padding=1)
                x = functional.relu(x)
            logits = x.amax((2, 3)) @ twins[4] + twins[5]
            loss = functional.cross_entropy(
                logits, labels[start : start + batch]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    # The training pictures validate, so that the last epoch is the best.
    scores = train_red_green(
        net,
        tiny(validation=sets["train"]),
        epochs=epochs,
        batch_size=batch,
    )
    assert scores["best_epoch"] == epochs
    for found, expected in zip(weights(net), twins, strict=True):
        np.testing.assert_allclose(found, expected.detach(), atol=2e-4)


def test_stops_at_the_ninth_epoch_that_is_no_better():
    # Whatever is learned makes the opposite labels worse: the first epoch is
    # the best one.
    pictures, labels = tiny()["train"]
    opposite = tiny(validation=(pictures, 1 - labels))
    keras.utils.set_random_seed(3)
    net = red_green_net("full")
    # Far from the labels' middle, so that they cannot win by hedging.
    net.get_layer("logits").bias.assign([0.0, 0.0])
    first = net.get_weights()
    train_red_green(net, opposite, epochs=1, batch_size=4)
    after_one = weights(net)
    net.set_weights(first)
    scores = train_red_green(net, opposite, epochs=30, batch_size=4)
    assert (scores["epochs"], scores["best_epoch"]) == (10, 1)
    for found, expected in zip(weights(net), after_one, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_scores_are_counts_of_right_answers():
    keras.utils.set_random_seed(0)
    net = red_green_net("valid")
    pictures, _ = tiny()["train"]
    sets = tiny(train=(pictures, np.repeat([0, 1], [9, 3])))
    scores = train_red_green(net, sets, epochs=1)
    for name in ("train", "validation", "similar", "dissimilar"):
        logits = keras.ops.convert_to_numpy(net(sets[name][0]))
        right = (logits[:, 1] > logits[:, 0]) == sets[name][1]
        assert scores[name] == pytest.approx(right.mean())


@pytest.mark.parametrize(
    ("convolution", "mode"), [("same", "circular"), ("full", "zeros")]
)
def test_nets_without_a_border_score_both_places_alike(convolution, mode):
    keras.utils.set_random_seed(0)
    net = red_green_net(convolution, padding_mode=mode)
    sets = red_green(train=20, validation=10, test=40)
    scores = train_red_green(net, sets, epochs=2, batch_size=10)
    assert scores["similar"] == scores["dissimilar"]


def test_a_net_without_padding_learns_the_place():
    keras.utils.set_random_seed(0)
    sets = red_green(train=200, validation=50, test=50)
    scores = train_red_green(
        red_green_net("valid"), sets, epochs=4, batch_size=20
    )
    assert scores["similar"] > 0.9
    assert scores["dissimilar"] < 0.2
