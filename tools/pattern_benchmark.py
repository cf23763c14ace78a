"""The measurement of padding's pattern against bare forward passes.

Two comparisons: the time of the whole measurement at all stages against that
of the two forward passes it cannot do without, the network's on the crop and
its reference's on the larger picture; and the memory that few and many crops
take.
"""

from keras_padpos import report
from keras_padpos.runs.flags import Flag
from keras_padpos.studies import networks
from tools.benchmark_program import Benchmark
from tools.benchmark_program import memory_counts
from tools.benchmark_program import memory_flag
from tools.benchmark_program import run_memory

_FLAGS = {
    "backbone": Flag(
        ["vgg16"],
        "Networks to measure: vgg16, vgg19, resnet18, resnet50, resnet152, "
        "mobilenet, densenet121.",
    ),
    "padding_mode": networks.one_padding_flag("Padding of the networks."),
    "crop": Flag(224, "Height and width of the crops, in pixels.", least=1),
    "batch_size": Flag(
        8, "Crops that go through the networks at once.", least=1
    ),
    "crops": Flag(16, "Crops of each round of the timing.", least=1),
    "rounds": Flag(5, "Rounds of the timing.", least=1),
    "memory_crops": memory_flag(["48", "480"], "Numbers of crops"),
}
# What is aimed at.
_TARGET = 1.2


def _prepare(settings):
    from keras_padpos import models

    for backbone in settings.backbone:
        models.check_weights(backbone, "random")
    return memory_counts(settings, "memory_crops", 2)


def _measure(settings, counts, work):
    with report.Progress(units=len(settings.backbone)) as progress:
        for backbone in settings.backbone:
            with progress.unit(backbone):
                yield _time(settings, backbone)
                for count in counts:
                    yield _memory(settings, backbone, count)


def _time(settings, backbone):
    from keras_padpos import models
    from tools.measure_pattern import pattern_over_forward

    network = models.backbone(
        backbone,
        "random",
        settings.padding_mode,
        input_shape=(None, None, 3),
        seed=settings.seed,
    )
    return {
        "what": "time",
        "network": backbone,
        "padding_mode": settings.padding_mode,
        "crop": settings.crop,
        "crops": settings.crops,
        "rounds": settings.rounds,
        **pattern_over_forward(
            network,
            settings.crop,
            crops=settings.crops,
            batch_size=settings.batch_size,
            rounds=settings.rounds,
        ),
    }


def _memory(settings, backbone, count):
    mib = run_memory(
        "padding_pattern",
        [
            f"--backbone={backbone}",
            "--weights=random",
            f"--padding_mode={settings.padding_mode}",
            "--images=noise",
            f"--crop={settings.crop}",
            f"--max_images={count}",
            f"--batch_size={settings.batch_size}",
            # So that short runs write checkpoints too.
            "--checkpoint_seconds=0",
        ],
    )
    return {
        "what": "memory",
        "network": backbone,
        "crops": count,
        "peak_mib": mib,
    }


def _show(results):
    timed = [row for row in results["rows"] if row["what"] == "time"]
    row = timed[0]
    report.print_table(
        f"Pattern of {row['padding_mode']} padding at all stages, "
        f"{row['crops']} crops of {row['crop']}x{row['crop']}: medians of "
        f"{row['rounds']} interleaved rounds",
        [
            "network",
            ("pictures", "pictures of"),
            ("forward_seconds", "two forward passes, s"),
            ("pattern_seconds", "measurement, s"),
            ("ratio", "ratio"),
        ],
        timed,
        [f"Target: at most {_TARGET}."],
    )
    for row in results["rows"]:
        if row["what"] == "memory":
            print(
                f"Peak memory of padding_pattern, {row['network']}, "
                f"{row['crops']} crops: {row['peak_mib']:.0f} MiB."
            )


BENCHMARK = Benchmark(
    name="pattern",
    about=__doc__,
    flags=_FLAGS,
    prepare=_prepare,
    measure=_measure,
    show=_show,
)
