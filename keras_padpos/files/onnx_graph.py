"""ONNX files: padding as the operation that pads, names, metadata."""

import contextlib
import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.errors import InputError

# The last that tf2onnx writes. Pad has `wrap` from the next on, which changes
# nothing else of what it writes.
_OPSET = 18
_OPSET_OF_WRAP, _IR_OF_WRAP = 19, 9

# What a frame holds while the graph is made, and the mode of Pad that takes its
# place. TensorFlow has no operation for most of these.
_MARKS = {
    "reflect": np.float32(3.1e38),
    "edge": np.float32(3.2e38),
    "wrap": np.float32(3.3e38),
}
_PAD_MODES = {
    "reflect": "reflect",
    "replicate": "edge",
    "symmetric": "edge",
    "circular": "wrap",
}
_AXES = {
    1: ("length",),
    2: ("height", "width"),
    3: ("depth", "height", "width"),
}


def _mark(
    mode: Any,
    dtype: str,
    sizes: Sequence[Any],
    pads: Sequence[tuple[Any, Any]],
) -> float | None:
    """What to fill a frame with; `None` if no Pad of ONNX does the same."""
    from keras_padpos import padding

    name = _PAD_MODES.get(mode.name)
    if name is None or dtype != "float32":
        return None
    if type(mode) is not type(padding.get(mode.name)):
        return None  # a class of the user's own that kept the name
    cells = [cell for pair in pads for cell in pair]
    static = all(isinstance(cell, int) for cell in cells)
    # Beside one cell `symmetric` is `replicate`.
    if mode.name == "symmetric" and not (static and max(cells) <= 1):
        return None
    if mode.name == "reflect" and static:
        # Runtimes refuse frames that bounce more than once.
        for size, pair in zip(sizes, pads, strict=True):
            if isinstance(size, int) and max(pair) >= size:
                return None
    return float(_MARKS[name])


def write_onnx(model: Any, file: str | os.PathLike) -> None:
    """Write a model as ONNX.

    Padding that ONNX's Pad can do is one Pad. Inputs that no node reads are
    left out, since ONNX Runtime would ask for values. Sizes that are open have
    names. Metadata tell how the model pads, as JSON, as far as it can be told:
    `padding_modes`, a list; `padding_sites`, a list of `layer`, `mode` and
    `pads`; `halo`, from each output to its `stride`, its `period`, of which
    the start of a tile must be a multiple, and its `margin`, the cells of the
    input that a tile must show beyond its own.

    Args:
        model: The model, with a flat dict of outputs.
        file: The file to write.
    """
    import onnx

    from keras_padpos.padding.copy_mode import marked_frames

    for mark in (_mark, lambda *_: None):
        with marked_frames(mark):
            model.export(
                os.fspath(file),
                format="onnx",
                verbose=False,
                opset_version=_OPSET,
            )
        saved = onnx.load(os.fspath(file))
        # Frames of constants are constants by now: then without marks.
        if _replace_marks(saved):
            break
    graph = saved.graph
    graph.name = model.name
    read = {name for node in graph.node for name in node.input}
    for each in [each for each in graph.input if each.name not in read]:
        graph.input.remove(each)
    for number, each in enumerate(graph.input):
        _name_open_sizes(each, "" if number == 0 else f"{each.name}_")
    for each in graph.output:
        _name_open_sizes(each, f"{each.name}_")
    # Sizes of maps between had names of their own.
    del graph.value_info[:]
    onnx.helper.set_model_props(saved, _metadata(model))
    onnx.save(saved, os.fspath(file))


def _metadata(model):
    import keras

    import keras_padpos
    from keras_padpos import models

    facts = {}
    with contextlib.suppress(InputError):
        sites = [
            {
                "layer": site.name,
                "mode": getattr(site.padding_mode, "name", None),
                "pads": site.pads,
            }
            for site in models.find_padding_sites(model)
        ]
        modes = {site["mode"] for site in sites} - {None}
        facts |= {"padding_modes": sorted(modes), "padding_sites": sites}
    with contextlib.suppress(InputError):
        fields = models.receptive_field(model)
        layers = dict(
            zip(sorted(model.output), model.output_names, strict=True)
        )
        facts["halo"] = {
            output: {
                name: fields[layer].numbers()[name]
                for name in ("stride", "period", "margin")
            }
            for output, layer in layers.items()
            if layer in fields and not fields[layer].gated
        }
    return {
        "keras_padpos": keras_padpos.__version__,
        "keras": keras.__version__,
        **{key: json.dumps(value) for key, value in facts.items()},
    }


def _replace_marks(saved):
    """Turn marked frames into what they stand for; whether none is left."""
    from onnx import helper
    from onnx import numpy_helper

    graph = saved.graph
    modes = {float(value): mode for mode, value in _MARKS.items()}
    constants = {each.name: each for each in graph.initializer}
    marked = {}
    for name, each in constants.items():
        array = numpy_helper.to_array(each)
        if np.isin(array, [*modes]).any():
            marked[name] = modes.get(array.item()) if array.ndim == 0 else None
    done = set()
    for node in graph.node:
        if node.op_type == "Pad" and marked.get((*node.input, "", "")[2]):
            mode = marked[node.input[2]]
            del node.input[2:]
            del node.attribute[:]
            node.attribute.append(helper.make_attribute("mode", mode))
            done.add(mode)
    if "wrap" in done:
        for each in saved.opset_import:
            if each.domain == "":
                each.version = _OPSET_OF_WRAP
        saved.ir_version = max(saved.ir_version, _IR_OF_WRAP)
    read = {name for node in graph.node for name in node.input}
    for name in marked.keys() - read:
        graph.initializer.remove(constants[name])
    return not marked.keys() & read


def _name_open_sizes(tensor, prefix):
    """Name open axes `batch`, `height`, ...; those of a map with a prefix."""
    import keras

    shape = tensor.type.tensor_type.shape
    last = keras.config.image_data_format() == "channels_last"
    names = list(_AXES.get(len(shape.dim) - 2, ()))
    names = [*names, "channels"] if last else ["channels", *names]
    for axis, size in enumerate(shape.dim):
        if size.HasField("dim_value"):
            continue
        if axis == 0:
            size.dim_param = "batch"
        elif len(names) == len(shape.dim) - 1:
            size.dim_param = f"{prefix}{names[axis - 1]}"
        else:
            size.dim_param = f"{prefix}axis_{axis}"
