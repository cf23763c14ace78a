"""Where the graph of a SavedModel pads."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.errors import optional_import

_FILE = "saved_model.pb"
_INIT = "__saved_model_init_op"

_WINDOWS = (
    "AvgPool",
    "AvgPool3D",
    "Conv2D",
    "Conv2DBackpropInput",
    "Conv3D",
    "Conv3DBackpropInputV2",
    "DepthwiseConv2dNative",
    "Dilation2D",
    "MaxPool",
    "MaxPool3D",
    "MaxPoolV2",
    "MaxPoolWithArgmax",
)
_PADS = {"Pad": "zeros", "PadV2": "constant", "MirrorPad": None}


def saved_model_padding(
    folder: str | os.PathLike,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of a SavedModel's signatures, and of its operations that pad."""
    tf = optional_import("tensorflow", "tensorflow", "A SavedModel's graph")
    meta = _read(Path(folder) / _FILE)
    signature = []
    starts = []
    for key, definition in sorted(meta.signature_def.items()):
        if key == _INIT:
            continue
        tensors = [("input", *item) for item in definition.inputs.items()]
        tensors += [("output", *item) for item in definition.outputs.items()]
        signature += [
            {
                "signature": key,
                "role": role,
                "name": name,
                "shape": _shape(tensor.tensor_shape),
                "dtype": tf.dtypes.as_dtype(tensor.dtype).name,
            }
            for role, name, tensor in sorted(tensors, key=lambda row: row[:2])
        ]
        starts += [t.name.split(":")[0] for t in definition.outputs.values()]
    functions = {f.signature.name: f for f in meta.graph_def.library.function}
    # TensorFlow 1 has the network in the main graph, TensorFlow 2 in functions
    # that the main graph calls.
    main = {node.name: node for node in meta.graph_def.node}
    waiting = [("", list(_ancestors(starts, main)))]
    if not starts:
        called = {
            name for f in functions.values() for name in _called(f.node_def)
        }
        waiting = [
            (name, list(f.node_def))
            for name, f in functions.items()
            if name not in called
        ]
    operations: list[dict[str, Any]] = []
    seen: set[str] = set()
    while waiting:
        function, nodes = waiting.pop(0)
        makers = {node.name: node for node in nodes}
        rows = (_row(node, makers) for node in nodes)
        operations += [{"function": function, **row} for row in rows if row]
        for name in _called(nodes):
            if name in functions and name not in seen:
                seen.add(name)
                waiting.append((name, list(functions[name].node_def)))
    return signature, operations


def _read(file):
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString(file.read_bytes())
        return saved.meta_graphs[0]
    except OSError:
        raise
    except Exception as error:
        # The parser's error belongs to a package that is not imported here.
        raise InputError(
            f"{str(file)!r} is not the graph of a SavedModel: "
            f"{str(error) or type(error).__name__}"
        ) from error


def _ancestors(starts, nodes) -> Iterator[Any]:
    """The nodes that the starts are computed from, in the graph's order."""
    wanted: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name in wanted or name not in nodes:
            continue
        wanted.add(name)
        waiting += map(_producer, nodes[name].input)
    return (node for name, node in nodes.items() if name in wanted)


def _producer(name):
    """The node of an input, written `^node`, `node:0` or `node:output:0`."""
    return name.removeprefix("^").split(":")[0]


def _called(nodes):
    """Names of the functions that nodes call, branches of conditions too."""
    for node in nodes:
        for value in node.attr.values():
            if value.HasField("func"):
                yield value.func.name
            for function in value.list.func:
                yield function.name


def _row(node, makers):
    if node.op in _WINDOWS:
        padding = node.attr["padding"].s.decode()
        kernel = _kernel(node, makers)
        strides = _spatial(node, node.attr["strides"].list.i)
        # A window of one cell needs no padding.
        if padding == "VALID" or (
            padding == "SAME" and kernel and max(kernel) == 1
        ):
            return None
        cells = list(node.attr["explicit_paddings"].list.i)
        pairs = list(zip(cells[::2], cells[1::2], strict=True))
        cells = [list(pair) for pair in _spatial(node, pairs)] or None
    elif node.op in _PADS:
        padding = _PADS[node.op] or node.attr["mode"].s.decode().lower()
        kernel = strides = None
        cells = _constant(node.input[1], makers)
    else:
        return None
    return {
        "name": node.name,
        "operation": node.op,
        "padding": padding,
        "kernel": kernel,
        "strides": strides,
        "cells": cells,
    }


def _spatial(node, entries):
    """Without the entries of batch and channels."""
    first = 2 if node.attr["data_format"].s.startswith(b"NC") else 1
    return list(entries)[first : first + len(entries) - 2]


def _kernel(node, makers):
    if "Pool" in node.op:
        return _spatial(node, node.attr["ksize"].list.i) or None
    maker = makers.get(_producer(node.input[1]))
    # TensorFlow leaves the shapes that it knows in an attribute.
    shapes = maker.attr["_output_shapes"].list.shape if maker else ()
    shape = _shape(shapes[0]) if shapes else None
    if not shape or None in shape:
        return None
    return shape[:-1] if node.op == "Dilation2D" else shape[:-2]


def _constant(name, makers):
    import tensorflow as tf

    maker = makers.get(_producer(name))
    if maker is None or maker.op != "Const":
        return None
    return tf.make_ndarray(maker.attr["value"].tensor).tolist()


def _shape(shape):
    if shape.unknown_rank:
        return None
    return [None if dim.size < 0 else dim.size for dim in shape.dim]
