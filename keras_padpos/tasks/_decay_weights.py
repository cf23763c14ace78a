"""Weight decay as PyTorch's optimisers have it."""

import keras


def decay_weights(model: keras.Model, decay: float) -> None:
    """Add a share of every weight to its gradient.

    This is what `weight_decay` means in PyTorch's SGD and Adadelta: biases and
    BatchNorm's factors decay too, and the optimiser scales the sum. It is the
    gradient of an L2 regulariser of half of `decay`. The `weight_decay` of
    Keras' optimisers is another thing: it goes past the optimiser.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> _ = model.layers[0].kernel.assign([[3.0], [4.0]])
    >>> _ = model.layers[0].bias.assign([0.0])
    >>> decay_weights(model, 0.1)
    >>> loss = keras.ops.convert_to_numpy(model.losses[0])
    >>> round(float(loss), 4)  # 0.1 / 2 * (9 + 16)
    1.25

    Args:
        model: Changed in place: each weight that is trained gets the
            regulariser, instead of another one.
        decay: Its product with each weight is added to the gradient.
    """
    for variable in model.trainable_variables:
        variable.regularizer = keras.regularizers.L2(decay / 2)
