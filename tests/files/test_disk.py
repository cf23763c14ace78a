import contextlib
import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from work_folder import contents

from keras_padpos.errors import InputError
from keras_padpos.files import atomic_file
from keras_padpos.files import atomic_path
from keras_padpos.files.disk import json_bytes
from keras_padpos.files.disk import open_arrays
from keras_padpos.files.disk import strict_json
from keras_padpos.files.disk import write_arrays


def write(folder, text):
    folder.mkdir()
    (folder / "note.txt").write_text(text)


@contextlib.contextmanager
def atomic_text(path):
    """`atomic_path` for a file, used as `atomic_file` is."""
    with atomic_path(path) as hidden:
        assert not hidden.exists()
        folder = Path(os.path.realpath(path)).parent
        assert (hidden.parent, hidden.suffix) == (folder, path.suffix)
        with open(hidden, "wb") as file:
            yield file


@pytest.mark.parametrize("open_atomic", [atomic_file, atomic_text])
def test_a_complete_file_replaces_the_old_one(tmp_path, open_atomic):
    path = tmp_path / "model.keras"
    path.write_text("old")
    with open_atomic(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert contents(tmp_path) == {"model.keras": b"new"}
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("open_atomic", [atomic_file, atomic_text])
@pytest.mark.parametrize("step", ["fsync", "replace", "block"])
def test_a_failure_keeps_the_old_file(tmp_path, monkeypatch, open_atomic, step):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.txt"
    path.write_text("old")
    if step != "block":
        monkeypatch.setattr(os, step, full)
    error = KeyboardInterrupt if step == "block" else OSError
    with pytest.raises(error) as raised:
        with open_atomic(path) as file:
            file.write(b"half")
            if step == "block":
                raise KeyboardInterrupt
    if error is OSError:
        assert "No space left on device: " in str(raised.value)
        assert raised.value.filename == str(path)
    assert contents(tmp_path) == {"a.txt": b"old"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("replace", [False, True])
def test_a_failure_keeps_the_old_folder(tmp_path, error, replace):
    write(tmp_path / "saved", "old")
    before = contents(tmp_path)
    with pytest.raises(error):
        with atomic_path(tmp_path / "saved", replace_folder=replace) as hidden:
            write(hidden, "new")
            raise error
    assert contents(tmp_path) == before


@pytest.mark.parametrize("there", [None, "empty", "full"])
def test_a_folder_takes_its_name_when_it_is_complete(
    tmp_path, monkeypatch, there
):
    path = tmp_path / "saved"
    if there == "empty":
        path.mkdir()
    elif there == "full":
        write(path, "old")
        before = contents(tmp_path)
        with pytest.raises(OSError):
            with atomic_path(path) as hidden:
                write(hidden, "new")
        assert contents(tmp_path) == before
        # The old folder comes back if the new one cannot be renamed.
        replace = os.replace

        def refuse_new(source, target):
            if target == path and not source.name.endswith(".old"):
                raise OSError("no")
            replace(source, target)

        with monkeypatch.context() as patch, pytest.raises(OSError, match="no"):
            patch.setattr(os, "replace", refuse_new)
            with atomic_path(path, replace_folder=True) as hidden:
                write(hidden, "new")
        assert contents(tmp_path) == before
    with atomic_path(path, replace_folder=there == "full") as hidden:
        assert hidden.parent == tmp_path
        assert not hidden.exists()
        write(hidden, "new")
        assert there == "full" or not (path / "note.txt").exists()
    assert contents(tmp_path) == {"saved": False, "saved/note.txt": b"new"}


def test_values_become_plain():
    value = {
        "a": np.float32(0.5),
        "b": (np.int64(3), np.bool_(True), None),
        "c": np.array([[1.0, np.nan]]),
        "d": Path("x"),
        7: np.array(2),
        "e": [0.1, np.inf, -np.inf, np.float32("inf")],
    }
    plain = strict_json(value)
    assert plain == {
        "a": 0.5,
        "b": [3, True, None],
        "c": [[1.0, None]],
        "d": "x",
        "7": 2,
        "e": [0.1, None, None, None],
    }
    json.dumps(plain, allow_nan=False)


@pytest.mark.parametrize("value", [{1, 2}, object(), {(1, 2): 3}, {True: 1}])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError, match="`value` must .* Received: "):
        strict_json(value)


@pytest.mark.parametrize("open_atomic", [atomic_file, atomic_text])
def test_a_link_is_followed(tmp_path, open_atomic):
    (tmp_path / "folder").mkdir()
    link, path = tmp_path / "link.keras", tmp_path / "folder" / "model.keras"
    link.symlink_to("folder/model.keras")
    for text in (b"first", b"second"):
        with open_atomic(link) as file:
            file.write(text)
        assert link.is_symlink()
        assert path.read_bytes() == text


@pytest.mark.parametrize("open_atomic", [atomic_file, atomic_text])
def test_what_is_no_file_is_not_replaced(tmp_path, open_atomic):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        with pytest.raises(InputError, match=f"{name}' is no regular file"):
            with open_atomic(tmp_path / name):
                pass
    assert (tmp_path / "pipe").is_fifo()
    assert len([*tmp_path.iterdir()]) == 2


@pytest.mark.parametrize(
    "name", ["caf\u00e9", "\U0001f600", os.fsdecode(b"caf\xe9"), "a\nb"]
)
def test_any_name_comes_back_from_json(name):
    content = json_bytes({name: [name, 0.1]})
    assert json.loads(content) == {name: [name, 0.1]}
    assert json.loads(content.decode("utf-8")) == {name: [name, 0.1]}


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-100] + b"\xff" * 50 + content[-50:],
        lambda content: b"",
        lambda content: b"\x80\x04]" + content,
        lambda content: content.replace(b"'<f8'", b"'<f9'"),
        lambda content: content.replace(b"(1000,)", b"(9999,)"),
    ],
)
def test_damaged_arrays_are_one_line(tmp_path, damage):
    path = tmp_path / "arrays.npz"
    with atomic_file(path) as file:
        write_arrays(file, {"x": np.ones(1000)})
    content = path.read_bytes()
    path.write_bytes(damage(content))
    assert path.read_bytes() != content
    with pytest.raises(InputError) as error:
        with open_arrays(path) as arrays:
            arrays["x"]
    assert str(error.value) == "arrays.npz is no file of arrays, or damaged"
