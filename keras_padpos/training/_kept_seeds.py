"""What a network draws random numbers from, put back after use."""

import contextlib
from collections.abc import Iterator

import keras

from keras_padpos.training._variable_state import restore_variables
from keras_padpos.training._variable_state import variable_state


@contextlib.contextmanager
def kept_seeds(model: keras.Model) -> Iterator[None]:
    """Leave a network's random state as it is found.

    Padding that draws noise at inference (`randn`) has such a state: what is
    done first would else change what is drawn later.

    Example:

    >>> model = keras.Sequential([keras.layers.GaussianNoise(1.0, seed=0)])
    >>> with kept_seeds(model):
    ...     one = float(model(keras.ops.ones(1), training=True)[0])
    >>> float(model(keras.ops.ones(1), training=True)[0]) == one
    True

    Args:
        model: Any.
    """
    seeds = seed_variables(model)
    before = variable_state(seeds)
    try:
        yield
    finally:
        restore_variables(seeds, before)


def seed_variables(model: keras.Model) -> list[keras.Variable]:
    """The variables of a network that are none of its weights.

    Example:

    >>> len(seed_variables(keras.Sequential([keras.layers.Dropout(0.5)])))
    1

    Args:
        model: Any.

    Returns:
        Those of its seed generators, in an order that does not change.
    """
    weights = {id(weight) for weight in model.weights}
    return [each for each in model.variables if id(each) not in weights]
