"""The network inside another one."""

import keras


def backbone_of(net: keras.Model) -> keras.Model:
    """The backbone inside a network of `semantic_net`.

    It shares the layers, so that once the network is trained it is, too. Saved
    on its own, it is a network as any other: `backbone` reads it, and so do
    the binaries.

    Example:

    >>> from keras_padpos.models import backbone, semantic_net
    >>> inner = backbone(
    ...     "resnet18", weights="random", input_shape=(32, 32, 3),
    ...     stages=["stage1_block2_out"],
    ... )
    >>> backbone_of(semantic_net(inner, 5)) is inner
    True

    Args:
        net: Of `semantic_net`, as it was made, cloned or loaded.

    Raises:
        ValueError: If there is no network inside, or there are several.
    """
    inner = [each for each in net.layers if isinstance(each, keras.Model)]
    if len(inner) != 1:
        raise ValueError(
            "`net` must hold one network, as `semantic_net` puts it there. "
            f"Received: {net.name!r}, which holds {len(inner)}"
        )
    return inner[0]
