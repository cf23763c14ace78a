"""What a network's units say of class and place on the canvas."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.errors import InputError
from keras_padpos.metrics import SIDES
from keras_padpos.metrics import BorderContrast
from keras_padpos.metrics import border_moments
from keras_padpos.metrics import neuron_counts
from keras_padpos.metrics import position_aware_units


def location_representations(
    model: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    grid: int,
    *,
    seed: int = 0,
    threshold: float = 1.0,
    batch_size: int = 32,
    advance: Callable[[int], Any] | None = None,
) -> dict[str, Any]:
    """Units of a network of `location_net` that encode class or place.

    Each picture is put into one cell, drawn by the seed; no cell gets two
    pictures more than another. One pass gives both measures:

    * `neuron_counts` of the last map's means over all positions, with
      location (the cell) and class as factors. It does not matter to them
      whether a head permutes the channels. A network without padding scores
      for location too, untrained and all: fewer of its windows cover what
      lies at a border, so the mean over the map is smaller there.
    * `position_aware_units` of each ReLU's map. The rims of the cells are
      unlike their middles, and channels that hardly ever answer may do so at
      a border by chance, so a few units may count without padding too: the
      same network without it is the control. With constant pictures of the
      canvas's colour nothing but padding is left.

    Of all pictures only the pooled means are kept, and no maps.

    Example:

    >>> from keras_padpos.tasks import location_net
    >>> net = location_net("vgg5", "both", 3, size=8)
    >>> pictures = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3))
    >>> result = location_representations(net, pictures, np.arange(40) % 4, 3)
    >>> names = ("neurons_location", "neurons_class", "neurons_residual")
    >>> sum(result[name] for name in names), result["units"]
    (256, 256)
    >>> list(result["position_units"])
    ['stage1_out', 'stage2_out', 'stage3_out', 'stage4_out']

    Args:
        model: On one device.
        pictures: `(pictures, size, size, 3)` in [0, 255], more than cells.
        labels: `(pictures,)`, classes.
        grid: Cells in a row and in a column of the canvas.
        seed: Draws the cells.
        threshold: See `position_aware_units`.
        batch_size: Pictures that go through at once.
        advance: Called with the number of canvases after each batch.

    Returns:
        `"neurons_location"`, `"neurons_class"` and `"neurons_residual"`,
        which add up to `"units"`; `"score_location"` and `"score_class"`;
        `"position_units"`, from each ReLU's name to `"units"`, its channels,
        `"aware"`, how many of them are position-aware, and `"by_side"`, how
        many are so at the top, bottom, left and right (one may be at
        several). The latter two are `None` where the map is too small to
        have an interior. All is made of plain numbers.

    Raises:
        ValueError: If the model is none of `location_net`, pictures and
            labels do not pair, there are no more pictures than cells, or
            no two of a class.

    Source:
        Islam et al., *Position, Padding and Predictions* (IJCV 2024), as far
        as is known; Garcia-Gasulla et al., *Padding Aware Neurons* (2023).
        See the metrics for what is our own.
    """
    labels, cells = np.asarray(labels), grid**2
    if len(pictures) != len(labels) or len(pictures) <= cells:
        raise InputError(
            "`pictures` and `labels` must be as many, and more than the "
            f"{cells} cells. Received: {len(pictures)} pictures and "
            f"{len(labels)} labels"
        )
    where = np.random.default_rng(seed).permutation(len(pictures)) % cells
    reader, layers = _reader(model)
    contrasts = {
        layer.name: BorderContrast()
        for layer in layers
        if _has_interior(layer.output)
    }
    latents = []
    for start in range(0, len(pictures), batch_size):
        part = slice(start, start + batch_size)
        outputs = reader.predict_on_batch(
            {"picture": pictures[part].astype("float32"), "cell": where[part]}
        )
        latents.append(np.asarray(outputs["latent"]))
        for name, contrast in contrasts.items():
            contrast.update_moments(np.asarray(outputs[name]))
        if advance:
            advance(len(where[part]))
    neurons = neuron_counts(
        np.concatenate(latents), {"location": where, "class": labels}
    )
    return {
        **{f"neurons_{name}": each for name, each in neurons.counts.items()},
        **{f"score_{name}": each for name, each in neurons.scores.items()},
        "units": sum(neurons.counts.values()),
        "position_units": {
            layer.name: _position_units(
                layer.output.shape[-1], contrasts.get(layer.name), threshold
            )
            for layer in layers
        },
    }


def _reader(model):
    """From a model's inputs to the pooled last map and each map's moments."""
    nets = [each for each in model.layers if isinstance(each, keras.Model)]
    layers = [each for net in nets for each in net.layers if _is_relu(each)]
    if len(nets) != 1 or not layers:
        raise InputError(
            "`model` must be one of `location_net`, with one network inside "
            f"that has ReLUs. Received: {model.name!r} with {len(nets)}"
        )
    (net,) = nets
    maps = {each.name: ops.cast(each.output, "float32") for each in layers}
    outputs = {
        name: border_moments(each, xp=ops)
        for name, each in maps.items()
        if _has_interior(each)
    }
    # A segmentation net goes on from there, and the others end.
    outputs["latent"] = ops.mean(maps[layers[-1].name], axis=(1, 2))
    inside = keras.Model(net.input, outputs, name="inside")
    whole = model.get_layer("normal").output
    reader = keras.Model(model.input, inside(whole), name="reader")
    # Elsewhere XLA's programs, one for each size of batch, take longer to
    # compile than they save in a single pass.
    reader.compile(jit_compile=keras.backend.backend() == "jax")
    return reader, layers


def _is_relu(layer):
    return isinstance(layer, keras.layers.ReLU) or (
        isinstance(layer, keras.layers.Activation)
        and layer.activation is keras.activations.relu
    )


def _has_interior(maps):
    return min(maps.shape[1:3]) > 2


def _position_units(units, contrast, threshold):
    if contrast is None:
        return {"units": units, "aware": None, "by_side": None}
    aware = position_aware_units(contrast.result(), threshold)
    return {
        "units": units,
        "aware": len(aware),
        "by_side": {
            side: sum(side in sides for sides in aware.values())
            for side in SIDES
        },
    }
