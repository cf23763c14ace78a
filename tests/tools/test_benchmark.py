import functools
import json

import keras
import numpy as np
import pytest
from PIL import Image
from run_tool import run_tool

from keras_padpos import padding
from tools.convolution_shape import ConvolutionShape
from tools.convolution_shape import convolution_shapes
from tools.interleaved_times import interleaved_times
from tools.measure_padding import measure_padding
from tools.padding_contenders import PaddingContenders

CONVOLUTION = ConvolutionShape((6, 5), 3, 4, (3, 3), (1, 1), True)
DEPTHWISE = ConvolutionShape((8, 8), 4, None, (3, 3), (2, 2), False)


benchmark = functools.partial(run_tool, "tools.benchmark")


def _dense(size, channels, filters, kernel=3, stride=1, bias=True):
    return ConvolutionShape(
        (size, size), channels, filters, (kernel,) * 2, (stride,) * 2, bias
    )


def _depthwise(size, channels, stride=1):
    return ConvolutionShape(
        (size, size), channels, None, (3, 3), (stride,) * 2, False
    )


def test_vgg16_has_13_convolutions_of_9_shapes():
    # Simonyan and Zisserman, Table 1, column D.
    assert convolution_shapes("vgg16") == {
        _dense(224, 3, 64): 1,
        _dense(224, 64, 64): 1,
        _dense(112, 64, 128): 1,
        _dense(112, 128, 128): 1,
        _dense(56, 128, 256): 1,
        _dense(56, 256, 256): 2,
        _dense(28, 256, 512): 1,
        _dense(28, 512, 512): 2,
        _dense(14, 512, 512): 3,
    }


def test_resnet50_has_its_first_convolution_and_one_a_block():
    # He et al., Table 1: blocks of 3, 4, 6 and 3, the rest of them 1x1.
    assert convolution_shapes("resnet50") == {
        _dense(224, 3, 64, kernel=7, stride=2): 1,
        _dense(56, 64, 64): 3,
        _dense(28, 128, 128): 4,
        _dense(14, 256, 256): 6,
        _dense(7, 512, 512): 3,
    }


def test_mobilenetv2_has_strided_convolutions_after_zero_padding():
    # Sandler et al., Table 2: 17 blocks, 4 of them with stride 2.
    assert convolution_shapes("mobilenetv2") == {
        _dense(224, 3, 32, stride=2, bias=False): 1,
        _depthwise(112, 32): 1,
        _depthwise(112, 96, stride=2): 1,
        _depthwise(56, 144): 1,
        _depthwise(56, 144, stride=2): 1,
        _depthwise(28, 192): 2,
        _depthwise(28, 192, stride=2): 1,
        _depthwise(14, 384): 4,
        _depthwise(14, 576): 2,
        _depthwise(14, 576, stride=2): 1,
        _depthwise(7, 960): 3,
    }


def test_sizes_follow_the_image():
    shapes = convolution_shapes("vgg16", image_size=64)
    assert [shape.size[0] for shape in shapes] == [64] * 2 + [32] * 2 + [
        16,
        16,
        8,
        8,
        4,
    ]


def test_shapes_in_words():
    assert str(CONVOLUTION) == "6x5x3 3x3 -> 4"
    assert str(DEPTHWISE) == "8x8x4 depthwise 3x3/2"


def test_pads_are_those_of_same():
    # MobileNetV2's ZeroPadding2D before its strided convolutions.
    assert _depthwise(112, 96, stride=2).pads == ((0, 1), (0, 1))
    assert _dense(224, 3, 64, kernel=7, stride=2).pads == ((2, 3), (2, 3))


def test_contenders_share_weights_and_input():
    for shape in (CONVOLUTION, DEPTHWISE):
        contenders = PaddingContenders(shape, 2, ["zeros", "reflect"])
        results = {
            name: keras.ops.convert_to_numpy(function())
            for name, function in contenders.functions("forward").items()
        }
        assert list(results) == ["stock", "zeros", "reflect"]
        stock, zeros, reflect = results.values()
        np.testing.assert_array_equal(zeros, stock)
        assert reflect.shape == stock.shape
        # The inside does not depend on the mode.
        np.testing.assert_allclose(
            reflect[:, 1:-1, 1:-1], stock[:, 1:-1, 1:-1], rtol=1e-5, atol=1e-6
        )
        assert np.abs(reflect - stock).max() > 0.01


def test_gradient_is_that_of_input_and_kernel():
    contenders = PaddingContenders(CONVOLUTION, 2, ["circular"])
    for function in contenders.functions("gradient").values():
        inputs, kernel = function()
        assert tuple(inputs.shape) == (2, 6, 5, 3)
        assert tuple(kernel.shape) == (3, 3, 3, 4)
    # Of a circular frame each cell of the input is seen 9 times, whatever
    # the size: with weights and upstream of ones the gradient is constant.
    layer = contenders.layers["circular"]
    layer.kernel.assign(keras.ops.ones(layer.kernel.shape))
    contenders.upstream = keras.ops.ones_like(contenders.upstream)
    inputs, _ = contenders.functions("gradient")["circular"]()
    np.testing.assert_allclose(keras.ops.convert_to_numpy(inputs), 9 * 4)


@pytest.mark.large
def test_every_round_runs_every_contender_once():
    calls = []
    contenders = {name: lambda name=name: calls.append(name) for name in "abc"}
    times = interleaved_times(contenders, rounds=4)
    assert {name: len(seconds) for name, seconds in times.items()} == {
        "a": 4,
        "b": 4,
        "c": 4,
    }
    # Two calls each to warm up.
    rounds = [calls[start : start + 3] for start in range(0, len(calls), 3)]
    assert len(rounds) == 6
    assert all(sorted(order) == ["a", "b", "c"] for order in rounds)
    assert len(set(map(tuple, rounds))) > 1


@pytest.mark.large
def test_rounds_follow_the_time_of_a_call(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(
        "tools.interleaved_times.time.perf_counter", lambda: clock[0]
    )

    def takes(seconds):
        def run():
            clock[0] += seconds

        return {"a": run, "b": run}

    for seconds, rounds in ((0.001, 60), (0.021, 15), (0.1, 5), (1.0, 3)):
        times = interleaved_times(takes(seconds))["b"]
        np.testing.assert_allclose(times, [seconds] * rounds)


@pytest.mark.large
def test_who_is_far_behind_runs_once_where_calls_are_slow(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(
        "tools.interleaved_times.time.perf_counter", lambda: clock[0]
    )

    def takes(seconds):
        def run():
            clock[0] += seconds

        return run

    contenders = {"a": takes(1), "b": takes(1.9), "c": takes(2.1)}
    times = interleaved_times(contenders)
    assert [len(times[name]) for name in "abc"] == [3, 3, 1]
    times = interleaved_times(contenders, rounds=2)
    assert [len(times[name]) for name in "abc"] == [2, 2, 2]


def test_garbage_collector_is_as_before():
    import gc

    seen = []
    interleaved_times({"a": lambda: seen.append(gc.isenabled())}, rounds=2)
    # The first call is not timed.
    assert seen == [True, False, False, False]
    assert gc.isenabled()


@pytest.mark.large
def test_rows_are_ratios_of_sums_of_medians(monkeypatch):
    def made_up(functions, rounds):
        assert rounds == 3
        channels = 3 if len(calls) == 0 else 4
        calls.append(channels)
        seconds = {"stock": [1.0, 2.0, 9.0], "reflect": [2.0, 3.0, 9.0]}
        if channels == 4:
            seconds = {"stock": [4.0, 4.0, 4.0], "reflect": [5.0, 5.0, 5.0]}
        return {key: np.array(seconds[key[1]]) for key in functions}

    calls = []
    monkeypatch.setattr("tools.measure_padding.interleaved_times", made_up)
    rows, arrays = measure_padding(
        "tiny",
        {CONVOLUTION: 2, DEPTHWISE: 3},
        2,
        ["reflect"],
        passes=["forward"],
        rounds=3,
    )
    (row,) = rows
    assert row["stock_milliseconds"] == pytest.approx(1e3 * (2 * 2 + 3 * 4))
    assert row["milliseconds"] == pytest.approx(1e3 * (2 * 3 + 3 * 5))
    assert row["ratio"] == pytest.approx(21 / 16)
    # Ratios within a round are 2, 1.5 and 1, then 1.25; a quarter of the
    # stock time is the first shape's.
    assert row["ratio_low"] == pytest.approx((1.25 + 3 * 1.25) / 4)
    assert row["ratio_high"] == pytest.approx((1.75 + 3 * 1.25) / 4)
    np.testing.assert_allclose(
        arrays[f"{row['arrays']}/milliseconds"], [3e3, 5e3]
    )


@pytest.mark.large
def test_every_mode_gets_a_row_a_pass():
    modes = padding.names()
    advanced = []
    rows, arrays = measure_padding(
        "tiny",
        {CONVOLUTION: 1, DEPTHWISE: 2},
        2,
        modes,
        rounds=3,
        advance=lambda: advanced.append(1),
    )
    assert [(row["pass"], row["mode"]) for row in rows] == [
        (name, mode) for name in ("forward", "gradient") for mode in modes
    ]
    for row in rows:
        assert row["network"] == "tiny"
        assert row["batch_size"] == 2
        assert row["library"] == "keras_padpos"
        assert (row["shapes"], row["convolutions"]) == (2, 3)
        assert row["ratio"] > 0
        assert row["ratio_low"] <= row["ratio_high"]
        assert row["ratio"] == row["milliseconds"] / row["stock_milliseconds"]
        for name in ("milliseconds", "stock_milliseconds", "rounds"):
            assert arrays[f"{row['arrays']}/{name}"].shape == (2,)
    assert list(arrays["tiny/shapes"]) == [str(CONVOLUTION), str(DEPTHWISE)]
    assert list(arrays["tiny/counts"]) == [1, 2]
    assert len(advanced) == 4


@pytest.mark.large
def test_pytorch_is_compared_with_its_own_zeros():
    torch = pytest.importorskip("torch")
    from tools.padding_contenders import torch_functions

    for shape in (CONVOLUTION, DEPTHWISE):
        functions = torch_functions(shape, 2, "forward")
        zeros, reflect = functions["zeros"](), functions["reflect"]()
        assert zeros.shape == reflect.shape
        assert torch.allclose(
            zeros[:, :, 1:-1, 1:-1], reflect[:, :, 1:-1, 1:-1], atol=1e-5
        )
    rows, _ = measure_padding(
        "tiny", {CONVOLUTION: 1}, 2, ["reflect"], rounds=2, compare_torch=True
    )
    torch_rows = [row for row in rows if row["library"] == "torch"]
    assert len(torch_rows) == 2 * 4
    assert {r["ratio"] for r in torch_rows if r["mode"] == "zeros"} == {1.0}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of the binary: its directory, flags and what it printed."""
    work = tmp_path_factory.mktemp("run") / "work"
    flags = (
        f"--workdir={work}",
        "--networks=vgg16",
        "--batch_sizes=2",
        "--image_size=32",
        "--rounds=2",
        "--modes=zeros,replicate+circular",
        "--passes=forward",
    )
    done = benchmark("padding", *flags, cwd=work.parent)
    assert done.returncode == 0, done.stderr
    return work, flags, done


@pytest.mark.large
def test_binary_leaves_rows_arrays_and_a_figure(finished):
    work, _, done = finished
    results = json.loads((work / "results.json").read_text())
    assert results["experiment"] == "benchmark_padding"
    assert results["config"]["backend"] == keras.backend.backend()
    rows = [row for row in results["rows"] if row["library"] != "torch"]
    assert [(row["batch_size"], row["mode"]) for row in rows] == [
        (2, "zeros"),
        (2, "replicate+circular"),
    ]
    with np.load(work / "arrays.npz") as arrays:
        assert len(arrays["vgg16/shapes"]) == 9
        for row in rows:
            times = arrays[f"{row['arrays']}/milliseconds"]
            total = times @ arrays["vgg16/counts"]
            assert row["milliseconds"] == pytest.approx(total)
    with Image.open(work / "figures" / "padding_vgg16.png") as figure:
        assert figure.width > 200
    assert "| network | batch | pass " in done.stdout
    assert "Target for vgg16, modes that copy values: at most 1.05" in (
        done.stdout
    )
    assert results["provenance"]["machine"]["line"] in done.stdout
    assert "PyTorch" in done.stdout


@pytest.mark.large
def test_a_finished_run_is_shown_again(finished):
    work, flags, done = finished
    again = benchmark("padding", *flags, cwd=work.parent)
    assert again.returncode == 0
    assert again.stdout == done.stdout


NAMES = "canvas, padding, pattern, probe, tiles"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (
            [],
            f"one of: {NAMES}. Received: nothing",
        ),
        (
            ["pading"],
            f"one of: {NAMES}. Received: 'pading'",
        ),
        (
            ["--rounds=2", "padding"],
            f"one of: {NAMES}.",
        ),
        (["padding", "padding"], "expected flags only"),
        (["padding", "--round=2"], "Did you mean"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, arguments, words):
    done = benchmark(*arguments, cwd=tmp_path)
    assert done.returncode != 0
    lines = done.stderr.strip().splitlines()
    assert words in lines[-1]
    assert lines[-1].startswith("benchmark: error: ")
    assert len(lines) == 1
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--networks=vgg61"], "--networks must be one of vgg16, "),
        (["--modes="], "--modes: `padding_mode` must be one of zeros, "),
        (["--modes=wrap"], "Received: padding_mode='wrap'. Did you mean circ"),
        (["--modes=zeros+randn"], '--modes: `padding_mode`: "randn" fills'),
        (["--passes=back"], "--passes must be one of forward, "),
        (["--batch_sizes=0"], "--batch_sizes must be whole"),
        (["--image_size=8"], "--image_size"),
        (
            ["--networks=resnet50", "--image_size=32"],
            "resnet50 at --image_size=32: `padding_mode",
        ),
    ],
)
def test_a_flag_that_cannot_be_is_one_line(tmp_path, flags, words):
    done = benchmark("padding", *flags, cwd=tmp_path)
    assert done.returncode != 0
    (line,) = done.stderr.strip().splitlines()
    assert words in line
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())


def test_help_lists_the_flags_of_a_benchmark(tmp_path):
    done = benchmark("padding", "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "--batch_sizes" in done.stdout
    assert "--workdir" in done.stdout
    done = benchmark("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "python -m tools.benchmark padding" in done.stdout
