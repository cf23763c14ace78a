"""State of a unit of work under way."""

import numpy as np
import pytest

from keras_padpos.runs import RollingCheckpoint
from keras_padpos.runs import WorkDirectory


@pytest.fixture
def work(tmp_path):
    return WorkDirectory(tmp_path / "work", "count", {})


def save(rolling, *numbers):
    for number in numbers:
        rolling.save({"images": number}, {"sum": np.full(3, float(number))})


def files(work):
    return sorted((work.path / "checkpoints").glob("*"))


def test_the_newest_is_gone_on_with_and_two_are_kept(work):
    for count in (1, 2, 3, 4, 5):
        rolling = RollingCheckpoint(work, "unit")
        if count == 1:
            assert rolling.load() is None
        else:
            row, arrays = rolling.load()
            assert row == {"images": count - 1}
            assert arrays["sum"].tolist() == [count - 1.0] * 3
        save(rolling, count)
        assert len(files(work)) == 2 * min(count, 2)


@pytest.mark.parametrize("ending", ["npz", "json"])
def test_a_damaged_one_is_left_for_the_one_before(work, ending):
    rolling = RollingCheckpoint(work, "unit")
    save(rolling, 1, 2, 3)
    newest = max(
        (file for file in files(work) if file.suffix == f".{ending}"),
        key=lambda file: file.stat().st_mtime_ns,
    )
    newest.write_bytes(newest.read_bytes()[:-20])
    again = RollingCheckpoint(work, "unit")
    with pytest.warns(UserWarning, match="damaged"):
        row, arrays = again.load()
    assert row == {"images": 2}
    assert arrays["sum"].tolist() == [2.0] * 3
    save(again, 7)
    assert RollingCheckpoint(work, "unit").load()[0] == {"images": 7}


@pytest.mark.parametrize(
    ("seconds", "takes", "times", "expected"),
    [
        (10, 0, (1, 9, 10, 12, 19, 21), [10, 21]),
        # What takes long to save is saved rarely: twenty times 5 s after 7.
        (1, 5, (2, 50, 100, 106, 108), [7, 113]),
    ],
)
def test_time_decides_whether_an_offer_is_taken(
    work, monkeypatch, seconds, takes, times, expected
):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    rolling = RollingCheckpoint(work, "unit", seconds=seconds)
    saved = []

    def state():
        now[0] += takes
        saved.append(now[0])
        return {}, {}

    for now[0] in times:
        rolling.offer(state)
    assert saved == expected


def test_nothing_is_left_of_a_finished_unit(work):
    rolling = RollingCheckpoint(work, "unit")
    save(rolling, 1, 2)
    work.save_checkpoint("unit", [{"done": True}])
    rolling.remove()
    assert len(files(work)) == 1
    assert RollingCheckpoint(work, "unit").load() is None
    assert work.checkpoint("unit") == ([{"done": True}], {})


def test_going_on_in_the_middle_counts_as_resumed(work):
    save(RollingCheckpoint(work, "unit"), 1, 2)
    again = WorkDirectory(work.path, "count", {})
    rolling = RollingCheckpoint(again, "unit")
    assert rolling.load() is not None
    again.save_checkpoint("unit", [])
    rolling.remove()
    again.write_results([], {})
    assert again.load_results()["provenance"]["resumed_units"] == 1


def test_curves_are_the_same_after_a_resumption(work):
    before = RollingCheckpoint(work, "unit", seconds=0)
    before.log(step=10, loss=0.5)
    before.log(step=20, loss=float("nan"))
    before.save({}, {})
    after = RollingCheckpoint(work, "unit")
    after.load()
    for rolling in (before, after):
        curves = rolling.curves()
        assert {each.dtype for each in curves.values()} == {np.dtype(float)}
        np.testing.assert_array_equal(curves["step"], [10, 20])
        np.testing.assert_array_equal(curves["loss"], [0.5, np.nan])
