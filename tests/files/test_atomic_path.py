import os

import pytest

from keras_padpos.files import disk as atomic_path


def contents(folder):
    return {
        str(path.relative_to(folder)): path.is_file() and path.read_text()
        for path in folder.rglob("*")
    }


def write(folder, text):
    folder.mkdir()
    (folder / "note.txt").write_text(text)


def test_a_folder_takes_its_name_when_it_is_complete(tmp_path):
    with atomic_path(tmp_path / "saved") as hidden:
        assert hidden.parent == tmp_path
        assert not hidden.exists()
        write(hidden, "new")
        assert not (tmp_path / "saved").exists()
    assert contents(tmp_path) == {"saved": False, "saved/note.txt": "new"}


def test_a_file_keeps_its_ending_and_replaces_a_file(tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("old")
    with atomic_path(path) as hidden:
        assert hidden.suffix == ".keras"
        hidden.write_text("new")
        assert path.read_text() == "old"
    assert contents(tmp_path) == {"model.keras": "new"}


def test_an_empty_folder_is_replaced(tmp_path):
    (tmp_path / "saved").mkdir()
    with atomic_path(tmp_path / "saved") as hidden:
        write(hidden, "new")
    assert contents(tmp_path) == {"saved": False, "saved/note.txt": "new"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("replace", [False, True])
def test_what_fails_leaves_everything_as_it_was(tmp_path, error, replace):
    write(tmp_path / "saved", "old")
    before = contents(tmp_path)
    with pytest.raises(error):
        with atomic_path(tmp_path / "saved", replace_folder=replace) as hidden:
            write(hidden, "new")
            raise error
    with pytest.raises(error):
        with atomic_path(tmp_path / "other.txt") as hidden:
            hidden.write_text("new")
            raise error
    assert contents(tmp_path) == before


def test_a_folder_with_something_in_it_is_replaced_only_on_request(tmp_path):
    write(tmp_path / "saved", "old")
    with pytest.raises(OSError):
        with atomic_path(tmp_path / "saved") as hidden:
            write(hidden, "new")
    assert contents(tmp_path) == {"saved": False, "saved/note.txt": "old"}
    with atomic_path(tmp_path / "saved", replace_folder=True) as hidden:
        write(hidden, "new")
    assert contents(tmp_path) == {"saved": False, "saved/note.txt": "new"}


def test_the_old_folder_comes_back_where_the_new_one_cannot_go(
    tmp_path, monkeypatch
):
    write(tmp_path / "saved", "old")
    replace = os.replace

    def refuses_once(source, target):
        if target == tmp_path / "saved" and not source.name.endswith(".old"):
            raise OSError("no")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuses_once)
    with pytest.raises(OSError, match="no"):
        with atomic_path(tmp_path / "saved", replace_folder=True) as hidden:
            write(hidden, "new")
    assert contents(tmp_path) == {"saved": False, "saved/note.txt": "old"}
