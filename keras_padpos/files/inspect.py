"""What a saved model computes, where it pads, and how far that reaches."""

import contextlib
import os
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.files.load import load_keras_model
from keras_padpos.files.load import load_model_beside
from keras_padpos.files.saved_model_graph import saved_model_padding

_DEFAULT_SIZE = 224
_LEAST_WINDOW = 32
_NEAREST = 3  # sizes listed

# From a number of sizes to a context in which they are tried; its value is
# called after each.
_Start = Callable[[int], AbstractContextManager[Callable[[], None]]]


def inspect_file(
    path: str | os.PathLike,
    input_shape: Sequence[int] | None = None,
    *,
    all_layers: bool = False,
    start: _Start | None = None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Inspect a `.keras` file or a SavedModel.

    Example:
        >>> import tempfile
        >>> import keras
        >>> path = f"{tempfile.mkdtemp()}/model.keras"
        >>> conv = keras.layers.Conv2D(4, 3, strides=2, padding="same")
        >>> keras.Sequential([keras.Input((16, 16, 3)), conv]).save(path)
        >>> rows, about = inspect_file(path)
        >>> [row["table"] for row in rows[2:]]
        ['padding_sites', 'uneven_sites', 'even_sizes', 'receptive_field']
        >>> rows[2]["pads"], rows[3]["even_at"], rows[5]["reach"]
        ([[0, 1], [0, 1]], [15, 17, 19], [0.125, 0.125])
        >>> about["shape"]
        '16x16x3'

    Args:
        path: The file, or the SavedModel's folder. The Keras model that
            `export_model` writes beside a graph is inspected in its place.
        input_shape: Shape of the input without the batch; by default the
            model's own, with 224 for sizes that it leaves open.
        all_layers: Whether to list the receptive field of every layer, not
            just of the last at each stride and of the outputs.
        start: Shows the progress of the search for even sizes: called with
            the number of sizes, it returns a context manager whose value is
            called after each size, such as `Progress.unit`.

    Returns:
        Rows of several tables, `row["table"]`:

        * `signature`: `role` (`"input"` or `"output"`), `name`, `shape`
          (`None` if the rank is unknown), `dtype`; of a SavedModel `signature`;
        * `padding_sites`: as `models.find_padding_sites`;
        * `uneven_sites`: `layer`, `cells`, `cells_seen`, `even_at` (the
          nearest sizes) and `remark`, of each site that is uneven;
        * `even_sizes`: one row, if any site is uneven: `even_at`, sizes at
          which all are even that can be, `centred_at`, those of them at which
          every map also sees as far past one border as past the other,
          `sizes_from`, `sizes_to`, `tried` and `complete`;
        * `receptive_field`: `layer`, the fields of a `ReceptiveField`,
          `reached`, `stage`, and `output` (whether it makes one of the
          model's); or one row with a `reason`;
        * `operations`, of a graph without its Keras model: `function`,
          `name`, `operation`, `padding` (`"SAME"`, `"EXPLICIT"` or a mode),
          `kernel`, `strides` and `cells`, each `None` where it does not apply
          or is computed.

        And a dict about them: `title`, `shape` (the input's, as text),
        `picture` (its height and width, or `None`), `notes`.

    Raises:
        InputError: If there is no model, or the shape does not fit.
        ValueError: If the Keras model's graph cannot be read.
    """
    path = Path(path).expanduser()
    notes: list[str] = []
    signature = None
    about = {"title": path.name, "shape": "", "picture": None, "notes": notes}
    if path.is_dir():
        signature, operations = saved_model_padding(path)
        signature = _in_table("signature", signature)
        model, reason = load_model_beside(path)
        if model is None:
            notes += _graph_notes(signature, operations, reason)
            return signature + _in_table("operations", operations), about
        notes.append("The Keras model is that of assets.extra/model.json.")
    else:
        model = load_keras_model(path, "PATH")
    shape, filled = _resolved_shape(model, input_shape)
    if filled:
        notes.append("The model leaves sizes open: looked at with 224.")
    rows = inspection_rows(model, shape, all_layers=all_layers, start=start)
    if signature is not None:
        # That of the files themselves.
        rows = signature + [r for r in rows if r["table"] != "signature"]
    about["shape"] = _shape_text(shape)
    if isinstance(shape, tuple) and len(shape) == 3:
        about["picture"] = list(shape[:2])
    return rows, about


def _in_table(table, rows):
    return [{"table": table, **row} for row in rows]


def inspection_rows(
    model: Any,
    input_shape: Any,
    *,
    all_layers: bool = False,
    start: _Start | None = None,
) -> list[dict[str, Any]]:
    """The rows of `inspect_file` for a model at one shape; by name if many."""
    from keras_padpos import models

    rows = _in_table("signature", _signature(model))
    fields: Mapping[str, Any] = {}
    reason = "they are computed for models of one input"
    if not isinstance(input_shape, dict):
        try:
            fields, reason = models.receptive_field(model, input_shape), ""
        except ValueError as error:
            reason = str(error)
    rows += _site_rows(model, input_shape, fields, start)
    outputs = _outputs(model)
    stages = {*_stages(model, fields), *(outputs & set(fields))}
    for name, field in fields.items():
        if all_layers or name in stages:
            rows.append(
                _field_row(name, field, name in stages, name in outputs)
            )
    if reason:
        rows.append({"table": "receptive_field", "reason": reason})
    return rows


def _resolved_shape(
    model: Any, input_shape: Sequence[int] | None
) -> tuple[Any, bool]:
    """The input shape, by name if there are many, and whether 224 is in it."""
    from keras_padpos import models
    from keras_padpos.models.graph.graph_walk import check_graph
    from keras_padpos.models.graph.graph_walk import input_names

    check_graph(model)
    shapes = {
        name: tuple(tensor.shape[1:])
        for name, tensor in zip(input_names(model), model.inputs, strict=True)
    }
    if input_shape is None:
        filled = {
            name: tuple(_DEFAULT_SIZE if n is None else n for n in shape)
            for name, shape in shapes.items()
        }
        single = [*filled.values()][0] if len(filled) == 1 else filled
        return single, filled != shapes
    text = ",".join(map(str, input_shape))
    if len(shapes) > 1:
        raise InputError(
            "--input_shape is for models of one input. Received: "
            f"{text}; the model has the inputs {', '.join(shapes)}"
        )
    (own,) = shapes.values()
    own_text = ",".join("?" if size is None else str(size) for size in own)
    message = f"--input_shape must fit the model's {own_text}. Received: {text}"
    if len(input_shape) != len(own):
        raise InputError(message)
    layer = models.unfit_layer(model, tuple(input_shape))
    if layer is not None:
        raise InputError(f"{message}, for which layer {layer!r} was not built")
    return tuple(input_shape), False


def _shape_text(shape):
    if isinstance(shape, dict):
        # An input of one number has an empty shape.
        return ", ".join(
            f"{name} {_shape_text(one)}".rstrip() for name, one in shape.items()
        )
    return "x".join(map(str, shape))


def _graph_notes(signature, operations, reason):
    if reason:
        yield f"assets.extra/model.json is no Keras model to load: {reason}"
    if not signature:
        yield "It has no signature: all its functions were looked at."
    if not operations:
        yield "No operation pads that TensorFlow has a name for."
    yield (
        "A .keras file would tell padding sites and receptive fields exactly."
    )


def _signature(model) -> Iterator[dict[str, Any]]:
    import keras

    from keras_padpos.models.graph.graph_walk import input_names

    outputs = keras.tree.flatten(model.outputs)
    if isinstance(model, keras.Sequential):
        names = [model.layers[-1].name]
    elif isinstance(model.output, dict):
        # `keras.tree` sorts keys too.
        names = sorted(model.output)
    else:
        names = getattr(model, "output_names", [])
    if len(names) != len(outputs):
        names = [tensor.name for tensor in outputs]
    for role, role_names, tensors in (
        ("input", input_names(model), model.inputs),
        ("output", names, outputs),
    ):
        for name, tensor in zip(role_names, tensors, strict=True):
            yield {
                "role": role,
                "name": name,
                "shape": list(tensor.shape),
                "dtype": keras.backend.standardize_dtype(tensor.dtype),
            }


def _site_rows(model, input_shape, fields, start):
    """The rows of padding sites, of uneven ones, and of even sizes."""
    from keras_padpos import models
    from keras_padpos.models.graph.padding_site import sites_rows

    sites = models.find_padding_sites(model, input_shape)
    rows = [
        {
            "table": "padding_sites",
            **text,
            "cells_seen": "?"
            if site.seen is None
            else " / ".join(f"{before},{after}" for before, after in site.seen),
            "sizes": _as_list(site.sizes),
            "pads": _as_list(site.pads),
            "seen": _as_list(site.seen),
            "reason": site.reason,
        }
        for site, text in zip(sites, sites_rows(sites), strict=True)
    ]
    if isinstance(input_shape, dict) or not any(site.uneven for site in sites):
        return rows
    # Tried only where sizes can change anything.
    window = max(
        [_LEAST_WINDOW, *(max(field.stride) for field in fields.values())]
    )
    sizes = _nearest_first(input_shape, sites, window)
    rank = {size: number for number, size in enumerate(sizes)}
    with start(len(sizes)) if start else contextlib.nullcontext() as advance:
        even = models.even_sizes(
            model, input_shape, sizes, seconds=20.0, advance=advance
        )
        centred = []
        # Each takes about as long as a size tried.
        if fields and even.complete:
            centred = _centred(
                model, input_shape, sites, even.all_even_at, rank
            )
    rows += [
        _uneven_row(row, even, number, rank)
        for number, row in enumerate(rows)
        if even.uneven[number]
    ]
    rows.append(
        {
            "table": "even_sizes",
            "even_at": _nearest(even.all_even_at, rank),
            "centred_at": centred,
            "sizes_from": min(even.tried, default=None),
            "sizes_to": max(even.tried, default=None),
            "tried": len(even.tried),
            "complete": even.complete,
        }
    )
    return rows


def _nearest_first(shape, sites, window):
    formats = {getattr(site.layer, "data_format", None) for site in sites}
    spatial = shape[1:] if "channels_first" in formats else shape[:-1]
    sizes = {
        size + offset
        for size in spatial
        for offset in range(-window, window + 1)
        if size + offset > 0
    }
    # Of two that are as near, the larger: it loses nothing of the picture.
    return sorted(sizes, key=lambda n: (min(abs(n - m) for m in spatial), -n))


def _nearest(sizes, rank, count=_NEAREST):
    """The sizes nearest to the input's, ascending."""
    return sorted(sorted(sizes, key=rank.__getitem__)[:count])


def _centred(model, shape, sites, sizes, rank):
    """Sizes at which no layer shifts the grid, those without padding too."""
    from keras_padpos import models
    from keras_padpos.models import square_shape

    centred = []
    shifting = _frames_and_crops(model)
    for size in sorted(sizes, key=rank.__getitem__):
        fields = models.receptive_field(model, square_shape(shape, size, sites))
        if all(
            field.pad_before == field.pad_after
            for name, field in fields.items()
            # Its cells are those of the layer that follows.
            if name not in shifting
        ):
            centred.append(size)
        if len(centred) == _NEAREST:
            break
    return sorted(centred)


def _uneven_row(row, even, number, rank):
    never = even.never[number]
    remark = f"at no size: {never}" if never else ""
    seen = _nearest(even.seen_evenly_at[number], rank, 1) if never else []
    if seen:
        remark += f"; seen evenly at {seen[0]}"
    return {
        "table": "uneven_sites",
        **{name: row[name] for name in ("layer", "cells", "cells_seen")},
        "even_at": [] if never else _nearest(even.even_at[number], rank),
        "remark": remark,
    }


def _stages(model, fields):
    """Names of the last layer at each stride and period."""
    shifting = _frames_and_crops(model)
    stages = {
        (field.stride, field.period): name
        for name, field in fields.items()
        # A frame belongs to the layer that follows, and what sees one cell
        # alone is still the picture.
        if max(field.size) > 1 and name not in shifting
    }
    return stages.values()


def _outputs(model):
    """Names of the layers that make the model's outputs."""
    from keras_padpos.models import model_graph

    graph = model_graph(model)
    return {
        call.name
        for call in graph.calls
        if set(call.outputs) & set(graph.outputs)
    }


def _frames_and_crops(model):
    """Names of the layers that only add cells or cut some off."""
    from keras_padpos.models import model_graph
    from keras_padpos.models.graph.window import CROPPING
    from keras_padpos.models.graph.window import is_frame

    return {
        call.name
        for call in model_graph(model).calls
        if is_frame(call.operation) or isinstance(call.operation, CROPPING)
    }


def _field_row(name, field, stage, output):
    return {
        "table": "receptive_field",
        "layer": name,
        "stage": stage,
        "output": output,
        **field.numbers(),
        "reached": field.reached,
    }


def _as_list(value):
    if isinstance(value, tuple):
        return [_as_list(entry) for entry in value]
    return value
