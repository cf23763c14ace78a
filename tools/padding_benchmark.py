"""A padded convolution against Keras' own `padding="same"`.

Every padding mode, forward and forward+gradient, over the convolutions of
VGG16, ResNet50 and MobileNetV2, and PyTorch's `padding_mode` where PyTorch is
installed.
"""

import functools

from keras_padpos import report
from keras_padpos import runs
from keras_padpos.choices import PADDING_MODES
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import naming
from tools.benchmark_program import Benchmark
from tools.benchmark_program import unit

_NETWORKS = ["vgg16", "resnet50", "mobilenetv2"]
_PASSES = ["forward", "gradient"]
_FLAGS = {
    "networks": Flag(
        _NETWORKS,
        f"Networks whose convolutions to measure: {', '.join(_NETWORKS)}.",
        choices=_NETWORKS,
    ),
    "batch_sizes": Flag(
        ["4", "32"], "Pictures that go in together.", type=int, least=1
    ),
    "modes": Flag(
        None,
        "Padding modes, also one an axis, such as zeros+circular (height "
        "first), earth and extrapolate. If not given: all for pictures of any "
        "size.",
        type=list,
        empty=True,
    ),
    "passes": Flag(
        _PASSES,
        "What to time: forward, gradient (forward and the gradients of input "
        "and kernel).",
        choices=_PASSES,
    ),
    "rounds": Flag(
        None,
        "Rounds for each shape, in which every contender runs once. If not "
        "given: as many as make 0.3 s, 5 to 60, but 3 where a call takes more "
        "than 0.4 s.",
        type=int,
        least=1,
    ),
    "image_size": Flag(224, "Side of the networks' pictures.", least=32),
    "jit_compile": Flag(False, "Compile TensorFlow's functions with XLA."),
}

# The largest ratios aimed at for modes that copy values.
_TARGETS = {"vgg16": 1.05, "mobilenetv2": 1.15}


def _modes(settings):
    return list(PADDING_MODES) if settings.modes is None else settings.modes


def _prepare(settings):
    """Refuse what cannot work before anything is computed or written."""
    from keras_padpos import padding
    from tools.convolution_shape import convolution_shapes

    with naming("--modes"):
        chosen = [padding.get(mode) for mode in _modes(settings) or [""]]
        for mode in chosen:
            mode.check_rank(2, "A picture")
    for network in settings.networks:
        for shape in convolution_shapes(network, settings.image_size):
            for mode in chosen:
                mode.check_reach(
                    shape.size,
                    shape.pads,
                    f"{network} at --image_size={settings.image_size}",
                )


def _threads():
    from tools.padding_contenders import share_threads

    return share_threads()


def _measure(settings, prepared, work):
    from tools.convolution_shape import convolution_shapes
    from tools.measure_padding import measure_padding
    from tools.padding_contenders import torch_installed

    # PyTorch's layers would be float32 beside float16.
    compare_torch = torch_installed() and not settings.mixed_precision
    rows, arrays = [], {}
    units = [(n, b) for n in settings.networks for b in settings.batch_sizes]
    with report.Progress(units=len(units)) as progress:
        for network, batch_size in units:
            label = f"{network}-batch{batch_size}"
            shapes = convolution_shapes(network, settings.image_size)
            new_rows, new_arrays = unit(
                work,
                progress,
                label,
                functools.partial(
                    measure_padding,
                    network,
                    shapes,
                    batch_size,
                    _modes(settings),
                    passes=settings.passes,
                    rounds=settings.rounds,
                    compare_torch=compare_torch,
                    seed=settings.seed,
                    jit_compile=settings.jit_compile,
                ),
                len(shapes) * len(settings.passes),
                "timings",
            )
            rows += new_rows
            arrays.update(new_arrays)
    work.save_arrays(arrays)
    _draw(work, rows, runs.Provenance().machine_line())
    return rows


def _draw(work, rows, machine):
    from tools.padding_ratio_figure import padding_ratio_figure

    for network in dict.fromkeys(row["network"] for row in rows):
        own_rows = [row for row in rows if row["network"] == network]
        padding_ratio_figure(
            work.figure_path(f"padding_{network}"),
            own_rows,
            f"The {own_rows[0]['convolutions']} padding convolutions of "
            f"{network}\n{machine}",
            _TARGETS.get(network),
        )


def _show(results):
    provenance, rows = results["provenance"], results["rows"]
    _print_ratios(
        'Time of a padded convolution over the stock one with padding="same"',
        [row for row in rows if row["library"] == "keras_padpos"],
        "stock, ms",
    )
    torch_rows = [row for row in rows if row["library"] == "torch"]
    if torch_rows:
        print()
        _print_ratios(
            "The same of PyTorch's Conv2d (channels first, eager) over its "
            "own zeros",
            [row for row in torch_rows if row["mode"] != "zeros"],
            "zeros, ms",
        )
    print()
    if not torch_rows:
        reason = (
            "not compared in mixed precision"
            if "torch" in provenance["threads"]
            else "not installed, so not compared"
        )
        print(f"PyTorch: {reason}.")
    for line in _verdicts(rows):
        print(line)
    print(
        "Ratios of a network's total times: over its convolutions that pad, "
        "medians of interleaved rounds."
    )


def _print_ratios(title, rows, reference):
    lines, modes = {}, dict.fromkeys(row["mode"] for row in rows)
    for row in rows:
        key = row["network"], row["batch_size"], row["pass"]
        line = lines.setdefault(
            key,
            {
                "network": key[0],
                "batch_size": key[1],
                "pass": key[2],
                "stock": row["stock_milliseconds"],
            },
        )
        line[row["mode"]] = row["ratio"]
    report.print_table(
        title,
        [
            "network",
            ("batch_size", "batch"),
            "pass",
            ("stock", reference),
            *modes,
        ],
        list(lines.values()),
    )


def _verdicts(rows):
    """A line for each network with a target."""
    from keras_padpos import padding

    for network, target in _TARGETS.items():
        copies = [
            row
            for row in rows
            if row["network"] == network
            and row["library"] == "keras_padpos"
            and padding.get(row["mode"]).copies
        ]
        if copies:
            worst = max(copies, key=lambda row: row["ratio"])
            within = sum(row["ratio"] <= target for row in copies)
            yield (
                f"Target for {network}, modes that copy values: at most "
                f"{target:g}. Within it: {within} of {len(copies)}; the "
                f"largest is {worst['ratio']:.3f} ({worst['mode']}, batch "
                f"{worst['batch_size']}, {worst['pass']})."
            )


BENCHMARK = Benchmark(
    name="padding",
    about=__doc__,
    flags=_FLAGS,
    prepare=_prepare,
    config=lambda settings: {"modes": _modes(settings)},
    threads=_threads,
    measure=_measure,
    show=_show,
)
