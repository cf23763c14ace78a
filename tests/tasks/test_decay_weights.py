import keras
import numpy as np
import pytest

from keras_padpos.tasks import decay_weights


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_step_is_that_of_pytorch(momentum):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    kernel, bias = rng.normal(size=(3, 2)), rng.normal(size=2)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.layers[0].kernel.assign(kernel)
    model.layers[0].bias.assign(bias)
    decay_weights(model, 0.3)
    nesterov = momentum > 0
    model.compile(
        keras.optimizers.SGD(0.1, momentum=momentum, nesterov=nesterov), "mse"
    )
    model.fit(x, y, epochs=5, verbose=0)

    twin = torch.nn.Linear(3, 2).double()
    with torch.no_grad():
        twin.weight.copy_(torch.tensor(kernel.T))
        twin.bias.copy_(torch.tensor(bias))
    optimizer = torch.optim.SGD(
        twin.parameters(),
        0.1,
        momentum=momentum,
        nesterov=nesterov,
        weight_decay=0.3,
    )
    for _ in range(5):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(
            twin(torch.tensor(x)), torch.tensor(y)
        ).backward()
        optimizer.step()
    found = [keras.ops.convert_to_numpy(w) for w in model.weights]
    np.testing.assert_allclose(found[0], twin.weight.detach().T, atol=1e-5)
    np.testing.assert_allclose(found[1], twin.bias.detach(), atol=1e-5)


def test_weights_that_are_not_trained_do_not_decay():
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.BatchNormalization()]
    )
    decay_weights(model, 2.0)
    # Three factors of one; the biases are zeros, and moving variances of one
    # do not count.
    losses = map(keras.ops.convert_to_numpy, model.losses)
    assert sum(losses) == 3.0
