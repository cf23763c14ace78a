"""What layers of other classes do is found by running them."""

import keras
import numpy as np
import pytest
from keras import layers
from keras import ops

from keras_padpos.models import find_padding_sites
from keras_padpos.models import receptive_field
from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.trials._behaviour import behaviour_of
from keras_padpos.models.trials._behaviour import border_reads_far
from keras_padpos.models.trials.seen_axis import Axis


class Code(layers.Layer):
    """A layer that runs a function."""

    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, x):
        return self.function(x)

    def get_config(self):
        return {"name": self.name}


def behaviour(layer, shape=(32, 30, 3), first=1):
    inputs = keras.Input(shape)
    call = model_graph(keras.Model(inputs, layer(inputs))).calls[-1]
    (one,) = behaviour_of(call, call.inputs[0], len(shape) - 1, first)
    return one


def wrapped(x):
    return ops.concatenate([x[:, -2:], x, x[:, :2]], axis=1)


class Subclass(layers.Conv2D):
    """A subclass that adds nothing."""


class Wrapping(layers.Conv2D):
    """A subclass that says "valid", and wraps."""

    def call(self, x):
        return super().call(
            ops.pad(wrapped(x), [[0, 0], [0, 0], [1, 1], [0, 0]])
        )

    def compute_output_shape(self, shape):
        return super().compute_output_shape(
            (
                shape[0],
                *(n and n + k for n, k in zip(shape[1:3], (4, 2), strict=True)),
                shape[3],
            )
        )


class Blur(layers.Layer):
    """A fixed kernel that is no weight to be trained."""

    def build(self, shape):
        kernel = np.outer([1, 2, 1], [1, 2, 1])[..., None, None] / 16
        self.kernel = self.add_weight(
            shape=(3, 3, shape[-1], 1),
            initializer=lambda s, dtype: ops.cast(
                ops.broadcast_to(kernel, s), dtype
            ),
            trainable=False,
        )

    def call(self, x):
        x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="reflect")
        return ops.depthwise_conv(x, self.kernel, 2)


class Scaled(layers.Layer):
    """A path that starts at 0, as a layer scale does."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(3, 5, padding="same")

    def build(self, shape):
        self.conv.build(shape)
        self.gamma = self.add_weight(shape=(3,), initializer="zeros")

    def call(self, x):
        return x + self.gamma * self.conv(x)


WINDOWS = {
    "subclass": (Subclass(4, 3, 2, padding="same"), (2, 3, ((0, 1), (0, 1)))),
    "pads by itself": (
        Wrapping(4, (5, 3)),
        ((1, 1), (5, 3), ((2, 2), (1, 1))),
    ),
    "blur": (Blur(), (2, 3, ((1, 0), (1, 0)))),
    "zero at first": (Scaled(), (1, 5, ((2, 2), (2, 2)))),
    "reflect": (
        Code(lambda x: ops.pad(x, [[0, 0], [1, 0], [0, 2], [0, 0]], "reflect")),
        (1, 1, ((1, 0), (0, 2))),
    ),
    "roll": (Code(lambda x: ops.roll(x, 3, 1)), (1, 1, ((3, -3), (0, 0)))),
    "slices": (Code(lambda x: x[:, 1::2, ::2]), (2, 1, ((-1, 0), (0, -1)))),
    "crop": (Code(lambda x: x[:, 2:, :-3]), (1, 1, ((-2, 0), (0, -3)))),
    "last rows": (Code(lambda x: x[:, -5:]), (1, 1, ((-27, 0), (0, 0)))),
    "space to depth": (
        Code(lambda x: ops.max_pool(ops.relu(x), 2, 2)),
        (2, 2, ((0, 0), (0, 0))),
    ),
    "wide": (
        Code(lambda x: ops.average_pool(x, 21, 1, "same")),
        (1, 21, ((10, 10), (10, 10))),
    ),
    "far taps": (
        Code(
            lambda x: ops.depthwise_conv(
                x, ops.ones((3, 3, 3, 1)), dilation_rate=4, padding="same"
            )
        ),
        (1, 9, ((4, 4), (4, 4))),
    ),
    "gaps": (
        Code(lambda x: ops.average_pool(x, 1, 3)),
        (3, 1, ((0, -1), (0, -2))),
    ),
    "wrapper": (
        layers.SpectralNormalization(layers.Conv2D(2, 3, padding="same")),
        (1, 3, ((1, 1), (1, 1))),
    ),
}


def both(value):
    return value if isinstance(value, tuple) else (value, value)


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_is_seen(name):
    layer, (strides, extents, pads) = WINDOWS[name]
    seen = behaviour(layer)
    assert not seen.reason
    assert tuple(axis.stride for axis in seen.axes) == both(strides)
    assert tuple(axis.extent for axis in seen.axes) == both(extents)
    assert seen.pads == pads
    assert not seen.gated
    assert not seen.positional
    assert seen.pads_somewhere is any(max(pair) > 0 for pair in pads)


class Excite(layers.Layer):
    """Squeeze and excitation of one's own."""

    def __init__(self, pool, **kwargs):
        super().__init__(**kwargs)
        self.pool = pool
        self.dense = layers.Dense(3, activation="sigmoid")

    def build(self, shape):
        self.dense.build((None, 1, 1, shape[-1]))

    def call(self, x):
        return x * self.dense(self.pool(x, axis=(1, 2), keepdims=True))


class Attention(layers.Layer):
    """Every position looks at all, and a window besides."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.attention = layers.MultiHeadAttention(2, 4)
        self.conv = layers.DepthwiseConv2D(3, padding="same")

    def build(self, shape):
        self.attention.build((None, None, 3), (None, None, 3))
        self.conv.build(shape)

    def call(self, x):
        tokens = ops.reshape(x, (ops.shape(x)[0], -1, 3))
        tokens = self.attention(tokens, tokens)
        return self.conv(x + ops.reshape(tokens, ops.shape(x)))


class Norm(layers.GroupNormalization):
    """A subclass."""


@pytest.mark.parametrize(
    "layer, extent",
    [
        (Excite(ops.mean), 1),
        (Excite(ops.max), 1),
        (Norm(3), 1),
        (Attention(), 3),
        (Code(lambda x: x - ops.max(x, axis=(1, 2), keepdims=True)), 1),
        (
            Code(
                lambda x: (
                    ops.average_pool(x, 3, 1)
                    / (1 + ops.mean(ops.abs(x), axis=(1, 2), keepdims=True))
                )
            ),
            3,
        ),
    ],
)
def test_a_gate_is_seen_beside_the_window(layer, extent):
    seen = behaviour(layer)
    assert seen.gated
    assert [axis.extent for axis in seen.axes] == [extent] * 2


@pytest.mark.parametrize(
    "function, factor, extent",
    [
        (lambda x: ops.repeat(ops.repeat(x, 2, 1), 2, 2), 2, 2),
        (lambda x: ops.image.resize(x, (96, 90), "bilinear"), None, None),
        (layers.UpSampling2D(3, interpolation="bilinear"), 3, 5),
        (layers.UpSampling2D(2, interpolation="bilinear"), 2, 4),
    ],
)
def test_an_enlargement_by_a_whole_number_is_seen(function, factor, extent):
    seen = behaviour(Code(function))
    if factor is None:  # 32 x 30 become 96 x 90, at any size
        assert seen.fixed or seen.reason
        return
    assert seen.enlarges
    assert {axis.factor for axis in seen.axes} == {factor}
    assert {axis.extent for axis in seen.axes} == {extent}
    assert seen.pads_somewhere is (extent > factor)


class Counter(layers.Layer):
    """Counts its calls outside of Keras' variables."""

    calls = 0

    def call(self, x):
        self.calls += 1
        return x * self.calls


class WindowAttention(layers.Layer):
    """Blocks of 4 x 4 cells, each by itself."""

    def call(self, x):
        n, h, w, c = ops.shape(x)
        x = ops.reshape(x, (n, h // 4, 4, w // 4, 4, c))
        x = x + ops.mean(x, axis=(2, 4), keepdims=True)
        return ops.reshape(x, (n, h, w, c))


@pytest.mark.parametrize(
    "layer, reason",
    [
        (Code(lambda x: ops.flip(x, 1)), "same for all"),
        (Code(lambda x: ops.cumsum(x, 2)), "same for all"),
        (WindowAttention(), "same for all"),
        (Counter(), "another result each time"),
        (Code(lambda x: x - ops.mean(x, axis=0)), "examples of a batch"),
        (Code(lambda x: ops.log(x)), "not finite"),
        (
            Code(lambda x: x + ops.mean(x, axis=1, keepdims=True)),
            "same for all",
        ),
    ],
)
def test_what_is_no_window_is_unknown_with_a_reason(layer, reason):
    assert reason in behaviour(layer, (32, 32, 3)).reason


def test_swapped_axes_are_no_window():
    swap = Code(lambda x: ops.transpose(x, (0, 2, 1, 3)))
    assert "same for all" in behaviour(swap, (32, 32, 3)).reason


def test_a_layer_that_fails_says_why():
    def fails(x):
        if not isinstance(x, keras.KerasTensor) and ops.shape(x)[0] != 1:
            raise RuntimeError("one at a time")
        return x

    class Fails(Code):
        def compute_output_shape(self, shape):
            return shape

        def compute_output_spec(self, x):
            return keras.KerasTensor(x.shape, x.dtype)

    assert "one at a time" in behaviour(Fails(fails)).reason


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + ops.cast(ops.arange(ops.shape(x)[2])[:, None], x.dtype),
        lambda x: (
            x
            * ops.cast(ops.arange(ops.shape(x)[1])[:, None, None] > 4, x.dtype)
        ),
    ],
)
def test_what_hangs_on_the_position_is_said(function):
    seen = behaviour(Code(function))
    assert seen.plain
    assert seen.positional


class Restless(layers.Layer):
    """Random, with a state, and another thing while training."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed = keras.random.SeedGenerator(3)

    def build(self, shape):
        self.total = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="total"
        )

    def call(self, x, training=False):
        self.total.assign_add(1.0)
        if training:
            x = ops.flip(x, 1)
        return x + keras.random.normal(ops.shape(x), seed=self.seed)


def test_random_and_stateful_layers_are_seen_through_and_left_alone():
    layer = Restless()
    seen = behaviour(layer)
    assert seen.plain
    assert not seen.positional
    before = [ops.convert_to_numpy(v) for v in layer.variables]
    assert behaviour(layer, (20, 20, 3)).plain
    for one, other in zip(before, layer.variables, strict=True):
        np.testing.assert_array_equal(one, ops.convert_to_numpy(other))
    assert layer.trainable


def test_layers_that_train_by_default_are_seen_as_at_inference():
    assert behaviour(layers.RandomFlip()).plain
    assert behaviour(layers.RandomTranslation(0.5, 0.5)).plain


def test_a_frozen_path_that_is_zero_is_seen():
    layer = Scaled(trainable=False)
    assert [axis.extent for axis in behaviour(layer).axes] == [5, 5]


@pytest.mark.parametrize(
    "shape, kernel, pads",
    [((50, 3), 5, ((2, 2),)), ((9, 10, 11, 2), 3, ((1, 1),) * 3)],
)
def test_lines_and_volumes(shape, kernel, pads):
    class One(layers.Conv1D):
        pass

    class Three(layers.Conv3D):
        pass

    kind = One if len(shape) == 2 else Three
    assert behaviour(kind(2, kernel, padding="same"), shape).pads == pads


def test_channels_first():
    pad = Code(lambda x: ops.pad(x, [[0, 0], [0, 0], [2, 1], [0, 0]]))
    seen = behaviour(pad, (3, 32, 30), first=2)
    assert seen.pads == ((2, 1), (0, 0))


def test_half_precision():
    class Half(layers.Conv2D):
        pass

    seen = behaviour(Half(4, 3, padding="same", dtype="mixed_float16"))
    assert seen.axes == (Axis(1, 1, 3),) * 2


@pytest.mark.parametrize("kernel, padded", [(2, False), (3, True)])
def test_open_sizes(kernel, padded):
    for padding, pads in (("valid", False), ("same", padded)):

        def pool(x, padding=padding):
            return ops.max_pool(x, kernel, 2, padding)

        seen = behaviour(Code(pool), (None, None, 3))
        assert seen.axes[0].stride == 2
        assert seen.pads == (None, None)
        # Of an odd size the last window is cut short, or filled up.
        assert seen.pads_somewhere is (pads or padding == "same")


class Patches(layers.Layer):
    """Patches of a picture of one size, and an embedding of positions."""

    def __init__(self, patch, sizes, positions=False, **kwargs):
        super().__init__(**kwargs)
        self.sizes = sizes
        self.conv = layers.Conv2D(8, patch, patch)
        self.positions = positions

    def build(self, shape):
        self.conv.build(shape)
        if self.positions:
            made = self.conv.compute_output_shape((1, *self.sizes, shape[-1]))
            self.table = self.add_weight(shape=made)

    def call(self, x):
        if tuple(x.shape[1:3]) != self.sizes:
            raise ValueError("another size")
        x = self.conv(x)
        return x + self.table if self.positions else x


@pytest.mark.parametrize(
    "patch, size, positions", [(4, 64, False), (16, 256, True)]
)
def test_a_layer_of_one_size_is_tried_at_that(patch, size, positions):
    layer = Patches(patch, (size, size), positions)
    seen = behaviour(layer, (size, size, 3))
    assert seen.fixed
    assert seen.positional is positions
    assert seen.axes == (Axis(patch, 0, patch),) * 2
    assert seen.pads == ((0, 0), (0, 0))


def test_patches_are_not_supposed_where_windows_overlap():
    class Wide(Patches):
        def call(self, x):
            if tuple(x.shape[1:3]) != self.sizes:
                raise ValueError("another size")
            return ops.average_pool(x, 20, 16, "same")

    seen = behaviour(Wide(16, (512, 512)), (512, 512, 3))
    assert seen.axes is None
    assert seen.reason


class Encoder(layers.Layer):
    """Attention that returns what else it made on demand alone."""

    def build(self, shape):
        self.attention = layers.MultiHeadAttention(2, 4)
        self.attention.build(shape, shape)
        self.norm = layers.LayerNormalization()
        self.norm.build(shape)

    def call(self, x):
        made = x + self.attention(self.norm(x), self.norm(x))
        return made, ops.zeros((0, *x.shape[1:])), ops.zeros((0, 2))


def test_outputs_that_are_left_out_confuse_no_other():
    inputs = keras.Input((18, 16))
    made, *_ = Encoder()(inputs)
    model = keras.Model(inputs, made)
    call = model_graph(model).calls[-1]
    first, *others = behaviour_of(call, call.inputs[0], 1)
    assert first.gated and first.plain
    assert not any(each.is_map for each in others)
    assert find_padding_sites(model) == []


class Kernel(layers.Layer):
    """A convolution by its own code."""

    def __init__(self, filters, strides=1, padding="same", size=3, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.strides, self.size = filters, strides, size
        self.padding = padding
        self.inner = {"act": layers.ReLU()}

    def build(self, shape):
        self.kernel = self.add_weight(
            shape=(self.size, self.size, shape[-1], self.filters)
        )

    def call(self, x):
        # Shapes are found without numbers: by symbols in JAX, on a device
        # "meta" in PyTorch.
        device = getattr(getattr(x, "device", None), "type", "")
        if isinstance(x.shape[0], int) and device != "meta":
            RUNS.append(tuple(x.shape))
        made = ops.conv(x, self.kernel, self.strides, self.padding)
        return self.inner["act"](made)


RUNS: list[tuple[int, ...]] = []


def test_equal_layers_are_tried_once_and_in_few_runs():
    RUNS.clear()
    assert behaviour(Kernel(5)).pads == ((1, 1), (1, 1))
    assert 0 < len(RUNS) <= 6
    RUNS.clear()
    assert behaviour(Kernel(5)).pads == ((1, 1), (1, 1))
    assert not RUNS


def test_a_model_is_tried_once_for_sites_and_fields():
    inputs = keras.Input((40, 40, 3))
    model = keras.Model(inputs, Kernel(7)(Kernel(7)(inputs)))
    RUNS.clear()
    assert len(find_padding_sites(model)) == 2
    tried = len(RUNS)
    receptive_field(model)
    assert len(RUNS) == tried


@pytest.mark.parametrize(
    "other, pads",
    [
        (Kernel(6, padding="valid"), (0, 0)),
        (Kernel(6, size=5), (2, 2)),
        (Kernel(6, 2), (0, 1)),
    ],
)
def test_layers_that_differ_are_not_taken_for_equal(other, pads):
    assert behaviour(Kernel(6)).pads == ((1, 1), (1, 1))
    assert behaviour(other, (32, 32, 3)).pads == (pads, pads)


def test_a_layer_that_is_changed_is_tried_again():
    layer = Kernel(4)
    assert behaviour(layer).pads_somewhere
    layer.padding = "valid"
    assert not behaviour(layer).pads_somewhere


def test_functions_and_fixed_weights_count():
    def shift(cells):
        return Code(lambda x: ops.roll(x, cells, 1))

    for cells in (1, 2, 3):
        assert behaviour(shift(cells)).pads[0] == (cells, -cells)

    class Fixed(layers.Layer):
        def __init__(self, kernel):
            super().__init__()
            self.kernel = np.array(kernel, "float32")

        def call(self, x):
            kernel = ops.broadcast_to(
                ops.reshape(self.kernel, (3, 1, 1, 1)), (3, 1, 3, 1)
            )
            return ops.depthwise_conv(x, kernel, padding="same")

    for kernel, pads in (((1, 1, 1), (1, 1)), ((0, 1, 1), (0, 1))):
        assert behaviour(Fixed(kernel)).pads[0] == pads


# Other backends compile every shape: fewer networks there.
SEEDS = 12 if keras.backend.backend() == "tensorflow" else 3


@pytest.mark.parametrize("seed", range(SEEDS))
def test_fields_are_never_smaller_than_what_moves(seed):
    rng = np.random.default_rng(seed)
    steps = []
    for _ in range(rng.integers(1, 4)):
        size, gap = (int(n) for n in rng.choice([1, 2, 3, 5], 2))
        stride = int(rng.choice([1, 1, 2])) if gap == 1 else 1
        padding = str(rng.choice(["same", "valid"]))
        gap = min(gap, 2)
        kernel = ops.convert_to_tensor(
            rng.normal(size=(size, size, 3, 3)) / size, "float32"
        )
        steps.append((kernel, stride, padding, gap if stride == 1 else 1))
    gate = bool(rng.integers(2))

    def function(x):
        for kernel, stride, padding, gap in steps:
            x = ops.conv(x, kernel, stride, padding, dilation_rate=gap)
            x = ops.leaky_relu(x, 0.3)
        if gate:
            x = x * ops.sigmoid(ops.mean(x, axis=(1, 2), keepdims=True))
        return x

    seen = behaviour(Code(function), (40, 37, 3))
    if gate and seen.axes is None:
        assert seen.reason  # a wide window beside a gate may stay unknown
        return
    assert seen.axes, seen.reason
    assert seen.gated is gate
    x = rng.normal(size=(1, 40, 37, 3)).astype("float32")
    gate = False  # seen already: only the window counts
    base = ops.convert_to_numpy(function(ops.convert_to_tensor(x)))
    for _ in range(12):
        cell = tuple(int(rng.integers(n)) for n in (40, 37))
        changed = x.copy()
        changed[(0, *cell)] += 5
        made = ops.convert_to_numpy(function(ops.convert_to_tensor(changed)))
        moved = np.argwhere(np.abs(made - base)[0].max(-1) > 1e-5)
        for position in moved:
            for axis, i, p in zip(seen.axes, position, cell, strict=True):
                low, high = axis.cells(int(i))
                assert low <= p <= high


class FarTaps(layers.Layer):
    """Taps far apart, with a gate behind them if there is a bottleneck."""

    def __init__(self, gap=0, channels=3, bottleneck=0, **kwargs):
        super().__init__(**kwargs)
        self.conv = None
        if gap:
            self.conv = layers.Conv2D(
                channels, 3, padding="same", dilation_rate=gap
            )
        self.bottleneck = bottleneck
        if bottleneck:
            self.squeeze = layers.Dense(bottleneck, activation="relu")
            self.excite = layers.Dense(channels, activation="sigmoid")

    def build(self, shape):
        if self.conv:
            self.conv.build(shape)
        if self.bottleneck:
            self.squeeze.build((None, 1, 1, self.excite.units))
            self.excite.build((None, 1, 1, self.bottleneck))

    def call(self, x):
        x = self.conv(x) if self.conv else x
        if not self.bottleneck:
            return x
        gate = self.squeeze(ops.mean(x, (1, 2), keepdims=True))
        return x * self.excite(gate)


class Line(layers.Conv1D):
    """A subclass that adds nothing."""


@pytest.mark.parametrize("gap", [12, 16, 64])
@pytest.mark.parametrize("size", [64, None])
def test_taps_that_fall_past_a_small_map_are_seen(gap, size):
    options = {"padding": "same", "dilation_rate": gap}
    for layer, shape in (
        (Line(1, 3, **options), (size, 3)),
        (Subclass(1, 3, **options), (size, size, 3)),
        (FarTaps(gap), (size, size, 3)),
    ):
        seen = behaviour(layer, shape)
        assert {axis.extent for axis in seen.axes} == {2 * gap + 1}
        assert set(seen.pads) == {(gap, gap)}


def test_far_taps_behind_one_end_alone_are_seen():
    def causal(x):
        x = ops.pad(x, [[0, 0], [32, 0], [0, 0]])
        return ops.conv(x, ops.ones((2, 3, 1)), dilation_rate=32)

    for size in (200, None):
        seen = behaviour(Code(causal), (size, 3))
        assert seen.axes == (Axis(1, 32, 33),)
        assert seen.pads == ((32, 0),)


def test_far_taps_of_each_step_are_seen():
    conv = layers.Conv2D(2, 3, padding="same", dilation_rate=12)
    seen = behaviour(layers.TimeDistributed(conv), (4, 48, 48, 3))
    assert [axis.extent for axis in seen.axes] == [1, 25, 25]


@pytest.mark.parametrize("gap", [12, 16, 64])
def test_far_taps_beside_a_gate_are_no_plain_gate(gap):
    seen = behaviour(FarTaps(gap, 4, 3), (64, 64, 3))
    if gap == 64:  # as wide as the map: too little moves to be told apart
        assert seen.reason
        return
    assert seen.gated
    assert {axis.extent for axis in seen.axes} == {2 * gap + 1}


def test_a_gate_that_sampled_weights_close_is_tried_with_others():
    for size in (6, 8, 10, 14, 16):
        for channels in (8, 16):
            layer = FarTaps(0, channels, 1)
            seen = behaviour(layer, (size, size, channels))
            assert seen.gated and seen.plain


@pytest.mark.parametrize("filters, patch", [(768, 16), (16, 14)])
def test_windows_wider_than_a_small_map(filters, patch):
    seen = behaviour(Subclass(filters, patch, patch), (224, 224, 3))
    assert seen.axes == (Axis(patch, 0, patch),) * 2
    assert seen.pads == ((0, 0), (0, 0))


@pytest.mark.parametrize(
    "function, far",
    [
        (wrapped, True),
        (lambda x: ops.roll(x, 1, 2), True),
        (lambda x: ops.roll(x, 17, 1), True),
        (lambda x: ops.pad(x, ((0, 0), (2, 2), (1, 0), (0, 0))), False),
        (lambda x: ops.concatenate([ops.flip(x[:, 1:3], 1), x], 1), False),
        (lambda x: x, False),
    ],
    ids=["wrap", "roll", "far roll", "zeros", "reflect", "identity"],
)
def test_borders_that_read_the_far_half_are_told(function, far):
    inputs = keras.Input((32, 30, 3))
    call = model_graph(keras.Model(inputs, Code(function)(inputs))).calls[-1]
    assert border_reads_far(call, call.inputs[0], 2) == far
