"""Exact tiles against the whole picture, and against blended windows.

Times: a small U-Net on a picture as a whole, in exact tiles, and as the mean
of windows of the same size that overlap by half. Memory: the peak of
`predict_tiles` on memory-mapped pictures, one process for each size.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from absl import flags

from keras_padpos import report
from keras_padpos import runs

_FILTERS = flags.DEFINE_integer(
    "filters", 16, "Filters of the U-Net at the picture's size.", lower_bound=1
)
_STEPS = flags.DEFINE_integer(
    "steps", 3, "How often it halves the map.", lower_bound=1
)
_SIZE = flags.DEFINE_integer(
    "size", 1024, "Height and width of the timed picture.", lower_bound=64
)
_TILE = flags.DEFINE_integer(
    "tile", 512, "Largest window, in pixels.", lower_bound=32
)
_ROUNDS = flags.DEFINE_integer(
    "rounds", 5, "Rounds of the timing.", lower_bound=1
)
_MEMORY_SIZES = flags.DEFINE_list(
    "memory_sizes",
    ["1024", "4096"],
    "Heights and widths of the pictures whose memory to compare; none: leave "
    "it out.",
)
runs.define_common_flags()

_SCIENCE = ("filters", "steps", "size", "tile", "rounds", "memory_sizes")
# What is aimed at.
_TARGET = 1.05
_ROWS = 256  # of a picture, that are drawn at once


def main(argv):
    """Time and weigh everything, then write and print it."""
    del argv
    import keras

    from tools.measure_tiles import small_unet
    from tools.measure_tiles import tiles_over_whole

    sizes = (
        []
        if _MEMORY_SIZES.value == ["none"]
        else runs.Flag([], "", type=int, least=64).value(
            "memory_sizes", _MEMORY_SIZES.value
        )
    )
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    work = runs.open_work_directory(
        "benchmark_tiles",
        {
            **runs.resolved_flags(_SCIENCE),
            "backend": keras.backend.backend(),
        },
    )
    if not work.finished:
        runs.apply_common_flags()
        network = small_unet(_FILTERS.value, _STEPS.value)
        with report.Progress(units=1 + len(sizes)) as progress:
            with progress.unit("times"):
                rows = [
                    {
                        "what": "time",
                        "size": _SIZE.value,
                        **tiles_over_whole(
                            network, _SIZE.value, _TILE.value, _ROUNDS.value
                        ),
                    }
                ]
            for size in sizes:
                with progress.unit(f"memory at {size}"):
                    rows.append(_memory(network, size))
        work.write_results(rows, provenance.as_dict())
    _report(work)


def _memory(network, size):
    """The peak of a run on one picture, which is on disk."""
    from tools.peak_memory import peak_memory

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        model, pictures = Path(folder) / "net.keras", Path(folder) / "in"
        network.save(model)
        pictures.mkdir()
        picture = np.lib.format.open_memmap(
            pictures / "noise.npy",
            mode="w+",
            dtype=np.uint8,
            shape=(size, size, 3),
        )
        for start in range(0, size, _ROWS):
            part = picture[start : start + _ROWS]
            part[...] = rng.integers(0, 256, part.shape, np.uint8)
        picture.flush()
        del picture, part
        started = time.perf_counter()
        mib = peak_memory(
            "tools.predict_tiles",
            [
                f"--model={model}",
                f"--images={pictures}",
                f"--out={folder}/out",
                f"--tile={_TILE.value}",
            ],
        )
        return {
            "what": "memory",
            "size": size,
            "seconds": time.perf_counter() - started,
            "peak_mib": mib,
        }


def _report(work):
    results = work.load_results()
    provenance = results["provenance"]
    (row,) = (row for row in results["rows"] if row["what"] == "time")
    print(
        f"Picture of {row['size']} pixels a side, windows of {row['window']}, "
        f"halo {row['halo']}: {row['computed']:.2f} times the picture is "
        "computed."
    )
    report.print_table(
        f"Medians of {_ROUNDS.value} interleaved rounds; difference from the "
        "whole, over its standard deviation",
        ["prediction", "seconds", "largest difference", "mean difference"],
        [
            {
                "prediction": name,
                "seconds": row[f"{key}_seconds"],
                "largest difference": row.get(f"{key}_most"),
                "mean difference": row.get(f"{key}_mean"),
            }
            for name, key in (
                ("whole", "whole"),
                ("exact tiles", "tiles"),
                ("the same windows alone", "windows"),
                ("blended windows, overlap 50 %", "blended"),
            )
        ],
        [
            f"Exact tiles over whole x {row['computed']:.2f}: "
            f"{row['ratio']:.2f}; over the windows alone: "
            f"{row['over_windows']:.2f}. Target: at most {_TARGET}."
        ],
    )
    for row in results["rows"]:
        if row["what"] == "memory":
            print(
                f"Peak memory of predict_tiles, {row['size']}x{row['size']}: "
                f"{row['peak_mib']:.0f} MiB, {row['seconds']:.0f} s."
            )
    print(
        f"{provenance['machine']['line']}; {provenance['start']}, "
        f"{provenance['wall_seconds']:.0f} s; results in {work.path}"
    )
