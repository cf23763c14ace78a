"""A network built anew, layer by layer."""

import warnings
from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.graph.graph_walk import check_graph
from keras_padpos.models.graph.graph_walk import given_to
from keras_padpos.models.graph.graph_walk import graph_config
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.graph_walk import input_names
from keras_padpos.models.graph.graph_walk import packed
from keras_padpos.models.graph.graph_walk import walk


class Rebuild:
    """Builds a copy of a model out of other layers, models inside included.

    Layers are copied by their configuration, so that names, regularisers,
    dtype policies and seeds stay; weights and trainable flags are carried
    over one layer after the other. A layer that is used several times is
    copied once. Subclasses change `replace`, `call` and `carry_over`.

    Example:

    >>> import numpy as np
    >>> model = keras.Sequential(
    ...     [keras.Input((2,)), keras.layers.Dense(3, name="dense")]
    ... )
    >>> copy = Rebuild().run(model)
    >>> x = np.ones((1, 2))
    >>> bool(keras.ops.all(copy(x) == model(x)))
    True
    """

    def __init__(self) -> None:
        self._copies: dict[int, tuple[Any, Any, Any]] = {}

    def run(self, model: keras.Model) -> keras.Model:
        """Build the copy and give it the weights.

        Args:
            model: A functional or Sequential model.

        Raises:
            ValueError: If a layer's weights no longer fit: the message names
                it.
        """
        copy = self._model(model, None)
        pairs = [(layer, twin) for layer, twin, _ in self._copies.values()]
        # A model's flag becomes that of all its layers: outer models first.
        for layer, twin in [(model, copy), *reversed(pairs)]:
            if has_graph(layer):
                twin.trainable = layer.trainable
        for layer, twin in pairs:
            if isinstance(layer, keras.Layer) and not has_graph(layer):
                self.carry_over(layer, twin)
        if model.compiled:
            _compile(model, copy)
        return copy

    def replace(self, layer: Any) -> Any:
        """Make the layer, or `keras.ops` operation, in another's place."""
        if isinstance(layer, keras.layers.Lambda):
            return _same_lambda(layer)
        return type(layer).from_config(layer.get_config())

    def carry_over(self, layer: keras.Layer, twin: keras.Layer) -> None:
        """Give a copied layer the weights and flags of the original."""
        _carry_over(layer, twin)

    def substitute(self, layer: Any, twin: Any) -> Any:
        """Put another copy in the place of the one that was made."""
        _, _, context = self._copies[id(layer)]
        self._copies[id(layer)] = layer, twin, context
        return twin

    def call(
        self, layer: Any, twin: Any, args: Any, kwargs: Any, apply: Any
    ) -> Any:
        """Call a copied layer.

        Args:
            layer: The layer of the original.
            twin: Its copy.
            args: Positional arguments, tensors of the copy among them.
            kwargs: Keyword arguments.
            apply: What calls a layer: `apply(layer, *args, **kwargs)`.

        Returns:
            What `apply` gave for the copy.
        """
        return apply(twin, *args, **kwargs)

    def enter(self, model: keras.Model, tensors: list[Any]) -> Any:
        """Note what a model inside is called on; `None` if it is all one."""
        return None

    def entry_shapes(self, model: keras.Model, context: Any) -> list[Any]:
        """Shapes of a copy's inputs, batch included."""
        return [tensor.shape for tensor in model.inputs]

    def started(self, tensors: list[Any], context: Any) -> None:
        """Told of the tensors that enter a copy, before its first call."""

    def finished(
        self, model: keras.Model, context: Any, tensors: list[Any]
    ) -> None:
        """Told of the tensors that leave a copy, after its last call."""

    def _model(self, model, context):
        check_graph(model)
        if isinstance(model, keras.Sequential):
            return self._sequential(model, context)
        config = graph_config(model)
        inputs = packed(
            model,
            [
                keras.Input(batch_shape=shape, dtype=tensor.dtype, name=name)
                for name, tensor, shape in zip(
                    input_names(model, config),
                    model.inputs,
                    self.entry_shapes(model, context),
                    strict=True,
                )
            ],
        )

        def apply(layer, *args, **kwargs):
            return layer(*args, **kwargs)

        self.started(keras.tree.flatten(inputs), context)
        outputs = walk(model, inputs, self._visitor(apply), config)
        self.finished(model, context, keras.tree.flatten(outputs))
        return keras.Model(inputs, outputs, name=model.name)

    def _sequential(self, model, context):
        tensor = model.inputs[0]
        entry = keras.Input(
            batch_shape=self.entry_shapes(model, context)[0],
            dtype=tensor.dtype,
            name=input_names(model)[0],
        )
        inside = []

        def apply(layer, *args, **kwargs):
            # Sequential calls it for good: here the shape is enough.
            inside.append(layer)
            if isinstance(layer, keras.Layer) and not layer.built:
                with keras.name_scope(model.name):
                    layer.build(given_to(args, kwargs)[0].shape)
            return layer.compute_output_spec(*args, **kwargs)

        self.started([entry], context)
        last = walk(model, entry, self._visitor(apply))
        self.finished(model, context, [last])
        return keras.Sequential([entry, *inside], name=model.name)

    def _visitor(self, apply):
        def visit(operation, args, kwargs):
            context = None
            if has_graph(operation):
                context = self.enter(operation, given_to(args, kwargs))
            twin = self._copy(operation, context)
            return self.call(operation, twin, args, kwargs, apply)

        return visit

    def _copy(self, operation, context):
        key = id(operation)
        if key not in self._copies:
            if has_graph(operation):
                twin = self._model(operation, context)
            else:
                twin = self._replaced(operation)
            self._copies[key] = operation, twin, context
        _, twin, first = self._copies[key]
        if context != first:
            raise InputError(
                f"Model {operation.name!r} is called several times, and would "
                "have to be another at each of its calls: they differ in "
                "their place on the padded network's grid, or in size."
            )
        return twin

    def _replaced(self, layer):
        try:
            return self.replace(layer)
        except (TypeError, ValueError, NotImplementedError) as error:
            # Keras wraps what a layer's constructor raises.
            reason = plain_reason(error.__context__ or error)
            raise InputError(
                f"Layer {layer.name!r} ({type(layer).__name__}): {reason}"
            ) from error


def _same_lambda(layer):
    """A Lambda of the very function: code alone lacks what it refers to."""
    shape = layer.get_config().get("output_shape")
    return type(layer)(
        layer.function,
        output_shape=shape if isinstance(shape, (list, tuple)) else None,
        arguments=layer.arguments,
        name=layer.name,
        dtype=layer.dtype_policy,
    )


def _compile(model, copy):
    try:
        copy.compile_from_config(model.get_compile_config())
    except Exception as error:
        # Keras cannot find functions and classes that are not registered.
        warnings.warn(
            f"The copy of {model.name!r} is not compiled, since Keras cannot "
            f"repeat how the model was: {plain_reason(error)}",
            stacklevel=4,
        )


def _carry_over(layer, twin):
    if twin.trainable != layer.trainable:
        twin.trainable = layer.trainable
    try:
        twin.set_weights(layer.get_weights())
    except ValueError as error:
        raise InputError(
            f"Layer {layer.name!r} ({type(layer).__name__}): its weights do "
            "not fit the size of what now comes in: "
            f"{[tuple(weight.shape) for weight in layer.weights]} before, "
            f"{[tuple(weight.shape) for weight in twin.weights]} now."
        ) from error
    # Layers inside a layer may be frozen by themselves.
    for weight, other in zip(layer.weights, twin.weights, strict=True):
        if other.trainable != weight.trainable:
            other.trainable = weight.trainable
    if isinstance(twin, keras.layers.Normalization):
        twin.finalize_state()  # it keeps what it computes from its weights
