"""The benchmark of prediction in tiles."""

import functools
import json

import numpy as np
import pytest
from run_tool import run_tool

from tools.measure_tiles import blended
from tools.measure_tiles import small_unet
from tools.measure_tiles import tiles_over_whole

benchmark = functools.partial(run_tool, "tools.benchmark", "tiles")


def test_blended_windows_are_a_mean():
    """Of windows that give their own first cell: by hand, on a line."""
    picture = np.arange(8.0).reshape(8, 1, 1).repeat(4, 1)

    def first(batch):
        return np.broadcast_to(batch[:, :1, :1], batch.shape)

    result = blended(first, picture, 4)
    # Windows start at 0, 2 and 4.
    np.testing.assert_array_equal(result[:, 0, 0], [0, 0, 1, 1, 3, 3, 4, 4])


def test_tiles_are_timed_beside_the_whole():
    row = tiles_over_whole(small_unet(2, 1), 64, 48, rounds=1)
    assert row["tiles_most"] < 1e-5 < row["blended_mean"] < row["blended_most"]
    assert row["computed"] == (2 * row["window"] / 64) ** 2
    assert row["ratio"] == pytest.approx(
        row["tiles_seconds"] / row["whole_seconds"] / row["computed"]
    )


@pytest.mark.large
def test_binary_leaves_rows_and_prints_the_target(tmp_path):
    flags = (
        f"--workdir={tmp_path / 'work'}",
        *("--filters=2", "--steps=1", "--size=96", "--tile=64"),
        *("--rounds=1", "--memory_sizes=128"),
    )
    done = benchmark(*flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    time, memory = json.loads((tmp_path / "work" / "results.json").read_text())[
        "rows"
    ]
    assert time["tiles_most"] < 1e-5
    assert 50 < memory["peak_mib"] < 20_000
    assert "Target: at most 1.05." in done.stdout
