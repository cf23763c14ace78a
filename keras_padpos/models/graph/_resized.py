"""The same network for pictures of another size."""

import keras

from keras_padpos.errors import InputError
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.graph.rebuild import Rebuild


def resized(
    model: keras.Model, input_shape: tuple[int | None, int | None, int]
) -> keras.Model:
    """Build a network for pictures of another size, weights kept."""
    own = tuple(model.inputs[0].shape[1:])
    fits = all(
        size is None or size == asked
        for size, asked in zip(own, input_shape, strict=True)
    )
    if fits:
        return model
    try:
        return _Resize(input_shape).run(model)
    except Exception as error:
        # What a layer says to a size is up to its class.
        raise InputError(
            f"`input_shape` must be {own}, for which {model.name} was made: "
            f"another does not fit ({plain_reason(error)}). "
            f"Received: input_shape={tuple(input_shape)}"
        ) from error


class _Resize(Rebuild):
    """Gives models inside the sizes that come to them."""

    def __init__(self, input_shape):
        super().__init__()
        self._shape = (None, *input_shape)

    def enter(self, model, tensors):
        if all(None in tensor.shape[1:-1] for tensor in model.inputs):
            return None  # it takes any, so may be called on several
        return tuple(tuple(tensor.shape) for tensor in tensors)

    def entry_shapes(self, model, context):
        if self._shape is None:
            return (
                list(context)
                if context
                else super().entry_shapes(model, context)
            )
        # The first to enter is the model around all others.
        shape, self._shape = self._shape, None
        return [shape]
