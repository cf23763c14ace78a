"""The network inside another one."""

import keras

from keras_padpos.errors import InputError
from keras_padpos.models.graph._resized import resized

_ANY_SIZE = (None, None, 3)


def backbone_of(net: keras.Model, *, any_size: bool = False) -> keras.Model:
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
        any_size: Whether to give a copy that takes pictures of any size. One
            without padding keeps the places at which it cut cells off before
            a stride; those hang on the size that it was made for.

    Raises:
        ValueError: If there is no network inside, or there are several; with
            `any_size`, if a layer takes one size only.
    """
    inner = [each for each in net.layers if isinstance(each, keras.Model)]
    if len(inner) != 1:
        raise InputError(
            "`net` must hold one network, as `semantic_net` puts it there. "
            f"Received: {net.name!r}, which holds {len(inner)}"
        )
    return resized(inner[0], _ANY_SIZE) if any_size else inner[0]
