"""Exact tiles against the whole picture, and against blended windows.

Times: a small U-Net on a picture as a whole, in exact tiles, and as the mean
of windows of the same size that overlap by half. Memory: the peak of
`predict_tiles` on memory-mapped pictures, one process for each size.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

from keras_padpos import report
from keras_padpos.runs.flags import Flag
from tools.benchmark_program import Benchmark
from tools.benchmark_program import memory_counts
from tools.benchmark_program import memory_flag

_FLAGS = {
    "filters": Flag(16, "Filters of the U-Net at the picture's size.", least=1),
    "steps": Flag(3, "How often it halves the map.", least=1),
    "size": Flag(1024, "Height and width of the timed picture.", least=64),
    "tile": Flag(512, "Largest window, in pixels.", least=32),
    "rounds": Flag(5, "Rounds of the timing.", least=1),
    "memory_sizes": memory_flag(
        ["1024", "4096"], "Heights and widths of the pictures"
    ),
}
# What is aimed at.
_TARGET = 1.05
_ROWS = 256  # of a picture, that are drawn at once


def _prepare(settings):
    return memory_counts(settings, "memory_sizes", 64)


def _measure(settings, sizes, work):
    from tools.measure_tiles import small_unet
    from tools.measure_tiles import tiles_over_whole

    network = small_unet(settings.filters, settings.steps)
    size, tile = settings.size, settings.tile
    with report.Progress(units=1 + len(sizes)) as progress:
        with progress.unit("times"):
            times = tiles_over_whole(network, size, tile, settings.rounds)
            yield {"what": "time", "size": size, **times}
        for size in sizes:
            with progress.unit(f"memory at {size}"):
                yield _memory(network, size, tile)


def _memory(network, size, tile):
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
                f"--tile={tile}",
            ],
        )
        return {
            "what": "memory",
            "size": size,
            "seconds": time.perf_counter() - started,
            "peak_mib": mib,
        }


def _show(results):
    (row,) = (row for row in results["rows"] if row["what"] == "time")
    print(
        f"Picture of {row['size']} pixels a side, windows of {row['window']}, "
        f"halo {row['halo']}: {row['computed']:.2f} times the picture is "
        "computed."
    )
    rounds = results["config"]["rounds"]
    report.print_table(
        f"Medians of {rounds} interleaved rounds; difference from the "
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


BENCHMARK = Benchmark(
    name="tiles",
    about=__doc__,
    flags=_FLAGS,
    prepare=_prepare,
    measure=_measure,
    show=_show,
)
