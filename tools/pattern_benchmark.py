"""The measurement of padding's pattern against bare forward passes.

Two comparisons: the time of the whole measurement at all stages against that
of the two forward passes it cannot do without, the network's on the crop and
its reference's on the larger picture; and the memory that few and many crops
take.
"""

import tempfile

from absl import flags

from keras_padpos import report
from keras_padpos import runs
from keras_padpos.studies import networks

_BACKBONE = flags.DEFINE_list(
    "backbone",
    ["vgg16"],
    "Networks to measure: vgg16, vgg19, resnet18, resnet50, resnet152, "
    "mobilenet, densenet121.",
)
_PADDING_MODE = flags.DEFINE_string(
    "padding_mode", "zeros", "Padding of the networks."
)
_CROP = flags.DEFINE_integer(
    "crop", 224, "Height and width of the crops, in pixels.", lower_bound=1
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size",
    8,
    "Crops that go through the networks at once.",
    lower_bound=1,
)
_CROPS = flags.DEFINE_integer(
    "crops", 16, "Crops of each round of the timing.", lower_bound=1
)
_ROUNDS = flags.DEFINE_integer(
    "rounds", 5, "Rounds of the timing.", lower_bound=1
)
_MEMORY_CROPS = flags.DEFINE_list(
    "memory_crops",
    ["48", "480"],
    "Numbers of crops whose memory to compare; none: leave it out.",
)
runs.define_common_flags()

_SCIENCE = (
    "backbone",
    "padding_mode",
    "crop",
    "batch_size",
    "crops",
    "rounds",
    "memory_crops",
)

# What is aimed at.
_TARGET = 1.2


def main(argv):
    """Time and weigh everything, then write and print it."""
    del argv
    import keras

    from keras_padpos import models

    counts = (
        []
        if _MEMORY_CROPS.value == ["none"]
        else runs.Flag([], "", type=int, least=2).value(
            "memory_crops", _MEMORY_CROPS.value
        )
    )
    networks.check_padding_mode(_PADDING_MODE.value)
    for backbone in _BACKBONE.value:
        models.check_weights(backbone, "random")
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    work = runs.open_work_directory(
        "benchmark_pattern",
        {
            **runs.resolved_flags(_SCIENCE),
            "backend": keras.backend.backend(),
        },
    )
    if not work.finished:
        runs.apply_common_flags()
        rows = []
        with report.Progress(units=len(_BACKBONE.value)) as progress:
            for backbone in _BACKBONE.value:
                with progress.unit(backbone):
                    rows.append(_time(backbone))
                    rows += _memory(backbone, counts)
        work.write_results(rows, provenance.as_dict())
    _report(work)


def _time(backbone):
    from keras_padpos import models
    from tools.measure_pattern import pattern_over_forward

    network = models.backbone(
        backbone,
        "random",
        _PADDING_MODE.value,
        input_shape=(None, None, 3),
        seed=flags.FLAGS.seed,
    )
    return {
        "what": "time",
        "network": backbone,
        "padding_mode": _PADDING_MODE.value,
        "crop": _CROP.value,
        "crops": _CROPS.value,
        "rounds": _ROUNDS.value,
        **pattern_over_forward(
            network,
            _CROP.value,
            crops=_CROPS.value,
            batch_size=_BATCH_SIZE.value,
            rounds=_ROUNDS.value,
        ),
    }


def _memory(backbone, counts):
    from tools.peak_memory import peak_memory

    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            mib = peak_memory(
                "experiments.padding_pattern",
                [
                    f"--workdir={folder}/run",
                    f"--backbone={backbone}",
                    "--weights=random",
                    f"--padding_mode={_PADDING_MODE.value}",
                    "--images=noise",
                    f"--crop={_CROP.value}",
                    f"--max_images={count}",
                    f"--batch_size={_BATCH_SIZE.value}",
                    # So that short runs write checkpoints too.
                    "--checkpoint_seconds=0",
                ],
            )
        yield {
            "what": "memory",
            "network": backbone,
            "crops": count,
            "peak_mib": mib,
        }


def _report(work):
    results = work.load_results()
    provenance = results["provenance"]
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
    print(
        f"{provenance['machine']['line']}; {provenance['start']}, "
        f"{provenance['wall_seconds']:.0f} s; results in {work.path}"
    )
