"""Receptive fields beside what moves, and beside a larger picture."""

import math

import keras
import numpy as np
from keras import layers

from keras_padpos import models


def assert_field_is_exact(make, size, widest=False):
    """Compare the field of a model's output with what its cells do.

    Every row and every column of a picture is changed, and the positions that
    move are compared with `cells`. Then a picture is compared with a larger
    one of which it is a crop: the positions that differ are those that
    `clear` leaves out, and a crop with `margin` cells around is the least
    that gives the larger picture's features.

    Args:
        make: Makes the model for a size of square pictures of two channels;
            weights are replaced by positive ones, so that nothing cancels out.
        size: The size; a multiple of the field's period.
        widest: Whether the field may be wider than what moves, as where an
            interpolation has weights of 0.

    Returns:
        The field.
    """
    model = make(size)
    name = model.output_names[0]
    field = models.receptive_field(model)[name]
    random = np.random.default_rng(0)
    model.set_weights(
        [random.uniform(0.1, 1, w.shape) for w in model.get_weights()]
    )
    _assert_cells(model, field, size, widest)
    _assert_clear(model, make, field, size, widest)
    return field


def _run(model, pictures):
    return keras.ops.convert_to_numpy(model(pictures.astype("float32")))


def _differs(one, other):
    return np.abs(one - other).max(-1) > 1e-5 * np.abs(other).max()


def _assert_cells(model, field, size, widest):
    pictures = np.ones((1 + 2 * size, size, size, 2))
    for cell in range(size):
        pictures[1 + cell, cell] += 5
        pictures[1 + size + cell, :, cell] += 5
    plain, *changed = np.split(_run(model, pictures), [1, 1 + size])
    assert plain.shape[1:3] == field.positions
    for axis in (0, 1):
        moved = _differs(changed[axis], plain).any(2 - axis)
        for i, row in enumerate(moved.T):
            low, high = field.cells((i, i))[axis]
            cells = np.flatnonzero(row)
            if not len(cells):
                assert low < 0 or high >= size
            elif widest:
                assert low <= cells.min()
                assert cells.max() <= high
            else:
                # Past the border it is not seen where it ends.
                assert low == cells.min() or low < 0, (axis, i)
                assert high == cells.max() or high >= size, (axis, i)


def _assert_clear(model, make, field, size, widest):
    grid = math.lcm(*field.period)
    around = -(-max(*field.size, *field.margin) // grid) * grid
    larger = make(size + 2 * around)
    larger.set_weights(model.get_weights())
    picture = np.random.default_rng(1).uniform(
        -1, 1, (1, size + 2 * around, size + 2 * around, 2)
    )
    truth = _run(larger, picture)
    starts = [around / stride for stride in field.stride]

    def differing(margin):
        """Which positions of the crop differ, with a margin around."""
        begin, end = around - margin, around + size + margin
        net = model if not margin else make(end - begin)
        net.set_weights(model.get_weights())
        maps = _run(net, picture[:, begin:end, begin:end])
        inner = [slice(None)]
        expected = [slice(None)]
        for start, stride, count in zip(
            starts, field.stride, field.positions, strict=True
        ):
            skipped = margin / stride
            assert start == int(start)
            assert skipped == int(skipped)
            inner.append(slice(int(skipped), int(skipped) + count))
            expected.append(slice(int(start), int(start) + count))
        return _differs(maps[tuple(inner)], truth[tuple(expected)])[0]

    reached = differing(0)
    clear = np.ix_(*(range(a, b + 1) for a, b in field.clear))
    assert reached[clear].size
    assert not reached[clear].any()
    if widest:
        return
    for axis, (first, last) in enumerate(field.clear):
        others = np.delete(reached, range(first, last + 1), axis=axis)
        assert others.all(), (axis, field.clear)
    if any(
        count * stride > size
        for count, stride in zip(field.positions, field.stride, strict=True)
    ):
        return  # some positions lie beyond the crop
    margin = -(-max(field.margin) // grid) * grid
    assert not differing(margin).any()
    if margin == max(field.margin):
        assert differing(margin - grid).any()


def unet(enlarge, factor=2, size=None):
    """A linear U-Net of two levels, whose sizes need not be multiples.

    Returns:
        A model; where no size is given, what makes one for a size.
    """

    def conv(x):
        return layers.Conv2D(2, 3, padding="same", use_bias=False)(x)

    def level(x, inner):
        fine = conv(x)
        pooled = layers.AveragePooling2D(factor, padding="same")(fine)
        x = enlarge(inner(pooled))
        rows, columns = np.subtract(x.shape[1:3], fine.shape[1:3]).tolist()
        x = layers.Cropping2D(((0, rows), (columns, 0)))(x)
        return conv(layers.Concatenate()([x, fine]))

    def make(size):
        inputs = keras.Input((size, size, 2))
        return keras.Model(inputs, level(inputs, lambda x: level(x, conv)))

    return make if size is None else make(size)


def transposed(kernel, stride):
    """A transposed convolution that enlarges by its stride."""
    return lambda x: layers.Conv2DTranspose(
        2, kernel, stride, padding="same", use_bias=False
    )(x)
