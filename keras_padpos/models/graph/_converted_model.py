"""A copy of a model by its own class, with other borders inside."""

import inspect
import json
from collections.abc import Callable
from collections.abc import Mapping

import keras

from keras_padpos import padding
from keras_padpos.layers.converted_layer import convert_inside
from keras_padpos.layers.converted_layer import inner_layers
from keras_padpos.layers.converted_layer import plain_description
from keras_padpos.models._code_owner import is_foreign
from keras_padpos.models._code_owner import package_of
from keras_padpos.models.graph._blocks import padding_entry
from keras_padpos.models.graph._copied_layer import plain_copy
from keras_padpos.models.graph._frame_operation import operation_frames
from keras_padpos.models.graph.copy_difference import difference
from keras_padpos.models.graph.copy_difference import shared_layers
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.window import is_frame

_STEPS = (
    "train_step",
    "test_step",
    "predict_step",
    "compute_loss",
    "compute_metrics",
    "call",
)


def converted_model(
    model: keras.Model, makers: Mapping[int, Callable[[], keras.Layer]]
) -> keras.Model | None:
    """Copy a model by its own configuration, and change borders in place.

    So a backbone of keras-hub stays one, with its methods, and its file holds
    what its own class saves.

    Args:
        model: A functional model.
        makers: By the id of a layer, what makes one that pads as it shall.

    Returns:
        The copy; `None` where the model's class is no class of its own, is
        made of inputs and outputs, cannot be copied without loss, could not
        be loaded from a file, or where layers would have to be of other
        shapes or draw numbers.
    """
    if not is_foreign(model) or takes_a_graph(model):
        return None
    inner_by_path = dict(inner_layers(model))
    if any(id(frame) in makers for frame in operation_frames(model)):
        return None  # the class makes the operation again
    current = getattr(model, "inner_paddings", {})
    new_paddings = dict(current)
    for path, layer in inner_by_path.items():
        if id(layer) in makers:
            made = makers[id(layer)]()
            new_paddings[path] = padding_entry(made)
            if is_frame(made) and made.padding != layer.padding:
                return None
            if padding.get(new_paddings[path]["padding_mode"]).random:
                return None
    try:
        tried = copy = _copy_by_class(model)
        if current:
            tried = convert_inside(_copy_by_class(model), current)
    except Exception:
        return None  # what a model's class raises is up to it
    twins = dict(inner_layers(copy))
    if twins.keys() != inner_by_path.keys() or shared_layers(model, copy):
        return None
    if difference(model, tried, ((model.input,), {})):
        return None
    for path, twin in twins.items():
        # Names that Keras makes up differ from copy to copy.
        if twin.name != inner_by_path[path].name:
            twin.name = inner_by_path[path].name
    copy.set_weights(model.get_weights())
    paddings = {
        path: inner
        for path, inner in new_paddings.items()
        if inner != padding_entry(twins[path])
    }
    return convert_inside(copy, paddings) if paddings else copy


class SpareCopies:
    """Copies of layers, out of copies of the models that hold them.

    For trials of layers whose own configuration makes no copy of them.

    Args:
        model: A functional or Sequential model.
    """

    def __init__(self, model: keras.Model) -> None:
        self._models = [model]
        self._copies: dict[int, keras.Layer] = {}

    def __call__(self, layer: keras.Layer) -> keras.Layer | None:
        """Give the copy of a layer, built; `None` if there is none."""
        while self._models and id(layer) not in self._copies:
            model = self._models.pop(0)
            if has_graph(model):
                self._models += model.layers
                self._copy(model)
        return self._copies.get(id(layer))

    def _copy(self, model):
        if not is_foreign(model) or takes_a_graph(model):
            return
        try:
            copies = dict(inner_layers(_copy_by_class(model)))
        except Exception:
            return  # what a model's class raises is up to it
        for path, layer in inner_layers(model):
            if path in copies:
                self._copies[id(layer)] = copies[path]


def own_steps(model: keras.Model) -> list[str]:
    """What a model's class does its own way, and a plain model does not."""
    return [name for name in _STEPS if is_own(model, name)]


def _copy_by_class(model):
    """A copy of the model's class that a file gives back.

    Keras finds no class that is not registered. Such a one is kept if more
    than its name would be lost; loading then takes `custom_objects`.
    """
    try:
        description = json.dumps(plain_description(model))
        return keras.saving.deserialize_keras_object(json.loads(description))
    except Exception:
        if not own_steps(model):
            raise
        return plain_copy(model)


def takes_a_graph(model: keras.Model) -> bool:
    """Whether a model's class is made of inputs and outputs, as Keras' is."""
    kind = getattr(model, "plain_class", type(model))
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    first = [parameter.name for parameter in parameters[:2]]
    return (
        not is_own(model, "__init__")
        or parameters[0].kind is inspect.Parameter.VAR_POSITIONAL
        or first == ["inputs", "outputs"]
    )


def is_own(model: keras.Model, name: str) -> bool:
    """Whether a model's class does something another way than Keras'."""
    for base in getattr(model, "plain_class", type(model)).__mro__:
        if name in vars(base):
            return package_of(base) != "keras"
    return False
