"""Initial weights as PyTorch's layers draw them."""

import math

import keras


def kernel_draw() -> keras.initializers.Initializer:
    """PyTorch's default for the kernels of convolutions and dense layers.

    Uniform between plus and minus one over the root of the fan-in.

    Example:

    >>> kernel = keras.ops.convert_to_numpy(kernel_draw()((4, 1000)))
    >>> bool(0.49 < abs(kernel).max() <= 0.5)
    True

    Returns:
        A Keras initializer.

    Source:
        `torch.nn.Conv2d` and `torch.nn.Linear`: He et al.'s uniform draw with
        a slope of the root of 5.
    """
    return keras.initializers.VarianceScaling(
        1 / 3, mode="fan_in", distribution="uniform"
    )


def bias_draw(fan_in: int) -> keras.initializers.Initializer:
    """PyTorch's default for biases: the same bounds as of the kernel.

    Example:

    >>> abs(float(bias_draw(4)((1,))[0])) <= 0.5
    True

    Args:
        fan_in: What one output of the layer sees.

    Returns:
        A Keras initializer.
    """
    bound = 1 / math.sqrt(fan_in)
    return keras.initializers.RandomUniform(-bound, bound)
