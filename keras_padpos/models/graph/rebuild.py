"""A network built anew, layer by layer."""

import warnings
from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.layers.converted_layer import inner_layers
from keras_padpos.layers.converted_layer import is_by_arguments
from keras_padpos.layers.converted_layer import prefer_arguments
from keras_padpos.models._code_owner import is_foreign
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.graph._converted_model import own_steps
from keras_padpos.models.graph._converted_model import takes_a_graph
from keras_padpos.models.graph._copied_layer import copied_layer
from keras_padpos.models.graph.copy_difference import copy_problem
from keras_padpos.models.graph.graph_walk import check_graph
from keras_padpos.models.graph.graph_walk import graph_config
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.graph_walk import input_names
from keras_padpos.models.graph.graph_walk import inputs_of_call
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
        # Of layers that keep what a model around them would change.
        self._flags: list[tuple[keras.Layer, Any]] = []

    def run(self, model: keras.Model) -> keras.Model:
        """Build the copy and give it the weights.

        Args:
            model: A functional or Sequential model.

        Raises:
            ValueError: If a layer's weights no longer fit: the message names
                it.
        """
        copy = self._whole(model) or self._model(model, None)
        pairs = [(layer, twin) for layer, twin, _ in self._copies.values()]
        # A model's flag becomes that of all its layers: outer models first.
        for layer, twin in [(model, copy), *reversed(pairs)]:
            if has_graph(layer):
                twin.trainable = layer.trainable
        for layer, twin in pairs:
            if twin is layer:
                continue
            if isinstance(layer, keras.Layer) and not has_graph(layer):
                self.carry_over(layer, twin)
        for layer, flags in self._flags:
            _set_flags(layer, flags)
        if model.compiled:
            _compile(model, copy)
        return copy

    def replace(self, layer: Any) -> Any:
        """Make the layer, or `keras.ops` operation, in another's place."""
        return copied_layer(layer)

    def reuse(self, layer: Any, problem: str) -> Any:
        """Put a layer that cannot be copied into the copy itself.

        Args:
            layer: A layer that is only passed through.
            problem: What is wrong with a copy, as the end of a sentence.
        """
        if isinstance(layer, keras.Layer) and layer.weights:
            warnings.warn(
                f"Layer {layer.name!r} ({type(layer).__name__}) is part of "
                "both networks, with the same weights: it cannot be copied, "
                f"since {problem}.",
                stacklevel=2,
            )
        return layer

    def whole(self, model: keras.Model) -> keras.Model | None:
        """Copy a model without a look at its layers; `None` to rebuild it."""
        return None

    def passes(self, layer: Any) -> bool:
        """Whether a layer's copy is to compute what the layer does."""
        return True

    def carry_over(self, layer: keras.Layer, twin: keras.Layer) -> None:
        """Give a copied layer the weights and flags of the original."""
        try:
            twin.set_weights(layer.get_weights())
        except ValueError as error:
            raise InputError(
                f"Layer {layer.name!r} ({type(layer).__name__}): its weights "
                "do not fit the size of what now comes in: "
                f"{[tuple(weight.shape) for weight in layer.weights]} before, "
                f"{[tuple(weight.shape) for weight in twin.weights]} now."
            ) from error
        _set_flags(twin, _flags(layer))
        if isinstance(twin, keras.layers.Normalization):
            twin.finalize_state()  # it keeps what it computes from its weights

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
        return _same_class(model, inputs, outputs)

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
                    layer.build(inputs_of_call(args, kwargs)[0].shape)
            return layer.compute_output_spec(*args, **kwargs)

        self.started([entry], context)
        last = walk(model, entry, self._visitor(apply))
        self.finished(model, context, [last])
        return keras.Sequential([entry, *inside], name=model.name)

    def _visitor(self, apply):
        def visit(operation, args, kwargs):
            context = None
            if has_graph(operation):
                context = self.enter(operation, inputs_of_call(args, kwargs))
            twin = self._copy(operation, context, (args, kwargs))
            return self.call(operation, twin, args, kwargs, apply)

        return visit

    def _whole(self, model):
        check_graph(model)
        twin = self.whole(model)
        if twin is not None:
            for (_, layer), (_, other) in zip(
                inner_layers(model), inner_layers(twin), strict=True
            ):
                self._flags.append((other, _flags(layer)))
        return twin

    def _copy(self, operation, context, arguments):
        key = id(operation)
        if key not in self._copies:
            if has_graph(operation):
                twin = self._whole(operation) or self._model(operation, context)
            else:
                twin = self._replaced(operation, arguments)
            self._copies[key] = operation, twin, context
        _, twin, first = self._copies[key]
        if context != first:
            raise InputError(
                f"Model {operation.name!r} is called several times, and would "
                "have to be another at each of its calls: they differ in "
                "their place on the padded network's grid, or in size."
            )
        return twin

    def _replaced(self, layer, arguments):
        twin, problem = self._tried(layer, arguments)
        if problem and _may_lose(layer) and not is_by_arguments(layer):
            prefer_arguments(layer)
            other, still = self._tried(layer, arguments)
            if not still:
                return other
            prefer_arguments(layer, False)
        if not problem:
            return twin
        if isinstance(layer, keras.Layer):
            self._flags.append((layer, _flags(layer)))
        return self.reuse(layer, problem)

    def _tried(self, layer, arguments):
        """A layer's copy, and what is wrong with it."""
        twin, problem = None, ""
        try:
            twin = self.replace(layer)
        except Exception as error:
            # What a layer's class raises is up to it, and Keras wraps it.
            problem = plain_reason(error.__context__ or error)
            if not self.passes(layer):
                # Our layers name themselves.
                where = f"Layer {layer.name!r} ({type(layer).__name__}): "
                problem = where + problem.removeprefix(where)
                raise InputError(problem) from error
            problem = f"its copy cannot be made ({problem})"
        if not problem and self.passes(layer) and _may_lose(layer):
            problem = copy_problem(
                layer, lambda: self.replace(layer), arguments
            )
        return twin, problem


def _may_lose(layer):
    """Whether a configuration may not say all about a layer."""
    return isinstance(layer, keras.Layer) and layer.built and is_foreign(layer)


def _same_class(model, inputs, outputs):
    """A model of a graph, of the class that another has."""
    plain = keras.Model(inputs, outputs, name=model.name)
    steps = own_steps(model)
    if not steps:
        return plain
    kind = getattr(model, "plain_class", type(model))
    problem = "its constructor takes other arguments than inputs and outputs"
    if takes_a_graph(model):
        try:
            return kind(inputs, outputs, name=model.name)
        except Exception as error:
            # What a class's constructor raises is up to it.
            problem = plain_reason(error)
    warnings.warn(
        f"The copy of {model.name!r} is a plain model, without "
        f"{', '.join(steps)} of its class {kind.__name__}, which cannot be "
        f"made again: {problem}",
        stacklevel=5,
    )
    return plain


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


def _flags(layer):
    """Which parts of a layer are trained: itself, and each weight."""
    return layer.trainable, [weight.trainable for weight in layer.weights]


def _set_flags(layer, flags):
    trainable, of_weights = flags
    if layer.trainable != trainable:
        layer.trainable = trainable
    # Layers inside a layer may be frozen by themselves.
    for weight, flag in zip(layer.weights, of_weights, strict=True):
        if weight.trainable != flag:
            weight.trainable = flag
