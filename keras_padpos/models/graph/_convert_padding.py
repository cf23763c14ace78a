"""The same network with other borders."""

from collections import defaultdict
from collections.abc import Callable
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import keras

from keras_padpos import padding
from keras_padpos.errors import InputError
from keras_padpos.models.graph._blocks import converted_block
from keras_padpos.models.graph._converted_model import converted_model
from keras_padpos.models.graph._find_padding_sites import find_padding_sites
from keras_padpos.models.graph._layer_names import name_hint
from keras_padpos.models.graph._replaced_layers import changes_interpolation
from keras_padpos.models.graph._replaced_layers import replaced_layers
from keras_padpos.models.graph.padding_site import PaddingSite
from keras_padpos.models.graph.padding_site import print_sites
from keras_padpos.models.graph.rebuild import Rebuild
from keras_padpos.models.graph.remove_padding import RemovePadding

Selection = str | Sequence[str] | Callable[[PaddingSite], bool]

_GEOMETRIES = ("keep", "torch")


def convert_padding(
    model: keras.Model,
    padding_mode: Any,
    *,
    geometry: str = "keep",
    only: Selection | None = None,
    skip: Selection | None = None,
    pooling: bool = True,
    input_shape: Any = None,
    verbose: int = 0,
) -> keras.Model:
    """Make a copy of a network that pads another way, weights kept.

    Every site that `find_padding_sites` lists is changed, in models inside
    too, and in layers whose own code calls padded layers. Names, weights,
    regularisers, dtype policies, trainable flags and the compilation (without
    the optimiser's state) are carried over; the model itself is left alone.
    A functional model of a class of its own stays one
    where the class can be made of inputs and outputs, and becomes a plain one
    elsewhere, with a warning if methods such as `train_step` are lost.

    A copy that is saved holds layers of this package. To load the file, import
    `keras_padpos.layers` first, which registers them; `import keras_padpos`
    alone does not.

    Example:

    >>> inputs = keras.Input((8, 8, 3))
    >>> same = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    >>> model = keras.Model(inputs, same(inputs))
    >>> reflecting = convert_padding(model, "reflect")
    >>> reflecting.get_layer("conv").padding_mode
    Reflect()
    >>> back = convert_padding(reflecting, "zeros").get_layer("conv")
    >>> type(back) is keras.layers.Conv2D
    True
    >>> convert_padding(model, "none").output_shape
    (None, 6, 6, 4)

    Args:
        model: A functional or Sequential model, stock or converted before.
        padding_mode: Name of a padding mode, a `PaddingMode`, or `"none"`:
            no cells are added. Windows then stay on the grid of the padded
            network (cells are cropped before a stride where that takes it),
            and where maps meet (Add, Concatenate, ...) the larger ones are
            cropped to the part that all of them have, which for even pads is
            about their centre. So the result equals the padded network at
            every position that padding cannot reach. (What looks at the whole
            map differs: squeeze-and-excitation gates, group normalisation;
            and behind a layer that resizes the map there is no such grid.)
            `"zeros"` brings the layers of Keras back wherever these can say
            what is computed. Interpolations (UpSampling2D, Resizing) are
            changed by modes that copy cells, and are Keras' own with any
            other. `"interpolate"` enlarges the input of each
            padded layer instead of framing it, as Islam et al. do in residual
            networks.
        geometry: `"keep"`, or `"torch"`: where an odd window moves by more
            than 1 and TensorFlow's SAME, or the frame that stands for it,
            may pad unevenly, as many cells on both sides instead, as
            PyTorch's `padding=k//2` adds them.
        only: Sites to convert: a name, a list of names, with `*` for any
            characters, or a function of a `PaddingSite`. A name is
            that of the layer or of its padding layer; that of a model inside,
            or of a layer whose code calls padded ones, stands for all of
            them. All if not given. A
            layer that is called several times is converted for all calls.
        skip: Sites to leave as they are, likewise. With
            `lambda site: bool(site.reason)` all that cannot be converted.
        pooling: Whether to convert what pooling layers pad.
        input_shape: For `"none"` and a model that leaves sizes open: the shape,
            without the batch, on whose grid the result shall be. What counts
            of it is whether SAME windows that move by more than 1 meet sizes
            that their strides divide. A dict from names if there are several
            inputs.
        verbose: 1 prints what changed, and what a file of it needs.

    Returns:
        A new model.

    Raises:
        ValueError: If nothing is there to convert, if a site cannot be
            converted (the message names all such layers), or if the model is
            subclassed, so that its graph cannot be read.
    """
    mode = padding.get_or_none(padding_mode)
    if geometry not in _GEOMETRIES:
        raise InputError(
            '`geometry` must be "keep" or "torch". '
            f"Received: geometry={geometry!r}"
        )
    sites = find_padding_sites(model)
    chosen = _chosen(sites, only, skip, pooling)
    windows = [site for site in chosen if site.kind != "other"]
    if not windows and not any(site.reason for site in chosen):
        if sites:
            raise InputError(
                f"None of the {len(sites)} sites of model {model.name!r} is "
                "chosen by `only`, `skip` and `pooling`, so there is nothing "
                "to convert."
            )
        raise InputError(
            f"Model {model.name!r} has no layer that pads, so there is "
            "nothing to convert."
        )
    _refuse_what_cannot(chosen, mode)
    if mode is None:
        copy = RemovePadding(model, windows, input_shape).run(model)
    else:
        copy = _Replace(windows, mode, geometry).run(model)
    if len(copy.weights) > len(model.weights):
        raise InputError(
            f"Model {model.name!r} cannot be copied: layers of its own classes "
            "share layers inside, of which a copy would hold several. "
            f"Received: {len(model.weights)} weights, of which it would make "
            f"{len(copy.weights)}"
        )
    if verbose:
        print_sites(windows, after=find_padding_sites(copy))
        if _holds_own_layers(copy):
            print("To load it from a file, import keras_padpos.layers first.")
    return copy


def _holds_own_layers(model):
    """Whether loading it needs layers of this package."""
    return any(
        type(layer).__module__.startswith("keras_padpos.")
        or _holds_own_layers(layer)
        for layer in getattr(model, "layers", ())
    )


def _refuse_what_cannot(sites, mode):
    """Raise one error that names every layer in the way."""
    # An interpolation stays a layer of Keras where its borders stay.
    keeps = not changes_interpolation(mode)
    reasons = [
        (site.name, site.reason)
        for site in sites
        if site.reason and not (keeps and site.kind == "resampling")
    ]
    leave = "skip=lambda site: bool(site.reason)"
    if not reasons:
        inner = "it is called by the code of a layer around it, which"
        if mode is None:
            inner += " stays as it is and cannot do with smaller maps"
        elif mode.random:
            inner += f" gives it no seed for padding_mode={mode.name!r}"
        else:
            return
        reasons = [
            (site.name, inner) for site in sites if site.block is not None
        ]
        leave = "skip=lambda site: site.block is not None"
    if not reasons:
        return
    if len(reasons) == 1:
        ((name, reason),) = reasons
        raise InputError(
            f"Layer {name!r} pads, or may, and cannot be converted: {reason}. "
            f"`skip` leaves it as it is, and all such layers as `{leave}`."
        )
    listed = "; ".join(f"{name!r}: {reason}" for name, reason in reasons)
    raise InputError(
        f"{len(reasons)} layers pad, or may, and cannot be converted: "
        f"{listed}. `{leave}` leaves them all as they are."
    )


class _Replace(Rebuild):
    """Puts other layers where some were."""

    def __init__(self, sites, mode, geometry):
        super().__init__()
        self._windows = replaced_layers(sites, mode, geometry)
        self._inside = defaultdict(list)  # sites, by the layer around them
        for site in sites:
            if site.block is not None:
                self._inside[id(site.block)].append(site)

    def passes(self, layer):
        return id(layer) not in self._windows and id(layer) not in self._inside

    def replace(self, layer):
        if id(layer) in self._inside:
            return converted_block(
                layer,
                {
                    site.path: self._windows[id(site.layer)]()
                    for site in self._inside[id(layer)]
                },
            )
        make = self._windows.get(id(layer))
        return make() if make else super().replace(layer)

    def whole(self, model):
        return converted_model(model, self._windows)


def _chosen(sites, only, skip, pooling):
    for name, selection in (("only", only), ("skip", skip)):
        _check_names(name, selection, sites)
    chosen = list(sites)
    if only is not None:
        chosen = [site for site in chosen if _selected(site, only)]
    if skip is not None:
        chosen = [site for site in chosen if not _selected(site, skip)]
    if not pooling:
        chosen = [site for site in chosen if not site.pooling]
    layers = {id(site.layer) for site in chosen}
    return [site for site in sites if id(site.layer) in layers]


def _selected(site, selection):
    if callable(selection):
        return bool(selection(site))
    return any(_matches(site, pattern) for pattern in _patterns(selection))


def _patterns(selection):
    if isinstance(selection, (list, tuple, set, frozenset)):
        return list(selection)
    return [selection]


def _matches(site, pattern):
    names = {site.name, site.padding_layer or site.name}
    if site.block is not None:
        # The block's name stands for all that it holds.
        around, inside, _ = site.name.rpartition(f"{site.block.name}/")
        names |= {f"{around}{inside[:-1]}", site.path}
    # The name of a model inside stands for all that it holds.
    names |= {start for name in names for start in _starts(name)}
    # Of a model inside the end is enough, as everywhere.
    names |= {end for name in names for end in _ends(name)}
    return any(fnmatchcase(name, pattern) for name in names)


def _starts(name):
    parts = name.split("/")
    return ["/".join(parts[:last]) for last in range(1, len(parts))]


def _ends(name):
    parts = name.split("/")
    return ["/".join(parts[first:]) for first in range(1, len(parts))]


def _check_names(argument, selection, sites):
    if selection is None or callable(selection):
        return
    if not all(isinstance(name, str) for name in _patterns(selection)):
        raise InputError(
            f"`{argument}` must be a name, a list of names, or a function of "
            f"a `PaddingSite`. Received: {selection!r}"
        )
    for pattern in _patterns(selection):
        if not any(_matches(site, pattern) for site in sites):
            names = [site.padding_layer or site.name for site in sites]
            names += [site.name for site in sites]
            raise InputError(
                f"`{argument}` must name layers that pad (see "
                "`find_padding_sites`). Received: "
                f"{pattern!r}, which is none{name_hint(pattern, names)}"
            )
