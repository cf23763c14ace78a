"""The output on disk of a prediction that may be killed."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest
from work_folder import no_file_larger_than

from keras_padpos.errors import InputError
from keras_padpos.tiling.progress_file import ProgressFile


def progress_file(path, shape=(4, 3), windows=2):
    return ProgressFile(path, shape, "float32", {"model": "a"}, windows)


def saved(path):
    """A file of which one window is done."""
    file = progress_file(path)
    file.array[:2] = 1
    file.save(1, now=True)
    return file


def names(folder):
    return {file.name for file in folder.iterdir()}


def test_files_of_others_stay(tmp_path):
    others = ("y.npy.json", "y.npy.part", "y.json")
    for name in others:
        (tmp_path / name).write_text("of another")
    file = saved(tmp_path / "y.npy")
    file.array[2:] = 2
    np.testing.assert_array_equal(file.finish()[:, 0], [1, 1, 2, 2])
    assert names(tmp_path) == {"y.npy", *others}
    assert all((tmp_path / name).read_text() == "of another" for name in others)


@pytest.mark.parametrize(
    "damage",
    [
        lambda part, state: state.write_text(state.read_text()[:-5]),
        lambda part, state: state.write_text("[]"),
        lambda part, state: part.write_bytes(part.read_bytes()[:-1]),
        lambda part, state: part.write_text("no array"),
        lambda part, state: part.unlink(),
    ],
)
def test_what_is_damaged_begins_anew(tmp_path, damage):
    saved(tmp_path / "y.npy")
    damage(tmp_path / ".y.npy.part", tmp_path / ".y.npy.progress")
    file = progress_file(tmp_path / "y.npy")
    assert file.done == 0 and not file.array.any()


def test_windows_of_a_new_beginning_are_not_mixed_with_old_ones(tmp_path):
    saved(tmp_path / "y.npy")
    assert progress_file(tmp_path / "y.npy", windows=3).done == 0
    # It was killed before it saved.
    assert progress_file(tmp_path / "y.npy").done == 0


def test_a_file_that_appears_meanwhile_is_kept(tmp_path):
    path = tmp_path / "y.npy"
    file = saved(path)
    path.write_text("of another")
    with pytest.raises(InputError, match="made by another program"):
        file.finish()
    assert path.read_text() == "of another"
    path.unlink()
    again = progress_file(path)
    assert again.done == 1
    again.finish()
    assert names(tmp_path) == {"y.npy"}


HOLD = """
import sys
from keras_padpos.tiling.progress_file import ProgressFile
file = ProgressFile(sys.argv[1], (4, 3), "float32", {"model": "a"}, 2)
file.array[:2] = 1
file.save(1, now=True)
print("ready", flush=True)
sys.stdin.read()
"""


def test_two_processes_do_not_write_to_one_file(tmp_path):
    pytest.importorskip("fcntl")
    path = tmp_path / "y.npy"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout.readline() == "ready\n"
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    message = f"'{path}' is in use by process {other.pid} on .* another `out`"
    with pytest.raises(InputError, match=message):
        progress_file(path)
    assert before == {
        name: (tmp_path / name).read_bytes() for name in names(tmp_path)
    }
    other.kill()
    other.communicate()
    file = progress_file(path)
    assert file.done == 1
    file.finish()
    assert names(tmp_path) == {"y.npy"}


def test_a_file_that_is_given_up_is_free(tmp_path):
    file = saved(tmp_path / "y.npy")
    file.close()
    assert names(tmp_path) == {".y.npy.part", ".y.npy.progress"}


def test_a_full_disk_is_one_error_with_the_path(tmp_path, monkeypatch):
    def full(descriptor, start, size):
        assert size > 4 * 3 * 4
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "y.npy"
    with no_file_larger_than(100), pytest.raises(OSError) as error:
        progress_file(path, (1000, 1000))
    assert (error.value.errno, error.value.filename) == (errno.EFBIG, str(path))
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError) as error:
        progress_file(path)
    assert error.value.errno == errno.ENOSPC
    assert error.value.filename == str(path)
    assert not names(tmp_path)


def test_room_is_taken_before_anything_is_written(tmp_path):
    progress_file(tmp_path / "y.npy", (1000, 1000))
    stat = (tmp_path / ".y.npy.part").stat()
    assert stat.st_blocks * 512 >= stat.st_size > 4e6


def test_a_disk_that_is_full_later_keeps_what_was_saved(tmp_path):
    file = saved(tmp_path / "y.npy")
    with no_file_larger_than(10), pytest.raises(OSError) as error:
        file.save(2, now=True)
    assert error.value.filename == str(tmp_path / "y.npy")
    file.close()
    assert names(tmp_path) == {".y.npy.part", ".y.npy.progress"}
    assert progress_file(tmp_path / "y.npy").done == 1
