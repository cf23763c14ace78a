"""What of its padding a network looks at."""

from keras_padpos.models.padding_site import PaddingSite


def seen_pads(site: PaddingSite) -> tuple[tuple[int, int], ...] | None:
    """The cells that a site adds and that some window sees.

    A window that moves by more than one cell need not reach the end of the
    map. What it leaves there is not seen, so cells added evenly may be seen
    unevenly, which shifts the sampling grid all the same (Alsallakh et al.,
    Mind the Pad, ICLR 2021, section 3).

    Example:

    >>> import keras
    >>> from keras_padpos.models import find_padding_sites
    >>> net = keras.applications.ResNet50(weights=None, include_top=False)
    >>> for size in (224, 225):
    ...     site = find_padding_sites(net, (size, size, 3))[0]
    ...     print(site.pads, seen_pads(site))
    ((3, 3), (3, 3)) ((3, 2), (3, 2))
    ((3, 3), (3, 3)) ((3, 3), (3, 3))

    Args:
        site: One of what `find_padding_sites` gave.

    Returns:
        One pair `(before, after)` a spatial axis; negative where cells of the
        map itself are left out. `None` where a size is unknown, and for
        transposed convolutions, which add nothing.
    """
    if site.pads is None or None in site.sizes or site.kind == "transposed":
        return None
    seen = []
    for size, kernel, stride, dilation, (before, after) in zip(
        site.sizes,
        site.kernel_size,
        site.strides,
        site.dilation_rate,
        site.pads,
        strict=True,
    ):
        room = size + before + after - (kernel - 1) * dilation - 1
        seen.append((before, after - max(room, 0) % stride))
    return tuple(seen)
