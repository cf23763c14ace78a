"""Fitted heads that take a backbone's maps as they are."""

from collections.abc import Mapping
from typing import Any

import keras

from keras_padpos.probes._resized_stages import resized_stages


def stage_probes(stages: Mapping[str, Any], heads: keras.Model) -> keras.Model:
    """Put the way from stage maps to features before fitted heads.

    Example:

    >>> import numpy as np
    >>> from keras_padpos.probes import Head
    >>> from keras_padpos.probes import LinearProbe
    >>> from keras_padpos.probes import probe_model
    >>> reader = LinearProbe(
    ...     mean=np.zeros(5), scale=np.ones(5), kernel=np.ones((5, 1)),
    ...     bias=np.zeros(1),
    ... )
    >>> shapes = {"conv2": (28, 28, 2), "conv1": (28, 28, 3)}
    >>> heads = probe_model([reader], [Head()], ["horizontal"], shapes)
    >>> maps = {"conv2": np.ones((1, 9, 9, 2)), "conv1": np.ones((1, 9, 9, 3))}
    >>> model = stage_probes(maps, heads)
    >>> tuple(model(maps)["horizontal"].shape)
    (1, 28, 28)

    Args:
        stages: From the name of each stage to a tensor of its shape, in the
            order in which the heads were fitted.
        heads: What `probe_model` gives.

    Returns:
        A model from a dict of stage maps, of any size, to the maps that the
        heads predict. The order of the stages is part of it.
    """
    inputs = {
        name: keras.Input((None, None, stage.shape[-1]), name=name)
        for name, stage in stages.items()
    }
    grid = next(iter(heads.input.values())).shape[1]
    features = resized_stages(inputs, grid)
    return keras.Model(inputs, heads(features), name=heads.name)
