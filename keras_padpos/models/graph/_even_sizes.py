"""The picture sizes at which a network pads evenly."""

import time
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos.models.graph._find_padding_sites import find_padding_sites
from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.graph.padding_site import PaddingSite
from keras_padpos.models.graph.window import window_of


def unfit_layer(model: keras.Model, input_shape: Any) -> str | None:
    """Find the first layer that gets another number than it was built for.

    Where shapes alone are followed, as by `find_padding_sites`, a Dense layer
    behind a Flatten takes any number of features, and a convolution any
    number of channels. Their weights do not.

    Example:

    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((8, 8, 3)),
    ...         keras.layers.Flatten(),
    ...         keras.layers.Dense(2, name="dense"),
    ...     ]
    ... )
    >>> unfit_layer(model, (9, 9, 3))
    'dense'
    >>> unfit_layer(model, (8, 8, 3)) is None
    True

    Args:
        model: A functional or Sequential model.
        input_shape: See `find_padding_sites`.

    Returns:
        The layer's name, `None` if there is none.

    Raises:
        ValueError: If the graph cannot be read or the shape does not fit the
            model's inputs.
    """
    for call in model_graph(model, input_shape).calls:
        specs = keras.tree.flatten(getattr(call.operation, "input_spec", None))
        if len(specs) != len(call.input_shapes):
            continue
        for spec, shape in zip(specs, call.input_shapes, strict=True):
            axes = getattr(spec, "axes", None) or {}
            if any(shape[axis] not in (None, n) for axis, n in axes.items()):
                return call.name
    return None


_FIXING = (keras.layers.Flatten, keras.layers.Reshape)


@dataclass(frozen=True)
class EvenSizes:
    """Which of the sizes tried make which sites even.

    A site is even at a size if it adds as many cells on both sides of each
    axis and its windows see as many of them.

    Attributes:
        sites: The sites at the size asked about.
        uneven: For each of them whether it is uneven there; `None` if that
            cannot be told.
        never: For each why it is even at no size whatever; `""` if that
            cannot be said.
        even_at: For each the sizes tried at which it is even, ascending.
        seen_evenly_at: For each the sizes at which its windows see as many
            cells on both sides, whatever is added.
        tried: The sizes, ascending, that were tried and that the network
            takes.
        complete: Whether time was enough for all.
    """

    sites: list[PaddingSite]
    uneven: list[bool | None]
    never: list[str]
    even_at: list[tuple[int, ...]]
    seen_evenly_at: list[tuple[int, ...]]
    tried: tuple[int, ...]
    complete: bool

    @property
    def all_even_at(self) -> tuple[int, ...]:
        """Sizes at which every site is even that is not uneven at all sizes.

        Empty if there is no such site.
        """
        able = [
            set(sizes)
            for sizes, never, uneven in zip(
                self.even_at, self.never, self.uneven, strict=True
            )
            if not never and uneven is not None
        ]
        return tuple(sorted(set.intersection(*able))) if able else ()


def even_sizes(
    model: keras.Model,
    input_shape: Sequence[int],
    sizes: Sequence[int] = (),
    *,
    seconds: float = 20.0,
    advance: Callable[[], None] | None = None,
) -> EvenSizes:
    """Find picture sizes, height = width, at which padding is even.

    Uneven padding shifts the sampling grid off the picture's centre and
    leaves blind spots (Alsallakh et al., Mind the Pad, ICLR 2021). Which
    sites pad unevenly is a matter of the picture's size.

    Example:

    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((None, None, 3)),
    ...         keras.layers.Conv2D(4, 3, strides=2, padding="same"),
    ...         keras.layers.Conv2D(4, 3, strides=2, padding="same"),
    ...     ]
    ... )
    >>> evenness = even_sizes(model, (32, 32, 3), range(24, 41))
    >>> evenness.uneven, evenness.even_at[0][:3], evenness.all_even_at
    ([True, True], (25, 27, 29), (25, 29, 33, 37))

    Args:
        model: A functional or Sequential model of one input, pictures.
        input_shape: The shape asked about, without the batch.
        sizes: Sizes to try, in this order.
        seconds: The time after which no further size is tried.
        advance: Called after each size.

    Returns:
        Which sizes make which sites even.

    Raises:
        ValueError: If the graph cannot be read, or `input_shape` does not
            fit.
    """
    sites = find_padding_sites(model, tuple(input_shape))
    sites_at: dict[int, list[PaddingSite]] = {}
    started = time.perf_counter()
    complete = True
    fixing = _may_fix_its_size(model, input_shape)
    for size in sizes:
        if time.perf_counter() - started > seconds:
            complete = False
            break
        try:
            shape = square_shape(input_shape, size, sites)
            there = list(find_padding_sites(model, shape))
        except ValueError:
            there = []  # too small
        if len(there) == len(sites) and not (
            fixing and unfit_layer(model, shape)
        ):
            sites_at[size] = there
        if advance is not None:
            advance()
    tried = tuple(sorted(sites_at))
    numbers = range(len(sites))
    return EvenSizes(
        sites=sites,
        uneven=[site.uneven for site in sites],
        never=[_never_even(site) for site in sites],
        even_at=[
            tuple(
                size for size in tried if sites_at[size][number].uneven is False
            )
            for number in numbers
        ],
        seen_evenly_at=[
            tuple(
                size for size in tried if _seen_evenly(sites_at[size][number])
            )
            for number in numbers
        ],
        tried=tried,
        complete=complete,
    )


def square_shape(
    shape: Sequence[int], size: int, sites: Sequence[PaddingSite]
) -> tuple[int, ...]:
    """An input shape with one size for all spatial axes.

    Args:
        shape: The shape, without the batch.
        size: What its spatial sizes become.
        sites: Sites of the network, whose layers tell which axis holds the
            channels.
    """
    formats = {getattr(site.layer, "data_format", None) for site in sites}
    if "channels_first" in formats:
        return (shape[0], *[size] * (len(shape) - 1))
    return (*[size] * (len(shape) - 1), shape[-1])


def _may_fix_its_size(model, shape):
    """Whether a layer makes something else than a map of a map."""
    return any(
        isinstance(call.operation, _FIXING)
        for call in model_graph(model, tuple(shape)).calls
    )


def _seen_evenly(site):
    return site.seen is not None and all(
        before == after for before, after in site.seen
    )


def _never_even(site):
    """Why a site is even at no size; `""` if it may be at some."""
    window = window_of(site.layer)
    added = any(before != after for before, after in site.pads or ())
    if not added or window is None:
        return ""
    if site.padding_layer or window.geometry.explicit is not None:
        return f"the cells are fixed in layer {site.padding_layer or site.name}"
    for kernel, stride, dilation in zip(
        site.kernel_size, site.strides, site.dilation_rate, strict=True
    ):
        added = (kernel - 1) * dilation
        if stride == 1 and added % 2:
            return f"stride 1 takes {added} cells on an axis, an odd number"
    return ""
