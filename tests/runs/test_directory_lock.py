import errno
import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest
from work_folder import contents
from work_folder import make
from work_folder import python

from keras_padpos import path_lock
from keras_padpos.path_lock import PathLock
from keras_padpos.runs import InputError

fcntl = pytest.importorskip("fcntl")

HOLD = """
import sys
from keras_padpos.runs import WorkDirectory
work = WorkDirectory(sys.argv[1], "probe", {"seed": 0})
work.save_checkpoint("a", [1])
print("ready", flush=True)
sys.stdin.read()
"""

# A binary, without Keras.
BINARY = """
import sys
from absl import flags
from keras_padpos import runs
runs.define_common_flags()
def main(argv):
    work = runs.open_work_directory("probe", {"seed": flags.FLAGS.seed})
    print("finished" if work.finished else "open")
runs.run(main, needs_keras=False)
"""


def binary(*flags):
    return python(BINARY, *flags)


@pytest.fixture
def holder(tmp_path):
    """Another process that works in `run`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_and_changes_nothing(tmp_path, holder):
    path = tmp_path / "run"
    before = contents(path)
    for flags in ((), ("--noresume",), ("--overwrite",)):
        done = binary(f"--workdir={path}", *flags)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert f"{str(path)!r} is in use by process {holder.pid} on " in line
        assert socket.gethostname() in line
        assert done.stdout == ""
    # By another name too.
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(InputError, match="link' is in use"):
        make(tmp_path / "link")
    assert contents(path) == before


@pytest.mark.parametrize("killed", [False, True])
def test_a_process_that_ends_frees_its_directory(tmp_path, holder, killed):
    path = tmp_path / "run"
    if killed:
        holder.send_signal(signal.SIGKILL)
    holder.communicate("")
    assert (path / ".lock").exists() == killed
    work = make(path)
    assert (path / ".lock").read_text().split()[0] == str(os.getpid())
    assert work.checkpoint("a") == ([1], {})


def test_a_process_may_open_its_directory_again(tmp_path):
    path = tmp_path / "run"
    first, second = make(path), make(path)
    del first
    assert binary(f"--workdir={path}").returncode == 1
    second.close()
    assert not (path / ".lock").exists()
    assert binary(f"--workdir={path}").returncode == 0
    # And once more: the lock of before is no longer held.
    again = make(path)
    assert binary(f"--workdir={path}").returncode == 1
    del again
    assert binary(f"--workdir={path}").returncode == 0


def test_a_directory_that_was_removed_is_locked_anew(tmp_path):
    path = tmp_path / "run"
    first = make(path)
    shutil.rmtree(path)
    second = make(path)
    del first
    assert (path / ".lock").exists()
    assert binary(f"--workdir={path}").returncode == 1
    second.close()


def test_a_finished_run_is_read_while_somebody_holds_it(tmp_path):
    make(tmp_path / "run").write_results([], {})
    with open(tmp_path / "run" / ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before = contents(tmp_path)
        done = binary(f"--workdir={tmp_path / 'run'}")
        assert (done.returncode, done.stdout) == (0, "finished\n"), done.stderr
        # It is not started anew under whoever is at work, known or not.
        with pytest.raises(InputError, match="in use by another process"):
            make(tmp_path / "run", overwrite=True)
        assert contents(tmp_path) == before


def test_a_finished_run_is_read_on_a_read_only_disk(tmp_path, monkeypatch):
    make(tmp_path / "run").write_results([], {})
    before = contents(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "open", None)
    work = make(tmp_path / "run")
    assert work.load_results()["rows"] == []
    assert contents(tmp_path) == before


FORK = """
import os
import subprocess
import sys
from keras_padpos import runs

path = sys.argv[1]
work = runs.WorkDirectory(path, "probe", {"seed": 0})
(told, tell), (wait, go) = os.pipe(), os.pipe()
child = os.fork()
if not child:
    os.close(go)
    try:
        runs.WorkDirectory(path, "probe", {"seed": 0})
        os.write(tell, b"opened it")
    except runs.InputError as error:
        os.write(tell, str(error).encode())
    os.read(wait, 1)  # Stay alive.
    sys.exit()  # With all that Python does at its end.
assert f"in use by process {os.getpid()} on" in os.read(told, 999).decode()
work.close()

OPEN = "import sys; from keras_padpos.runs import WorkDirectory as Work; "
OPEN += "Work(sys.argv[1], 'probe', {'seed': 0})"
def others_may():
    command = [sys.executable, "-c", OPEN, path]
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0

# The child lives, and the directory is free all the same.
assert others_may()
work = runs.WorkDirectory(path, "probe", {"seed": 0})
os.close(go)
os.waitpid(child, 0)
# The child's end freed nothing.
assert not others_may()
print("done")
"""


def test_a_forked_child_has_no_lock_and_keeps_none(tmp_path):
    done = python(FORK, tmp_path / "run")
    assert done.stdout == "done\n", done.stderr


def test_a_lock_file_that_is_removed_meanwhile_is_made_anew(
    tmp_path, monkeypatch
):
    flock = fcntl.flock
    calls = []

    def remove_first(descriptor, how):
        if not calls:
            (tmp_path / ".lock").unlink()
        calls.append(how)
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    lock = PathLock.take(tmp_path, "--workdir")
    assert len(calls) == 2
    assert (tmp_path / ".lock").stat().st_ino == os.fstat(
        lock.descriptor
    ).st_ino


def test_without_locks_a_run_works_and_is_warned(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.warns(UserWarning, match="cannot be locked"):
        make(tmp_path / "run").save_checkpoint("a", [])
    # Not a POSIX system.
    monkeypatch.setattr(path_lock, "fcntl", None)
    make(tmp_path / "run").save_checkpoint("a", [])
    assert not (tmp_path / "run" / ".lock").exists()
