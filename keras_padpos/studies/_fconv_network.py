"""The networks of F-Conv's four-quadrant test."""

from typing import Any

from keras_padpos.errors import InputError

_BAGNET = "bagnet33"
_ANY_SIZE = (None, None, 3)


def check_fconv_network(
    backbone: str, weights: str, padding_mode: str, layer: str | None = None
) -> None:
    """Refuse what `fconv_network` cannot build, before anything is computed.

    Example:

    >>> check_fconv_network("bagnet33", "random", "zeros")

    Args:
        backbone: See `fconv_network`.
        weights: See `fconv_network`.
        padding_mode: See `fconv_network`.
        layer: See `fconv_network`.

    Raises:
        InputError: If BagNet is to have trained weights, or a file has no
            layer named.
        ValueError: If a name is unknown, or the weights do not fit.
        FileNotFoundError: If there is no file at a path.
        ImportError: If the weights need a package that is missing.
    """
    from keras_padpos import models
    from keras_padpos import padding

    if padding_mode not in ("own", "none", "interpolate"):
        padding.get(padding_mode)
    if backbone == _BAGNET:
        if weights != "random":
            raise InputError(
                f"--weights of {_BAGNET} must be random. Received: {weights}"
            )
        return
    models.check_weights(backbone, weights)
    if layer is None:
        # Raises for a file, and proposes layers.
        models.stage_names(backbone)


def fconv_network(
    backbone: str,
    weights: str,
    padding_mode: str = "own",
    *,
    layer: str | None = None,
    seed: int = 0,
) -> Any:
    """A network from raw RGB of any size to the map that is pooled.

    Example:

    >>> network = fconv_network("bagnet33", "random")
    >>> network.compute_output_shape((1, 120, 120, 3))
    (1, 15, 15, 2048)

    Args:
        backbone: `"bagnet33"`, a name out of `models.backbone_names`, or the
            path of a `.keras` file.
        weights: See `models.backbone`.
        padding_mode: See `models.backbone`.
        layer: Name of the layer whose map is pooled; the last stage if not
            given. A file has no default.
        seed: Seed of random weights.

    Returns:
        A Keras model from `(batch, height, width, 3)` to
        `(batch, height', width', channels)`.

    Raises:
        InputError: What `check_fconv_network` raises, and the other errors
            there.
    """
    import keras

    from keras_padpos import models

    check_fconv_network(backbone, weights, padding_mode, layer)
    # Random padding draws its seeds while networks are made.
    keras.utils.set_random_seed(seed)
    if backbone != _BAGNET:
        layer = layer or models.stage_names(backbone)[-1]
        network = models.backbone(
            backbone,
            weights,
            padding_mode,
            stages=[layer],
            input_shape=_ANY_SIZE,
            seed=seed,
        )
        return keras.Model(network.input, network.output[layer])
    network = models.bagnet(
        33,
        padding_mode="zeros" if padding_mode == "own" else padding_mode,
        top=None,
    )
    inputs = keras.Input(_ANY_SIZE, name="rgb")
    # As `models.backbone` prepares pictures for ResNet-18.
    prepared = keras.applications.imagenet_utils.preprocess_input(
        inputs, mode="torch"
    )
    return keras.Model(inputs, network(prepared))
