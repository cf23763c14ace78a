"""What the behaviour of a call hangs on, to be compared with others."""

import hashlib
import types
from typing import Any

import keras
import numpy as np

from keras_padpos.models._call import Call
from keras_padpos.models._code_owner import PACKAGES
from keras_padpos.models._code_owner import package_of

Key = tuple[Any, ...]

_PLAIN = (bool, int, float, str, bytes, type(None), type(Ellipsis))
# What a weight starts as, or is held to, does not show in a call.
_OF_WEIGHTS = (
    keras.initializers.Initializer,
    keras.regularizers.Regularizer,
    keras.constraints.Constraint,
)
_LARGEST = 2**16  # numbers of an array that is compared by value


class _OtherError(Exception):
    """Something that cannot be compared is part of it."""


def call_key(call: Call) -> Key | None:
    """Two calls of one class with equal keys behave alike.

    Class, arguments, attributes, layers inside and shapes of weights count,
    and values of weights that are not trained; values of trained weights do
    not, nor moving averages and seeds.

    Example:

    >>> from keras_padpos.models.graph._model_graph import model_graph
    >>> inputs = keras.Input((32, 32, 3))
    >>> x = keras.ops.max_pool(keras.ops.max_pool(inputs, 3), 3)
    >>> one, other = model_graph(keras.Model(inputs, x)).calls[1:]
    >>> call_key(one) == call_key(other)
    True

    Args:
        call: The call.

    Returns:
        The key, which holds no part of the model; `None` if something
        belongs to it that cannot be compared.
    """
    try:
        return _Parts(call.operation).of(call)
    except (_OtherError, RecursionError):
        return None


class _Parts:
    """Turns what a layer holds into something to compare."""

    def __init__(self, operation: Any) -> None:
        self._operation = operation
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []  # so that no two parts share an id
        layer = isinstance(operation, keras.Layer)
        self._trained = {
            id(variable)
            for variable in (operation.trainable_variables if layer else ())
        }

    def of(self, call):
        """The key of a call of the operation."""
        operation = call.operation
        key = (self._part(operation), self._part(call.arguments))
        variables = getattr(operation, "variables", [])
        if any(id(variable) not in self._numbers for variable in variables):
            raise _OtherError  # it is held out of sight
        return key

    def _part(self, value):
        if isinstance(value, _PLAIN):
            return type(value).__name__, value
        if isinstance(value, keras.KerasTensor):
            return "tensor", str(value.dtype)
        if isinstance(value, type):
            return _class(value)
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.BuiltinFunctionType):
            return value.__module__, value.__qualname__
        if isinstance(value, slice):
            return "slice", self._part((value.start, value.stop, value.step))
        if isinstance(value, _OF_WEIGHTS):
            return type(value).__name__
        if id(value) in self._numbers:
            return "again", self._numbers[id(value)]
        self._count(value)
        if isinstance(value, dict):
            return "dict", tuple(
                (self._part(name), self._part(each))
                for name, each in value.items()
            )
        if isinstance(value, (list, tuple)):
            return "list", tuple(map(self._part, value))
        if isinstance(value, keras.Variable):
            return self._variable(value)
        if isinstance(value, keras.random.SeedGenerator):
            self._count(value.state)
            return "seed"
        if isinstance(value, keras.Operation):
            return self._operation_part(value)
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            return _digest(value)
        if package_of(type(value)) in PACKAGES:
            # Padding modes, policies, specifications.
            return _class(type(value)), self._attributes(value)
        raise _OtherError

    def _count(self, part):
        self._numbers[id(part)] = len(self._numbers)
        self._alive.append(part)

    def _operation_part(self, operation):
        if type(operation) is keras.Sequential:  # no more than its layers
            return "sequential", self._part(operation.layers)
        if type(operation) is keras.layers.BatchNormalization:
            for name in ("moving_mean", "moving_variance"):
                self._count(getattr(operation, name, None))
        return (
            _class(type(operation)),
            getattr(operation, "compute_dtype", None),
            self._attributes(operation, _every_operation_has()),
        )

    def _attributes(self, value, besides=frozenset()):
        held = dict(vars(value))
        # PyTorch keeps layers in a book of its own.
        held |= {
            name: module
            for name, module in held.get("_modules", {}).items()
            if isinstance(module, keras.Layer)
        }
        return tuple(
            (name, self._part(each))
            for name, each in sorted(held.items())
            if name not in besides and not name.startswith("_self_")
        )

    def _variable(self, variable):
        shape = tuple(variable.shape), str(variable.dtype)
        if id(variable) in self._trained:
            return shape
        return _digest(variable)

    def _function(self, function):
        if not isinstance(function.__globals__, dict):
            raise _OtherError
        cells = function.__closure__ or ()
        try:
            closure = [cell.cell_contents for cell in cells]
        except ValueError:  # not filled yet
            raise _OtherError from None
        return (
            _code(function),
            self._part(function.__defaults__),
            self._part(function.__kwdefaults__),
            self._part(closure),
        )


def _class(kind):
    """A class, with the values that its own code takes from elsewhere."""
    values = []
    for base in kind.__mro__[:-1]:
        if package_of(base) in PACKAGES:
            break
        for name, value in sorted(vars(base).items()):
            value = getattr(value, "__func__", value)
            if isinstance(value, types.FunctionType):
                values.append((name, _code(value)))
            elif isinstance(value, _PLAIN) and not name.startswith("__"):
                values.append((name, type(value).__name__, value))
    return kind.__module__, kind.__qualname__, tuple(values)


def _code(function):
    """Code of a function, with the plain globals that it names."""
    names = set()
    waiting = [function.__code__]
    while waiting:
        code = waiting.pop()
        names |= set(code.co_names)
        waiting += [
            each for each in code.co_consts if isinstance(each, types.CodeType)
        ]
    values = tuple(
        (name, type(value).__name__, value)
        for name in sorted(names)
        for value in [function.__globals__.get(name)]
        if isinstance(value, _PLAIN)
    )
    return function.__module__, function.__qualname__, function.__code__, values


def _digest(array):
    if np.prod(array.shape) > _LARGEST:
        raise _OtherError
    array = np.asarray(keras.ops.convert_to_numpy(array))
    digest = hashlib.sha256(array.tobytes()).hexdigest()
    return array.shape, str(array.dtype), digest


_EVERY: dict[str, frozenset[str]] = {}


def _every_operation_has():
    """Attributes that Keras itself keeps, of which none tells what it does."""
    backend = keras.backend.backend()
    if backend not in _EVERY:
        layer = keras.layers.Identity()
        layer(keras.Input((1,)))
        _EVERY[backend] = frozenset(vars(layer))
    return _EVERY[backend]
