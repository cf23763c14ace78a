"""A padded convolution against Keras' own `padding="same"`.

Every padding mode, forward and forward+gradient, over the convolutions of
VGG16, ResNet50 and MobileNetV2, and PyTorch's `padding_mode` where PyTorch is
installed.
"""

from absl import flags

from keras_padpos import report
from keras_padpos import runs
from keras_padpos.errors import did_you_mean
from keras_padpos.runs.flags import naming

_NETWORKS = flags.DEFINE_list(
    "networks",
    ["vgg16", "resnet50", "mobilenetv2"],
    "Networks whose convolutions to measure: vgg16, resnet50, mobilenetv2.",
)
_BATCH_SIZES = flags.DEFINE_list(
    "batch_sizes", ["4", "32"], "Pictures that go in together."
)
_MODES = flags.DEFINE_list(
    "modes",
    None,
    "Padding modes, also one an axis, such as zeros+circular (height first), "
    "earth and extrapolate. If not given: all for pictures of any size.",
)
_PASSES = flags.DEFINE_list(
    "passes",
    ["forward", "gradient"],
    "What to time: forward, gradient (forward and the gradients of input and "
    "kernel).",
)
_ROUNDS = flags.DEFINE_integer(
    "rounds",
    None,
    "Rounds for each shape, in which every contender runs once. If not "
    "given: as many as make 0.3 s, 5 to 60, but 3 where a call takes more "
    "than 0.4 s.",
    lower_bound=1,
)
_IMAGE_SIZE = flags.DEFINE_integer(
    "image_size", 224, "Side of the networks' pictures.", lower_bound=32
)
_JIT_COMPILE = flags.DEFINE_bool(
    "jit_compile", False, "Compile TensorFlow's functions with XLA."
)
runs.define_common_flags()

# Results of one backend are not those of another, so it is part of the config.
_SCIENCE = (
    "networks",
    "batch_sizes",
    "passes",
    "rounds",
    "image_size",
    "jit_compile",
)

# The largest ratios aimed at for modes that copy values.
_TARGETS = {"vgg16": 1.05, "mobilenetv2": 1.15}


def main(argv):
    """Time every mode on every network, then write and print ratios."""
    del argv
    import keras

    from keras_padpos import padding

    batch_sizes = _integers(_BATCH_SIZES)
    modes = _MODES.value
    if modes is None:
        modes = list(padding.names())
    _check_before_work(modes)
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    config = {
        **runs.resolved_flags(_SCIENCE),
        "modes": modes,
        "backend": keras.backend.backend(),
    }
    work = runs.open_work_directory(
        "benchmark_padding",
        config,
    )
    if not work.finished:
        runs.apply_common_flags()
        _measure(work, batch_sizes, modes, provenance)
    _report(work)


def _integers(flag):
    try:
        values = [int(value) for value in flag.value]
    except ValueError:
        values = [0]
    if not values or min(values) < 1:
        raise runs.InputError(
            f"--{flag.name} must be whole numbers from 1 with commas between "
            f"them. Received: {','.join(flag.value)}"
        )
    return values


def _check_before_work(modes):
    """Refuse what cannot work before anything is computed or written."""
    from keras_padpos import padding
    from tools.convolution_shape import convolution_shapes
    from tools.convolution_shape import network_names
    from tools.padding_contenders import PASSES

    for flag, values, known in (
        ("networks", _NETWORKS.value, network_names()),
        ("passes", _PASSES.value, PASSES),
    ):
        unknown = [value for value in values if value not in known]
        if unknown or not values:
            hint = did_you_mean("".join(unknown[:1]), known)
            raise runs.InputError(
                f"--{flag} must be among {', '.join(known)}. "
                f"Received: {', '.join(unknown) or 'none'}"
                f"{hint and f'.{hint}'}"
            )
    with naming("--modes"):
        chosen = [padding.get(mode) for mode in modes or [""]]
        for mode in chosen:
            mode.check_rank(2, "A picture")
    for network in _NETWORKS.value:
        for shape in convolution_shapes(network, _IMAGE_SIZE.value):
            for mode in chosen:
                mode.check_reach(
                    shape.size,
                    shape.pads,
                    f"{network} at --image_size={_IMAGE_SIZE.value}",
                )


def _measure(work, batch_sizes, modes, provenance):
    from tools.convolution_shape import convolution_shapes
    from tools.measure_padding import measure_padding
    from tools.padding_contenders import share_threads
    from tools.padding_contenders import torch_installed

    threads = share_threads()
    # PyTorch's layers would be float32 beside float16.
    compare_torch = torch_installed() and not flags.FLAGS.mixed_precision
    rows, arrays = [], {}
    units = [(n, b) for n in _NETWORKS.value for b in batch_sizes]
    with report.Progress(units=len(units)) as progress:
        for network, batch_size in units:
            label = f"{network}-batch{batch_size}"
            found = work.checkpoint(label)
            if found:
                progress.done_before(label)
            else:
                shapes = convolution_shapes(network, _IMAGE_SIZE.value)
                total = len(shapes) * len(_PASSES.value)
                with progress.unit(label, total, "timings") as advance:
                    found = work.save_checkpoint(
                        label,
                        *measure_padding(
                            network,
                            shapes,
                            batch_size,
                            modes,
                            passes=_PASSES.value,
                            rounds=_ROUNDS.value,
                            compare_torch=compare_torch,
                            seed=flags.FLAGS.seed,
                            jit_compile=_JIT_COMPILE.value,
                            advance=advance,
                        ),
                    )
            rows += found[0]
            arrays.update(found[1])
    work.save_arrays(arrays)
    _draw(work, rows, provenance.machine_line())
    work.write_results(rows, {**provenance.as_dict(), "threads": threads})


def _draw(work, rows, machine):
    from tools.padding_ratio_figure import padding_ratio_figure

    for network in dict.fromkeys(row["network"] for row in rows):
        mine = [row for row in rows if row["network"] == network]
        padding_ratio_figure(
            work.figure_path(f"padding_{network}"),
            mine,
            f"The {mine[0]['convolutions']} padding convolutions of "
            f"{network}\n{machine}",
            _TARGETS.get(network),
        )


def _report(work):
    results = work.load_results()
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
    threads = ", ".join(
        f"{name} {count}" for name, count in provenance["threads"].items()
    )
    print(
        "Ratios of a network's total times: over its convolutions that pad, "
        "medians of interleaved rounds.\n"
        f"{provenance['machine']['line']}; threads: {threads}; "
        f"{provenance['start']}, {provenance['wall_seconds']:.0f} s; "
        f"results in {work.path}"
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
