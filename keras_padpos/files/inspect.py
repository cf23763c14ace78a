"""What is to be seen of a model."""

import contextlib
import json
import os
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.files.load import load_keras_model
from keras_padpos.files.saved_model_graph import saved_model_padding
from keras_padpos.report.progress import Progress

_USUAL_SIZE = 224
_LEAST_WINDOW = 32
_SHOWN = 3  # sizes of those found


def resolved_input_shape(
    model: Any, input_shape: Sequence[int] | None
) -> tuple[Any, bool]:
    """The input shape at which a model is looked at.

    Example:
        >>> import keras
        >>> layers = [keras.Input((None, None, 3)), keras.layers.ReLU()]
        >>> model = keras.Sequential(layers)
        >>> resolved_input_shape(model, None)
        ((224, 224, 3), True)
        >>> resolved_input_shape(model, (96, 128, 3))
        ((96, 128, 3), False)

    Args:
        model: A functional or Sequential model.
        input_shape: What --input_shape says, without the batch, or `None`.

    Returns:
        The shape, of a model with several inputs a dict from their names to
        shapes; and whether 224 was taken for a size that nobody gave.

    Raises:
        InputError: If --input_shape does not fit.
    """
    from keras_padpos.models.graph.graph_walk import check_graph
    from keras_padpos.models.graph.graph_walk import input_names

    check_graph(model)
    shapes = {
        name: tuple(tensor.shape[1:])
        for name, tensor in zip(input_names(model), model.inputs, strict=True)
    }
    if len(shapes) == 1:
        ((_, own),) = shapes.items()
        if input_shape is not None:
            _check_fits(model, input_shape, own)
            return tuple(input_shape), False
        return _filled(own), None in own
    if input_shape is not None:
        raise InputError(
            "--input_shape is for models of one input. Received: "
            f"{','.join(map(str, input_shape))}; the model has the inputs "
            f"{', '.join(shapes)}"
        )
    filled = {name: _filled(own) for name, own in shapes.items()}
    return filled, filled != shapes


def inspection_rows(
    model: Any,
    input_shape: Any,
    *,
    all_layers: bool = False,
    seconds: float = 20.0,
    start: Callable[[int], Callable[[], None]] | None = None,
) -> list[dict[str, Any]]:
    """Look at a model: what goes in, where it pads, how far that reaches.

    Example:
        >>> import keras
        >>> conv = keras.layers.Conv2D(
        ...     4, 3, strides=2, padding="same", name="conv"
        ... )
        >>> model = keras.Sequential([keras.Input((16, 16, 3)), conv])
        >>> rows = inspection_rows(model, (16, 16, 3))
        >>> [row["table"] for row in rows[2:]]
        ['padding_sites', 'uneven_sites', 'even_sizes', 'receptive_field']
        >>> rows[2]["pads"], rows[3]["even_at"], rows[5]["reach"]
        ([[0, 1], [0, 1]], [15, 17, 19], [0.125, 0.125])

    Args:
        model: A functional or Sequential model.
        input_shape: As `resolved_input_shape` gives it.
        all_layers: Whether to tell the receptive field of every layer, not
            just of the last at each stride and of the outputs.
        seconds: Time to look for sizes at which padding is even.
        start: Called with the number of sizes to try, before they are tried;
            returns what to call after each.

    Returns:
        Rows of five tables, `row["table"]`:

        * `signature`: `role` (`"input"` or `"output"`), `name`, `shape`,
          `dtype`;
        * `padding_sites`: what `models.sites_rows` tells, `cells_seen`
          and the numbers `sizes`, `pads`, `seen`;
        * `uneven_sites`: `layer`, `cells`, `cells_seen`, `even_at` (the
          nearest sizes) and `remark`, of each site that is uneven;
        * `even_sizes`: one row, if any site is uneven: `even_at`, sizes at
          which all are even that can be, `centred_at`, those of them at which
          every map also sees as far past one border as past the other,
          `sizes_from`, `sizes_to`, `tried` and `complete`;
        * `receptive_field`: `layer`, the fields of a `ReceptiveField`,
          `reach_both` and `stage`; or one row with a `reason` if there are
          none.
    """
    rows = [{"table": "signature", **row} for row in _signature(model)]
    fields, reason = _fields(model, input_shape)
    rows += _sites(model, input_shape, fields, seconds, start)
    stages = _stages(model, fields)
    for name, field in fields.items():
        if all_layers or name in stages:
            rows.append(_field_row(name, field, name in stages))
    if reason:
        rows.append({"table": "receptive_field", "reason": reason})
    return rows


def _check_fits(model, given, own):
    from keras_padpos import models

    error = (
        f"--input_shape must fit the model's {_commas(own)}. "
        f"Received: {_commas(given)}"
    )
    if len(given) != len(own):
        raise InputError(error)
    layer = models.unfit_layer(model, tuple(given))
    if layer is not None:
        raise InputError(f"{error}, for which layer {layer!r} was not built")


def _filled(shape):
    """A shape with the usual size put in for what is open."""
    return tuple(_USUAL_SIZE if size is None else size for size in shape)


def _commas(shape):
    return ",".join("?" if size is None else str(size) for size in shape)


def _signature(model):
    import keras

    from keras_padpos.models.graph.graph_walk import input_names

    inputs = zip(input_names(model), model.inputs, strict=True)
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
    for role, pairs in (
        ("input", inputs),
        ("output", zip(names, outputs, strict=True)),
    ):
        for name, tensor in pairs:
            yield {
                "role": role,
                "name": name,
                "shape": list(tensor.shape),
                "dtype": keras.backend.standardize_dtype(tensor.dtype),
            }


def _fields(model, input_shape):
    from keras_padpos import models

    if isinstance(input_shape, dict):
        return {}, "they are told of models of one input"
    try:
        return models.receptive_field(model, input_shape), ""
    except ValueError as error:
        return {}, str(error)


def _sites(model, input_shape, fields, seconds, start):
    from keras_padpos import models
    from keras_padpos.models.graph.padding_site import sites_rows

    sites = models.find_padding_sites(model, input_shape)
    texts = sites_rows(sites)
    rows = []
    for site, text in zip(sites, texts, strict=True):
        text["cells_seen"] = "?" if site.seen is None else _pairs(site.seen)
        rows.append(
            {
                "table": "padding_sites",
                **text,
                "sizes": _listed(site.sizes),
                "pads": _listed(site.pads),
                "seen": _listed(site.seen),
                "reason": site.reason,
            }
        )
    if isinstance(input_shape, dict) or not any(site.uneven for site in sites):
        return rows
    # Tried only where sizes can change anything.
    stride = max(
        (max(field.stride) for field in fields.values()), default=_LEAST_WINDOW
    )
    sizes = _nearest_first(input_shape, sites, max(stride, _LEAST_WINDOW))
    found = models.even_sizes(
        model,
        input_shape,
        sizes,
        seconds=seconds,
        advance=start(len(sizes)) if start else None,
    )
    number_of = {size: place for place, size in enumerate(sizes)}
    for number, (row, uneven) in enumerate(
        zip(list(rows), found.uneven, strict=True)
    ):
        if uneven:
            rows.append(_uneven_row(row, found, number, number_of))
    rows.append(
        {
            "table": "even_sizes",
            "even_at": _nearest(found.all_even_at, number_of),
            "centred_at": _centred(
                model, input_shape, sites, found.all_even_at, number_of
            )
            # Each takes about as long as a size tried.
            if fields and found.complete
            else [],
            "sizes_from": min(found.tried, default=None),
            "sizes_to": max(found.tried, default=None),
            "tried": len(found.tried),
            "complete": found.complete,
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


def _nearest(sizes, number_of, count=_SHOWN):
    """The sizes nearest to that asked about, ascending."""
    return sorted(sorted(sizes, key=number_of.__getitem__)[:count])


def _centred(model, shape, sites, sizes, number_of):
    """Sizes at which no layer shifts the grid, those without padding too.

    A 1x1 convolution of stride 2 adds nothing, and on a map of even size
    leaves its last row out all the same.
    """
    from keras_padpos import models
    from keras_padpos.models.graph._even_sizes import square_shape

    found = []
    moving = _moving(model)
    for size in sorted(sizes, key=number_of.__getitem__):
        fields = models.receptive_field(model, square_shape(shape, size, sites))
        if all(
            field.pad_before == field.pad_after
            for name, field in fields.items()
            # Its cells are those of the layer that follows.
            if name not in moving
        ):
            found.append(size)
        if len(found) == _SHOWN:
            break
    return sorted(found)


def _uneven_row(row, found, number, number_of):
    remark = ""
    never = found.never[number]
    if never:
        remark = f"at no size: {never}"
        seen = _nearest(found.seen_evenly_at[number], number_of, 1)
        if seen:
            remark += f"; seen evenly at {seen[0]}"
    return {
        "table": "uneven_sites",
        "layer": row["layer"],
        "cells": row["cells"],
        "cells_seen": row["cells_seen"],
        "even_at": [] if never else _nearest(found.even_at[number], number_of),
        "remark": remark,
    }


def _stages(model, fields):
    """Names of the last layer at each stride, and of the outputs."""
    from keras_padpos.models.graph._model_graph import model_graph

    stages = {}
    moving = _moving(model)
    for name, field in fields.items():
        # What pads belongs to the layer that follows, and what sees one cell
        # alone is the picture still.
        if max(field.size) > 1 and name not in moving:
            stages[field.stride] = name
    graph = model_graph(model)
    outputs = {
        call.name
        for call in graph.calls
        if set(call.outputs) & set(graph.outputs)
    }
    return {*stages.values(), *(outputs & set(fields))}


def _moving(model):
    """Names of the layers that only add cells or cut some off."""
    from keras_padpos.models.graph._find_padding_sites import is_frame
    from keras_padpos.models.graph._model_graph import model_graph
    from keras_padpos.models.graph.window import CROPPING

    return {
        call.name
        for call in model_graph(model).calls
        if is_frame(call.operation) or isinstance(call.operation, CROPPING)
    }


def _field_row(name, field, stage):
    import dataclasses

    clear = 1.0
    for share in field.reach:
        clear *= 1 - share
    values = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in dataclasses.asdict(field).items()
    }
    return {
        "table": "receptive_field",
        "layer": name,
        "stage": stage,
        **values,
        "reach_both": 1 - clear,
    }


def _listed(value):
    if isinstance(value, tuple):
        return [_listed(entry) for entry in value]
    return value


def _pairs(pads):
    return " / ".join(f"{before},{after}" for before, after in pads)


def inspect_file(
    path: str | os.PathLike,
    input_shape: Sequence[int] | None = None,
    *,
    all_layers: bool = False,
    progress: Progress | None = None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Look at a `.keras` file or a SavedModel.

    Example:
        >>> import tempfile
        >>> import keras
        >>> path = f"{tempfile.mkdtemp()}/model.keras"
        >>> pool = keras.layers.MaxPooling2D(2)
        >>> keras.Sequential([keras.Input((None, None, 3)), pool]).save(path)
        >>> rows, told = inspect_file(path)
        >>> told["shape"], told["notes"]
        ('224x224x3', ['The model leaves sizes open: looked at with 224.'])

    Args:
        path: The file, or the SavedModel's folder. If a Keras model lies
            beside the graph, as `export_model` leaves it, it is looked at.
        input_shape: Shape of the input without the batch, where another than
            the model's own is meant.
        all_layers: Whether to tell of every layer's receptive field.
        progress: Where to show how far the search for even sizes is.

    Returns:
        Rows, see `inspection_rows`; of a graph without its Keras model those
        of the tables `signature` and `operations`, see `saved_model_padding`.
        And what to tell with them: `title`, `shape` (the shape looked at, in
        words), `picture` (its height and width, or `None`), `notes`.

    Raises:
        InputError: If there is no model, or the shape does not fit.
        ValueError: If the Keras model's graph cannot be read.
    """
    path = Path(path).expanduser()
    notes = []
    signature = None
    if path.is_dir():
        signature, operations = saved_model_padding(path)
        model, reason = _beside(path)
        if model is None:
            rows = [{"table": "signature", **row} for row in signature]
            rows += [{"table": "operations", **row} for row in operations]
            return rows, {
                "title": path.name,
                "shape": "",
                "picture": None,
                "notes": list(_graph_notes(signature, operations, reason)),
            }
        notes.append("The Keras model is that of assets.extra/model.json.")
    else:
        model = load_keras_model(path, "PATH")
    shape, usual = resolved_input_shape(model, input_shape)
    if usual:
        notes.append("The model leaves sizes open: looked at with 224.")
    with contextlib.ExitStack() as stack:

        def start(count):
            return stack.enter_context(
                progress.unit("sizes at which padding is even", count, "sizes")
            )

        rows = inspection_rows(
            model,
            shape,
            all_layers=all_layers,
            start=start if progress is not None else None,
        )
    if signature is not None:
        # That of the files themselves.
        rows = [
            *({"table": "signature", **row} for row in signature),
            *(row for row in rows if row["table"] != "signature"),
        ]
    drawn = isinstance(shape, tuple) and len(shape) == 3
    return rows, {
        "title": path.name,
        "shape": _words(shape),
        "picture": list(shape[:2]) if drawn else None,
        "notes": notes,
    }


def _beside(folder):
    """The Keras model that `export_model` left beside a graph, or why not."""
    import keras

    # They register their layers.
    from keras_padpos import layers  # noqa: F401
    from keras_padpos import tasks  # noqa: F401
    from keras_padpos.models._plain_reason import plain_reason

    file = folder / "assets.extra" / "model.json"
    if not file.is_file():
        return None, ""
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        return keras.models.model_from_json(json.dumps(about["model"])), ""
    except Exception as error:
        # A foreign file of that name, or classes that are not known here.
        return None, plain_reason(error)


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


def _words(shape):
    if isinstance(shape, dict):
        # A number a picture has no size.
        return ", ".join(
            f"{name} {_words(one)}".rstrip() for name, one in shape.items()
        )
    return "x".join(map(str, shape))
