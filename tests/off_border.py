"""Where padding cannot reach, two networks must agree."""

import keras
import numpy as np

from keras_padpos import models


def largest_difference(padded, bare, x, layers, inner=0):
    """Compare maps of a padded and a padding-free network off the border.

    Where on the padded network's grid the bare one's maps lie, and which
    positions padding cannot reach, is worked out from both receptive fields.

    `inner` more positions are left out on each side, where the other network
    still pads.

    Returns, for each layer: the largest relative difference, and how many
    positions were compared.
    """
    shape = x.shape[1:]
    fields = [models.receptive_field(net, shape) for net in (padded, bare)]
    maps = [
        keras.Model(
            net.inputs[0], [net.get_layer(name).output for name in layers]
        ).predict(x, verbose=0)
        for net in (padded, bare)
    ]
    if len(layers) == 1:
        maps = [[made] if not isinstance(made, list) else made for made in maps]
    found = {}
    for name, with_pads, without in zip(layers, *maps, strict=True):
        ours, theirs = fields[0][name], fields[1][name]
        assert ours.stride == theirs.stride
        assert ours.size == theirs.size
        here, there = [slice(None)], [slice(None)]
        for axis in (0, 1):
            offset = ours.first_like(theirs, axis)
            assert offset is not None, "off the padded network's grid"
            first, last = ours.clear[axis]
            if ours.gated:  # whose gates say nothing here
                inside = [
                    position
                    for position in range(ours.positions[axis])
                    for low, high in [ours.cells((position,) * 2)[axis]]
                    if low >= 0 and high < shape[axis]
                ]
                first, last = inside[0], inside[-1]
            first = max(first, offset + inner)
            last = min(last, offset + without.shape[axis + 1] - 1 - inner)
            assert first <= last, f"{name}: padding reaches everywhere"
            there.append(slice(first, last + 1))
            here.append(slice(first - offset, last + 1 - offset))
        one, other = with_pads[tuple(there)], without[tuple(here)]
        difference = np.abs(one - other).max() / np.abs(one).max()
        found[name] = float(difference), one.shape[1:3]
    return found
